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

#[derive(Default)]
struct Shard {
    slots: HashTable<Indexed>,
    /// Nothing is added any more.
    sealed: bool,
}

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
        self.shard(hash).lock().slots.find(hash, |one| one.is_of(hash, user)).map(|one| one.slot.clone())
    }

    /// The slot of the user of `fresh`, which is that one if there was none; `None` if there is none and none may
    /// be added.
    pub(super) fn get_or_insert(&self, fresh: &Arc<Slot>) -> Option<Arc<Slot>> {
        let hash = self.hasher.hash_one(fresh.user());
        let mut shard = self.shard(hash).lock();
        let sealed = shard.sealed;
        match shard.slots.entry(hash, |one| one.is_of(hash, fresh.user()), |one| one.hash) {
            Entry::Occupied(known) => Some(known.get().slot.clone()),
            Entry::Vacant(_) if sealed => None,
            Entry::Vacant(place) => {
                place.insert(Indexed { hash, number: fresh.number(), slot: fresh.clone() });
                Some(fresh.clone())
            }
        }
    }

    /// From here on nothing is added: what [`Index::all`] gives afterwards is all that there will ever be.
    pub(super) fn seal(&self) {
        for shard in &self.shards {
            shard.lock().sealed = true;
        }
    }

    pub(super) fn remove(&self, slot: &Arc<Slot>) {
        let hash = self.hasher.hash_one(slot.user());
        let slots = &mut self.shard(hash).lock().slots;
        if let Ok(present) = slots.find_entry(hash, |one| Arc::ptr_eq(&one.slot, slot)) {
            present.remove();
            // A million users who came once must not leave their table behind.
            if slots.capacity() > 64 && slots.len() < slots.capacity() / 8 {
                slots.shrink_to_fit(|one| one.hash);
            }
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.shards
            .iter()
            .flat_map(|shard| shard.lock().slots.iter().map(|one| one.slot.clone()).collect::<Vec<_>>())
            .collect()
    }

    /// Of the slots with this number or a higher one, the `limit` with the lowest, in order.
    pub(super) fn page(&self, from: u64, limit: usize) -> Vec<Arc<Slot>> {
        let mut page: Vec<(u64, Arc<Slot>)> = Vec::new();
        let mut below = u64::MAX;
        for shard in &self.shards {
            let mut found = Vec::new();
            for one in shard.lock().slots.iter() {
                if (from..below).contains(&one.number) {
                    found.push((one.number, one.slot.clone()));
                }
            }
            // Without the lock: the last to hold a slot drops what is in it.
            page.append(&mut found);
            if page.len() > limit {
                page.select_nth_unstable_by_key(limit, |(number, _)| *number);
                below = page[limit].0;
                page.truncate(limit);
            }
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
