//! A call that outlives the client who asked for it.
//!
//! A client that goes away drops the connection and with it the future that answers. What a function
//! has begun is not to be torn apart half-way by that, so the call is polled in place as long as
//! somebody waits for it, and handed to a task of its own when nobody does any more. The usual request
//! pays one allocation for it and no task.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where calls go whose client has left.
#[derive(Debug, Default)]
pub(crate) struct Afterlife {
    calls: TaskTracker,
    over: CancellationToken,
}

impl Afterlife {
    /// Runs `call` to its end, wherever that is.
    pub(crate) fn outliving<T, F>(&self, call: F) -> Outliving<'_, T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        Outliving { call: Some(Box::pin(call)), afterlife: self }
    }

    /// Takes over a call whose client has left.
    pub(crate) fn adopt<F>(&self, call: F)
    where
        F: Future<Output: Send> + Send + 'static,
    {
        if self.over.is_cancelled() {
            return;
        }
        // Without a runtime the process is ending, and there is nowhere to go.
        let Ok(runtime) = Handle::try_current() else { return };
        let over = self.over.clone();
        let rest = async move {
            tokio::select! {
                _answer = call => tracing::debug!("a call ended after its client had left"),
                () = over.cancelled() => tracing::warn!("a call whose client had left was dropped at the end of the drain"),
            }
        };
        self.calls.spawn_on(rest, &runtime);
    }

    /// Calls that nobody waits for any more.
    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Returns when there is none left.
    pub(crate) async fn wait(&self) {
        self.calls.close();
        self.calls.wait().await;
    }

    /// From here on a call whose client leaves is dropped, and so is every one that is here already.
    pub(crate) fn end(&self) {
        self.over.cancel();
    }
}

/// A call in place; see [`Afterlife::outliving`].
pub(crate) struct Outliving<'a, T: Send + 'static> {
    /// `None` once it has ended.
    call: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    afterlife: &'a Afterlife,
}

impl<T: Send + 'static> Future for Outliving<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // Taken out while it is polled: a call that panics must not be polled again by whoever gets it next.
        let mut call = self.call.take().expect("a future is not polled after it has ended");
        let polled = call.as_mut().poll(cx);
        if polled.is_pending() {
            self.call = Some(call);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Outliving<'_, T> {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            self.afterlife.adopt(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    /// A call that ends when told to, and counts that it did.
    fn call(ended: &Arc<AtomicUsize>) -> (oneshot::Sender<()>, impl Future<Output = usize> + Send + use<>) {
        let (end, told) = oneshot::channel();
        let ended = ended.clone();
        (end, async move {
            told.await.ok();
            ended.fetch_add(1, Ordering::SeqCst)
        })
    }

    #[tokio::test]
    async fn an_awaited_call_needs_no_task() {
        let (afterlife, ended) = (Afterlife::default(), Arc::default());
        let (end, call) = call(&ended);
        let mut outliving = afterlife.outliving(call);
        assert!((&mut outliving).now_or_never().is_none());
        end.send(()).unwrap();
        assert_eq!(outliving.await, 0);
        assert_eq!((afterlife.len(), ended.load(Ordering::SeqCst)), (0, 1));
    }

    #[tokio::test]
    async fn a_dropped_call_runs_to_its_end() {
        let (afterlife, ended) = (Afterlife::default(), Arc::default());
        let (end, call) = call(&ended);
        let mut outliving = afterlife.outliving(call);
        assert!((&mut outliving).now_or_never().is_none());
        drop(outliving);
        assert_eq!((afterlife.len(), ended.load(Ordering::SeqCst)), (1, 0));
        end.send(()).unwrap();
        afterlife.wait().await;
        assert_eq!((afterlife.len(), ended.load(Ordering::SeqCst)), (0, 1));
    }

    #[tokio::test]
    async fn at_the_end_of_the_drain_calls_are_dropped() {
        let (afterlife, ended) = (Afterlife::default(), Arc::default());
        let (_first_end, first) = call(&ended);
        let (_second_end, second) = call(&ended);
        drop(afterlife.outliving(first));
        afterlife.end();
        drop(afterlife.outliving(second));
        afterlife.wait().await;
        assert_eq!(ended.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_call_that_panicked_is_gone() {
        let afterlife = Afterlife::default();
        let mut outliving = afterlife.outliving(async { panic!("of a test") });
        assert!(std::panic::AssertUnwindSafe(&mut outliving).catch_unwind().await.is_err());
        drop(outliving);
        assert_eq!(afterlife.len(), 0);
    }
}
