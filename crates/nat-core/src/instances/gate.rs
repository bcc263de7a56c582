//! How many calls run at once, and how many may wait for their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::{InstanceLimits, OpenError};

/// One user's gate, or that of a shared workflow.
#[derive(Debug)]
pub(crate) struct Gate {
    running: Semaphore,
    waiting: AtomicUsize,
    waiting_limit: usize,
}

/// A place in the queue of a gate.
#[derive(Debug)]
pub(crate) struct Entered(Arc<Gate>);

impl Gate {
    pub(crate) fn new(limits: &InstanceLimits) -> Arc<Self> {
        Arc::new(Self {
            running: Semaphore::new(limits.running_calls.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            waiting_limit: limits.waiting_calls,
        })
    }

    /// A place among those who wait, given back when dropped.
    pub(crate) fn queue(self: &Arc<Self>) -> Result<Entered, OpenError> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_limit {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(OpenError::QueueFull { limit: self.waiting_limit });
        }
        Ok(Entered(self.clone()))
    }

    /// Waits for a turn, first come first served. Whoever gets one must [`Gate::leave`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the place in the queue back.
    pub(crate) async fn enter(self: &Arc<Self>) -> Result<(), OpenError> {
        let permit = match self.running.try_acquire() {
            Ok(permit) => permit,
            Err(_) => {
                let _queued = self.queue()?;
                self.running.acquire().await.map_err(|_| OpenError::ShuttingDown)?
            }
        };
        permit.forget();
        Ok(())
    }

    /// Gives the turn to the next.
    pub(crate) fn leave(&self) {
        self.running.add_permits(1);
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
