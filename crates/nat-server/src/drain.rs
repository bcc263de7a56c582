//! The drain, as requests see it: from its beginning on, none of them is begun.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

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

    /// The output of `future`, or `None` if the drain begins before it is ready; `future` is dropped then.
    pub(crate) async fn unless_begun<F: Future>(&self, future: F) -> Option<F::Output> {
        // A `Notified` hears of every notification after its creation, polled or not: so the flag comes second.
        let beginning = self.beginning.notified();
        if self.has_begun() {
            return None;
        }
        tokio::select! {
            biased;
            output = future => Some(output),
            () = beginning => None,
        }
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
