//! The right to use an instance, for as long as the value lives.

use std::sync::Arc;

use tokio::time::Instant;

use super::OpenError;
use super::gate::{Queued, Turn};
use super::slot::Slot;
use crate::component_set::ComponentSet;
use crate::metrics::Outcome;

/// A user's instance in use: it is not closed before the lease is dropped, and idle time begins then.
/// It holds one of the user's running calls, too.
pub(crate) struct Lease {
    // Dropped before the lease itself: whoever closes next must be the last to hold it.
    set: Arc<ComponentSet>,
    held: Held,
    started: Instant,
    outcome: Outcome,
}

/// A counted lease, and its turn once it has got one.
struct Held {
    slot: Arc<Slot>,
    turn: Option<Turn>,
    call: Option<(std::time::Duration, Outcome)>,
}

impl Lease {
    /// Waits for the user's turn, in the place that the caller has or a new one. The lease was counted
    /// by [`Slot::try_lease`].
    pub(super) async fn enter(
        slot: Arc<Slot>,
        set: Arc<ComponentSet>,
        place: Option<Queued>,
    ) -> Result<Self, OpenError> {
        let started = Instant::now();
        let mut held = Held { slot, turn: None, call: None };
        let place = match place {
            Some(place) => place,
            None => held.slot.gate().queue()?,
        };
        held.turn = Some(place.turn().await?);
        // A call that is dropped before it says how it ended has failed.
        Ok(Self { set, held, started, outcome: Outcome::Failed })
    }

    pub(crate) fn set(&self) -> &Arc<ComponentSet> {
        &self.set
    }

    /// How the call ended, for the user's counters.
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.held.call = Some((self.started.elapsed(), self.outcome));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.turn.take());
        self.slot.release(self.call);
    }
}
