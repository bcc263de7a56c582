//! Builds that wait for a place, and how they learn of one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// Told whenever a user becomes idle or a place becomes free. While nobody waits, that costs one load.
#[derive(Debug, Default)]
pub(super) struct Newcomers {
    waiting: AtomicUsize,
    told: Notify,
}

/// One who waits, until it is dropped.
pub(super) struct Waiting(Arc<Newcomers>);

impl Newcomers {
    /// Counts one who waits; `None` when `limit` wait already.
    pub(super) fn wait(self: &Arc<Self>, limit: usize) -> Option<Waiting> {
        let waiting = Waiting(self.clone());
        (self.waiting.fetch_add(1, Ordering::SeqCst) < limit).then_some(waiting)
    }

    /// Tells one of those who wait.
    pub(super) fn tell(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.told.notify_one();
        }
    }
}

impl Waiting {
    /// Completes when there may be a place. What comes after this call is not missed once the future is enabled.
    pub(super) fn told(&self) -> Notified<'_> {
        self.0.told.notified()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
