//! The number of users who may have an instance, and who makes room for whom.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::newcomers::Newcomers;
use super::{Instances, OpenError};
use crate::function::CloseReason;

/// So many instances may be closing at once beside those that live, or a quarter of those if that is more. As many
/// newcomers may wait for a place.
const MIN_CLOSING: usize = 64;
/// A newcomer waits so long for a place when all are in use, or when too many instances are closing.
const PATIENCE: Duration = Duration::from_millis(500);

pub(super) struct Admission {
    places: Arc<Places>,
}

/// The places, and who has them. A place is free for the next user as soon as its instance begins to close, since
/// nobody waits for another user's code; how many may be closing is bounded for itself.
struct Places {
    limit: usize,
    closing_limit: usize,
    taken: Mutex<Taken>,
    newcomers: Arc<Newcomers>,
}

#[derive(Default)]
struct Taken {
    living: usize,
    closing: usize,
}

/// One of `max_users` places, free again when dropped.
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
    pub(super) fn new(limit: usize, newcomers: Arc<Newcomers>) -> Self {
        let closing_limit = (limit / 4).max(MIN_CLOSING);
        Self { places: Arc::new(Places { limit, closing_limit, taken: Mutex::default(), newcomers }) }
    }

    fn try_take(&self) -> Result<Place, Refused> {
        let Places { limit, closing_limit, taken, .. } = &*self.places;
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
    /// The instance that has it begins to close.
    pub(super) fn retire(&mut self) {
        if std::mem::replace(&mut self.kind, Kind::Closing) == Kind::Living {
            let mut taken = self.places.taken.lock();
            taken.living -= 1;
            taken.closing += 1;
            drop(taken);
            self.places.newcomers.tell();
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
        drop(taken);
        self.places.newcomers.tell();
    }
}

impl Instances {
    /// A place for one more user, for which the one who has been idle longest has to go when there is none left.
    /// Where nobody is idle, or too many instances are closing, waits shortly for that to change.
    ///
    /// # Errors
    ///
    /// [`OpenError::TooManyUsers`] after that, and at once when too many wait already.
    pub(super) async fn admit(self: &Arc<Self>) -> Result<Place, OpenError> {
        if self.stopping.is_cancelled() {
            return Err(OpenError::ShuttingDown);
        }
        if let Some(place) = self.try_admit() {
            return Ok(place);
        }
        let Places { limit, closing_limit, newcomers, .. } = &*self.admission.places;
        let full = || OpenError::TooManyUsers { limit: *limit };
        let waiting = newcomers.wait(*closing_limit).ok_or_else(full)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told = waiting.told();
            tokio::pin!(told);
            told.as_mut().enable();
            // Once more, since what happened before the future was enabled was not told.
            if let Some(place) = self.try_admit() {
                return Ok(place);
            }
            tokio::select! {
                () = told => {}
                () = tokio::time::sleep_until(deadline) => return self.try_admit().ok_or_else(full),
                () = self.stopping.cancelled() => return Err(OpenError::ShuttingDown),
            }
        }
    }

    fn try_admit(self: &Arc<Self>) -> Option<Place> {
        loop {
            match self.admission.try_take() {
                Ok(place) => return Some(place),
                Err(Refused::Closing) => return None,
                Err(Refused::Full) => {
                    let (slot, set) = self.index.close_longest_idle()?;
                    self.close(slot, set, CloseReason::Idle, None);
                }
            }
        }
    }
}
