//! How many calls run at once, and how many may wait for their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{InstanceLimits, OpenError};

/// One user's gate, or that of a shared workflow.
///
/// Whoever is inside runs or waits, and there is room for as many as may do either. So it makes no
/// difference to how many get in whether those who could run have begun to, or wait for a build.
#[derive(Debug)]
pub(crate) struct Gate {
    turns: Semaphore,
    // Every user has a gate, and nobody has four billion calls.
    inside: AtomicU32,
}

/// How many may be inside of a gate. Kept apart from it: all users have the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateLimits {
    running: usize,
    waiting: usize,
}

/// The gate of a shared workflow.
#[derive(Debug)]
pub(crate) struct SharedGate {
    gate: Gate,
    limits: GateLimits,
}

/// What has a gate.
pub(crate) trait Gated {
    fn gate(&self) -> &Gate;
    fn limits(&self) -> GateLimits;
}

/// A place inside, given back when dropped.
pub(crate) struct Queued<G: Gated>(Arc<G>);

/// The right to run, given back with the place when dropped.
pub(crate) struct Turn<G: Gated>(Queued<G>);

impl GateLimits {
    pub(crate) fn new(limits: &InstanceLimits) -> Self {
        Self { running: limits.running_calls, waiting: limits.waiting_calls }
    }

    fn room(self) -> u32 {
        u32::try_from(self.running.saturating_add(self.waiting)).unwrap_or(u32::MAX)
    }
}

impl Gate {
    pub(crate) fn new(limits: GateLimits) -> Self {
        Self { turns: Semaphore::new(limits.running.min(Semaphore::MAX_PERMITS)), inside: AtomicU32::new(0) }
    }
}

impl SharedGate {
    pub(crate) fn new(limits: GateLimits) -> Self {
        Self { gate: Gate::new(limits), limits }
    }
}

impl Gated for SharedGate {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn limits(&self) -> GateLimits {
        self.limits
    }
}

impl<G: Gated> Queued<G> {
    /// A place behind the gate of `gated`, if there is one.
    pub(crate) fn at(gated: Arc<G>) -> Result<Self, OpenError> {
        let (gate, limits) = (gated.gate(), gated.limits());
        if gate.inside.fetch_add(1, Ordering::Relaxed) >= limits.room() {
            gate.inside.fetch_sub(1, Ordering::Relaxed);
            return Err(OpenError::QueueFull { limit: limits.waiting });
        }
        Ok(Self(gated))
    }

    /// Waits for a turn, first come first served, but no longer than `limit`: calls that each wait for another call
    /// of their own user would wait for ever.
    ///
    /// # Errors
    ///
    /// [`OpenError::QueueTimeout`] after that.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the place back.
    pub(crate) async fn turn(self, limit: Duration) -> Result<Turn<G>, OpenError> {
        let turns = &self.0.gate().turns;
        let turn = match turns.try_acquire() {
            Ok(turn) => turn,
            // A call that need not wait has no timer, nor room for one.
            Err(_) => Box::pin(tokio::time::timeout(limit, turns.acquire()))
                .await
                .map_err(|_elapsed| OpenError::QueueTimeout { limit })?
                .map_err(|_closed| OpenError::ShuttingDown)?,
        };
        turn.forget();
        Ok(Turn(self))
    }
}

impl<G: Gated> Drop for Queued<G> {
    fn drop(&mut self) {
        self.0.gate().inside.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<G: Gated> Drop for Turn<G> {
    fn drop(&mut self) {
        self.0.0.gate().turns.add_permits(1);
    }
}
