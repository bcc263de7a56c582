//! Every slot there is, by user: the one place that says whether a user has an instance.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;

use super::slot::Slot;
use crate::UserId;

const SHARDS: usize = 64;

/// The slots, in shards, each behind a lock that is held for one look-up at a time. The hash is keyed:
/// user ids follow from what clients choose.
pub(super) struct Index {
    hasher: RandomState,
    shards: [Mutex<HashMap<UserId, Arc<Slot>>>; SHARDS],
}

impl Default for Index {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Index {
    pub(super) fn get(&self, user: &UserId) -> Option<Arc<Slot>> {
        self.shard(user).lock().get(user).cloned()
    }

    /// The user's slot, which is `fresh` if there was none.
    pub(super) fn get_or_insert(&self, user: &UserId, fresh: impl FnOnce() -> Arc<Slot>) -> Arc<Slot> {
        self.shard(user).lock().entry(user.clone()).or_insert_with(fresh).clone()
    }

    pub(super) fn remove(&self, slot: &Arc<Slot>) {
        let mut shard = self.shard(slot.user()).lock();
        if shard.get(slot.user()).is_some_and(|present| Arc::ptr_eq(present, slot)) {
            shard.remove(slot.user());
            // A million users who came once must not leave their table behind.
            if shard.capacity() > 64 && shard.len() < shard.capacity() / 8 {
                shard.shrink_to_fit();
            }
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }

    fn shard(&self, user: &UserId) -> &Mutex<HashMap<UserId, Arc<Slot>>> {
        let hash = self.hasher.hash_one(user);
        // The remainder is below SHARDS, whatever the width of usize.
        &self.shards[(hash % SHARDS as u64) as usize]
    }
}
