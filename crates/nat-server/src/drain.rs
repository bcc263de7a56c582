//! The drain, as requests see it: from its beginning on, none of them is begun.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Whether the server has been told to stop, and a wait for it.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    begun: AtomicBool,
    beginning: Notify,
}

impl Drain {
    /// Ends every wait of [`Drain::unless_begun`], now and later.
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
        self.beginning.notify_waiters();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::SeqCst)
    }

    /// The output of `future`, or `None` if the drain begins before it is ready; `future` is not polled any more then.
    pub(crate) fn unless_begun<F: Future>(&self, future: F) -> UnlessBegun<'_, F> {
        UnlessBegun { future, beginning: None, drain: self }
    }
}

pin_project! {
    /// See [`Drain::unless_begun`]. Not an `async` block, which would hold `future` twice: every request waits in here.
    pub(crate) struct UnlessBegun<'a, F> {
        #[pin]
        future: F,
        // What is ready at once waits for nothing.
        beginning: Option<Pin<Box<Notified<'a>>>>,
        drain: &'a Drain,
    }
}

impl<F: Future> Future for UnlessBegun<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.beginning.is_none() && this.drain.has_begun() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Some(output));
        }
        let beginning = match this.beginning {
            Some(beginning) => beginning,
            None => {
                // It hears of every notification after its creation: so the flag is looked at once more.
                let beginning = this.beginning.insert(Box::pin(this.drain.beginning.notified()));
                if this.drain.has_begun() {
                    return Poll::Ready(None);
                }
                beginning
            }
        };
        beginning.as_mut().poll(cx).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn a_wait_ends_when_the_drain_begins() {
        let drain = Drain::default();
        assert_eq!(drain.unless_begun(ready(1)).await, Some(1));
        let mut waiting = Box::pin(drain.unless_begun(pending::<()>()));
        assert_eq!((&mut waiting).now_or_never(), None);
        let mut unpolled = Box::pin(drain.unless_begun(pending::<()>()));
        drain.begin();
        assert_eq!((waiting.await, (&mut unpolled).await), (None, None));
        assert_eq!(drain.unless_begun(ready(1)).await, None);
    }
}
