//! How many users may have an instance, and who makes room for whom.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::slot::Slot;
use super::{Instances, OpenError};
use crate::function::CloseReason;
use crate::moment::Moment;

/// Candidates chosen at one look over the table, so that a table at its limit is looked over once for
/// many newcomers.
const CANDIDATES: usize = 1024;

pub(super) struct Admission {
    limit: usize,
    taken: Arc<AtomicUsize>,
    /// Idle users, the longest idle first, each with the time since when. One who has been active
    /// since is passed over; everybody else has become idle later than all in the list.
    candidates: Mutex<VecDeque<(Weak<Slot>, Moment)>>,
}

/// One of `max_users` places, given back when dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Admission {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: Arc::default(), candidates: Mutex::default() }
    }

    fn try_take(&self) -> Option<Place> {
        let more = |taken| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Place(self.taken.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Instances {
    /// A place for one more user, for which the longest idle one has to go when there is none left.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Place, OpenError> {
        let mut looked = false;
        loop {
            if let Some(place) = self.admission.try_take() {
                return Ok(place);
            }
            if self.evict_candidate() {
                continue;
            }
            if std::mem::replace(&mut looked, true) {
                return Err(OpenError::TooManyUsers { limit: self.admission.limit });
            }
            self.look_for_candidates();
        }
    }

    fn evict_candidate(self: &Arc<Self>) -> bool {
        loop {
            let Some((slot, since)) = self.admission.candidates.lock().pop_front() else { return false };
            let Some(slot) = slot.upgrade() else { continue };
            if let Some(set) = slot.close_if_untouched(since) {
                self.close(slot, set, CloseReason::Idle);
                return true;
            }
        }
    }

    fn look_for_candidates(&self) {
        let idle = |slot: &Arc<Slot>| Some((slot.idle_since()?, Arc::downgrade(slot)));
        let mut idle: Vec<_> = self.index.all().iter().filter_map(idle).collect();
        if idle.len() > CANDIDATES {
            idle.select_nth_unstable_by_key(CANDIDATES, |(since, _)| *since);
            idle.truncate(CANDIDATES);
        }
        idle.sort_unstable_by_key(|(since, _)| *since);
        *self.admission.candidates.lock() = idle.into_iter().map(|(since, slot)| (slot, since)).collect();
    }
}
