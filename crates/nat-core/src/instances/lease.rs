//! The right to use an instance, for as long as the value lives.

use std::sync::Arc;
use std::time::Duration;

use super::OpenError;
use super::gate::{Queued, Turn};
use super::slot::Slot;
use crate::component_set::ComponentSet;
use crate::metrics::Outcome;
use crate::moment::Moment;

/// A user's instance in use: it is not closed before the lease is dropped, and idle time begins then.
/// It holds one of the user's running calls, too.
pub(crate) struct Lease {
    // Dropped in this order: whoever closes next must be the last to hold the set.
    set: Arc<ComponentSet>,
    _turn: Turn<Slot>,
    counted: Counted,
    outcome: Outcome,
}

/// What [`Slot::try_lease`] counted.
struct Counted {
    slot: Arc<Slot>,
    since: Moment,
    call: Option<Outcome>,
}

impl Lease {
    /// Waits for the user's turn for at most `limit`, in the place that the caller has or a new one. The lease was
    /// counted by [`Slot::try_lease`] at `since`.
    pub(super) async fn enter(
        slot: Arc<Slot>,
        set: Arc<ComponentSet>,
        since: Moment,
        place: Option<Queued<Slot>>,
        limit: Duration,
    ) -> Result<Self, OpenError> {
        let counted = Counted { slot: slot.clone(), since, call: None };
        let place = match place {
            Some(place) => place,
            None => Queued::at(slot)?,
        };
        // A call that is dropped before it says how it ended has failed.
        Ok(Self { set, _turn: place.turn(limit).await?, counted, outcome: Outcome::Failed })
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
        self.counted.call = Some(self.outcome);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.slot.release(self.since, self.call);
    }
}
