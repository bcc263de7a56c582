//! When a user has been away for long enough: the only file that knows moka.
//!
//! moka evicts during its own maintenance, which runs inside whichever request happens to trigger it,
//! and it knows nothing of leases. So its verdict is never carried out here: an entry that it lets go
//! is only noted, and the sweep asks the slot, which decides. A slot that may not go yet is asked again
//! when its time has come, to the moment; moka's own expiry of single entries is only good to a second.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::pacing::Failures;
use super::slot::Slot;
use crate::UserId;

/// The slots of users who have been seen lately.
pub(super) struct IdleCache {
    /// By the slots' numbers: a user's next slot is another entry.
    cache: Cache<u64, Arc<Slot>>,
    expired: Arc<Mutex<Vec<Arc<Slot>>>>,
    later: Mutex<BinaryHeap<Later>>,
}

/// A slot to be asked again, the earliest first.
struct Later {
    at: Instant,
    slot: Arc<Slot>,
}

impl IdleCache {
    pub(super) fn new(timeout: Duration) -> Self {
        let expired = Arc::new(Mutex::new(Vec::new()));
        let noted = expired.clone();
        let cache = Cache::builder()
            .name("user instances")
            .time_to_idle(timeout)
            // Runs inside a request: it hands over and does nothing else. A listener that panics is
            // never called again, and this one cannot.
            .eviction_listener(move |_number: Arc<u64>, slot: Arc<Slot>, cause| {
                if cause == RemovalCause::Expired {
                    noted.lock().push(slot);
                }
            })
            .build();
        Self { cache, expired, later: Mutex::default() }
    }

    /// The slot's user has been seen now.
    pub(super) fn insert(&self, slot: &Arc<Slot>) {
        self.cache.insert(slot.number(), slot.clone());
    }

    /// The slot's user was thought idle, and is to be asked for again after this time.
    pub(super) fn ask_again(&self, slot: Arc<Slot>, after: Duration) {
        self.later.lock().push(Later { at: Instant::now() + after, slot });
    }

    /// The slot has closed, and need not be kept for this.
    pub(super) fn forget(&self, slot: &Arc<Slot>) {
        self.cache.invalidate(&slot.number());
    }

    /// Everybody who may have been away for too long.
    pub(super) fn take_expired(&self) -> Vec<Arc<Slot>> {
        self.cache.run_pending_tasks();
        let mut expired = std::mem::take(&mut *self.expired.lock());
        let (mut later, now) = (self.later.lock(), Instant::now());
        while later.peek().is_some_and(|next| next.at <= now) {
            expired.extend(later.pop().map(|next| next.slot).inspect(|slot| slot.no_longer_awaited()));
        }
        expired
    }
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap gives the greatest first.
        other.at.cmp(&self.at)
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Later {}

impl fmt::Debug for IdleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdleCache").field("entries", &self.cache.entry_count()).finish_non_exhaustive()
    }
}

/// The users whose builds keep failing, as many as are worth remembering.
pub(super) struct FailureCache(Cache<UserId, Arc<Failures>>);

impl FailureCache {
    /// Remembers `capacity` users for `memory` after their last failure.
    pub(super) fn new(capacity: u64, memory: Duration) -> Self {
        // Least recently used: the default policy would refuse newcomers when it is full.
        let cache = Cache::builder().max_capacity(capacity).eviction_policy(EvictionPolicy::lru());
        Self(cache.time_to_live(memory).build())
    }

    pub(super) fn get(&self, user: &UserId) -> Option<Arc<Failures>> {
        self.0.get(user)
    }

    pub(super) fn insert(&self, user: &UserId, failures: Failures) {
        self.0.insert(user.clone(), Arc::new(failures));
    }

    pub(super) fn remove(&self, user: &UserId) {
        self.0.invalidate(user);
    }
}
