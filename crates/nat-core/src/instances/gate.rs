//! How many calls run at once, and how many may wait for their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::{InstanceLimits, OpenError};

/// One user's gate, or that of a shared workflow.
///
/// Whoever is inside runs or waits, and there is room for as many as may do either. So it makes no
/// difference to how many get in whether those who could run have begun to, or wait for a build.
#[derive(Debug)]
pub(crate) struct Gate {
    turns: Semaphore,
    inside: AtomicUsize,
    room: usize,
    waiting_limit: usize,
}

/// A place inside, given back when dropped.
#[derive(Debug)]
pub(crate) struct Queued(Arc<Gate>);

/// The right to run, given back with the place when dropped.
#[derive(Debug)]
pub(crate) struct Turn(Queued);

impl Gate {
    pub(crate) fn new(limits: &InstanceLimits) -> Arc<Self> {
        Arc::new(Self {
            turns: Semaphore::new(limits.running_calls.min(Semaphore::MAX_PERMITS)),
            inside: AtomicUsize::new(0),
            room: limits.running_calls.saturating_add(limits.waiting_calls),
            waiting_limit: limits.waiting_calls,
        })
    }

    /// A place, if there is one.
    pub(crate) fn queue(self: &Arc<Self>) -> Result<Queued, OpenError> {
        if self.inside.fetch_add(1, Ordering::Relaxed) >= self.room {
            self.inside.fetch_sub(1, Ordering::Relaxed);
            return Err(OpenError::QueueFull { limit: self.waiting_limit });
        }
        Ok(Queued(self.clone()))
    }
}

impl Queued {
    /// Waits for a turn, first come first served.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the place back.
    pub(crate) async fn turn(self) -> Result<Turn, OpenError> {
        self.0.turns.acquire().await.map_err(|_| OpenError::ShuttingDown)?.forget();
        Ok(Turn(self))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.turns.add_permits(1);
    }
}
