//! How many users may have an instance, and who makes room for whom.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::slot::Slot;
use super::{Instances, OpenError};
use crate::function::CloseReason;
use crate::moment::Moment;

/// Candidates chosen at one look over the table, so that a table at its limit is looked over once for
/// many newcomers.
const CANDIDATES: usize = 1024;
/// So many instances may be closing at once beside those that live, or a quarter of those if that is more.
const MIN_CLOSING: usize = 64;

pub(super) struct Admission {
    places: Arc<Places>,
    /// Idle users, the longest idle first, each with the time since when. One who has been active
    /// since is passed over; everybody else has become idle later than all in the list.
    candidates: Mutex<VecDeque<(Weak<Slot>, Moment)>>,
    /// Nobody was idle lately, and a look over a large table takes its time: not before then.
    next_look: Mutex<Option<Instant>>,
}

/// How many places there are, and who has them. A place is free for the next user as soon as its instance begins to
/// close, since nobody waits for another user's code; how many may be closing is bounded for itself.
struct Places {
    limit: usize,
    closing_limit: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    living: usize,
    closing: usize,
}

/// One of `max_users` places, given back when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Living,
    Closing,
}

enum Refused {
    /// Somebody has to go first.
    Full,
    /// Too many are going already.
    Closing,
}

impl Admission {
    pub(super) fn new(limit: usize) -> Self {
        let places = Places { limit, closing_limit: (limit / 4).max(MIN_CLOSING), taken: Mutex::default() };
        Self { places: Arc::new(places), candidates: Mutex::default(), next_look: Mutex::default() }
    }

    fn try_take(&self) -> Result<Place, Refused> {
        let Places { limit, closing_limit, taken } = &*self.places;
        let mut taken = taken.lock();
        if taken.living + taken.closing >= limit.saturating_add(*closing_limit) {
            return Err(Refused::Closing);
        }
        if taken.living >= *limit {
            return Err(Refused::Full);
        }
        taken.living += 1;
        Ok(Place { places: self.places.clone(), kind: Kind::Living })
    }
}

impl Place {
    /// What has it begins to close.
    pub(super) fn retire(&mut self) {
        if std::mem::replace(&mut self.kind, Kind::Closing) == Kind::Living {
            let mut taken = self.places.taken.lock();
            taken.living -= 1;
            taken.closing += 1;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        match self.kind {
            Kind::Living => taken.living -= 1,
            Kind::Closing => taken.closing -= 1,
        }
    }
}

impl Instances {
    /// A place for one more user, for which the longest idle one has to go when there is none left.
    pub(super) fn admit(self: &Arc<Self>) -> Result<Place, OpenError> {
        let mut looked = false;
        loop {
            match self.admission.try_take() {
                Ok(place) => return Ok(place),
                Err(Refused::Full) if self.evict_candidate() => continue,
                Err(Refused::Full) if !std::mem::replace(&mut looked, true) && self.look_for_candidates() => {}
                Err(_) => return Err(OpenError::TooManyUsers { limit: self.admission.places.limit }),
            }
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

    /// Whether there may be some now.
    fn look_for_candidates(&self) -> bool {
        let began = Instant::now();
        if self.admission.next_look.lock().is_some_and(|next| began < next) {
            return false;
        }
        let idle = |slot: &Arc<Slot>| Some((slot.idle_since()?, Arc::downgrade(slot)));
        let mut idle: Vec<_> = self.index.all().iter().filter_map(idle).collect();
        // Nobody idle: who comes next is refused without another look, for ten times as long as this one took.
        *self.admission.next_look.lock() = idle.is_empty().then(|| began + began.elapsed() * 10);
        if idle.len() > CANDIDATES {
            idle.select_nth_unstable_by_key(CANDIDATES, |(since, _)| *since);
            idle.truncate(CANDIDATES);
        }
        idle.sort_unstable_by_key(|(since, _)| *since);
        let found = !idle.is_empty();
        *self.admission.candidates.lock() = idle.into_iter().map(|(since, slot)| (slot, since)).collect();
        found
    }
}
