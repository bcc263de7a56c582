//! Every slot there is, by user: the one place that says whether a user has an instance.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use parking_lot::Mutex;

use super::slot::Slot;
use crate::UserId;

const SHARDS: u64 = 64;

/// The slots, in shards, each behind a lock that is held for one look-up at a time. The hash is keyed:
/// user ids follow from what clients choose.
pub(super) struct Index {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS as usize],
}

type Shard = HashTable<Indexed>;

/// A slot, with as much of it as saves going there.
struct Indexed {
    hash: u64,
    number: u64,
    slot: Arc<Slot>,
}

impl Indexed {
    fn is_of(&self, hash: u64, user: &UserId) -> bool {
        self.hash == hash && self.slot.user() == user
    }
}

impl Default for Index {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Index {
    pub(super) fn get(&self, user: &UserId) -> Option<Arc<Slot>> {
        let hash = self.hasher.hash_one(user);
        self.shard(hash).lock().find(hash, |one| one.is_of(hash, user)).map(|one| one.slot.clone())
    }

    /// The slot of the user of `fresh`, which is that one if there was none.
    pub(super) fn get_or_insert(&self, fresh: &Arc<Slot>) -> Arc<Slot> {
        let hash = self.hasher.hash_one(fresh.user());
        match self.shard(hash).lock().entry(hash, |one| one.is_of(hash, fresh.user()), |one| one.hash) {
            Entry::Occupied(known) => known.get().slot.clone(),
            Entry::Vacant(place) => {
                place.insert(Indexed { hash, number: fresh.number(), slot: fresh.clone() });
                fresh.clone()
            }
        }
    }

    pub(super) fn remove(&self, slot: &Arc<Slot>) {
        let hash = self.hasher.hash_one(slot.user());
        let mut shard = self.shard(hash).lock();
        if let Ok(present) = shard.find_entry(hash, |one| Arc::ptr_eq(&one.slot, slot)) {
            present.remove();
            // A million users who came once must not leave their table behind.
            if shard.capacity() > 64 && shard.len() < shard.capacity() / 8 {
                shard.shrink_to_fit(|one| one.hash);
            }
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.shards
            .iter()
            .flat_map(|shard| shard.lock().iter().map(|one| one.slot.clone()).collect::<Vec<_>>())
            .collect()
    }

    /// Of the slots with this number or a higher one, the `limit` with the lowest, in order.
    pub(super) fn page(&self, from: u64, limit: usize) -> Vec<Arc<Slot>> {
        let mut page: Vec<(u64, Arc<Slot>)> = Vec::new();
        let mut below = u64::MAX;
        let keep = |page: &mut Vec<(u64, Arc<Slot>)>| {
            page.select_nth_unstable_by_key(limit, |(number, _)| *number);
            let below = page[limit].0;
            page.truncate(limit);
            below
        };
        for shard in &self.shards {
            for one in shard.lock().iter().filter(|one| one.number >= from) {
                if one.number < below {
                    page.push((one.number, one.slot.clone()));
                }
                // Seldom enough that a page takes one look at every slot and little more.
                if page.len() > limit.saturating_mul(2).max(1024) {
                    below = keep(&mut page);
                }
            }
        }
        if page.len() > limit {
            keep(&mut page);
        }
        page.sort_unstable_by_key(|(number, _)| *number);
        page.into_iter().map(|(_, slot)| slot).collect()
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard> {
        // The table takes the upper bits for its own marks and the lower ones for its places; the remainder is below
        // SHARDS, whatever the width of usize.
        &self.shards[((hash >> 40) % SHARDS) as usize]
    }
}
