//! Every slot there is, by user: the one entry that says whether a user has an instance, and who is idle.
//!
//! The idle users of a shard are a linked list in order of the end of their last call, so that the user who has been
//! idle longest is found without a look at the others. A slot is in the list exactly while it is idle: whatever
//! changes that happens under the lock of its shard ([`Home`]) and that of its state, in this order.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hashbrown::HashTable;
use parking_lot::{Mutex, MutexGuard};

use super::gate::GateLimits;
use super::newcomers::Newcomers;
use super::slot::{Attempt, Slot};
use crate::UserId;
use crate::component_set::ComponentSet;

const SHARDS: u64 = 64;

/// The slots, in shards, each behind a lock that is held for one look-up at a time. The hash is keyed:
/// user ids follow from what clients choose.
pub(super) struct Index {
    hasher: RandomState,
    shards: [Arc<Home>; SHARDS as usize],
}

/// The shard of a slot.
pub(super) struct Home {
    shard: Mutex<Shard>,
    newcomers: Arc<Newcomers>,
    limits: GateLimits,
}

/// Where a slot lies in its shard. Read and written under the lock of the shard.
#[derive(Debug)]
pub(super) struct Position(AtomicU32);

pub(super) struct Shard {
    /// Positions in `entries`.
    slots: HashTable<u32>,
    entries: Vec<Entry>,
    /// The first of the vacant entries, which are linked by `after`.
    vacant: u32,
    /// The user who has been idle longest, and the one who became idle last.
    first: u32,
    last: u32,
    /// Nothing is added any more.
    sealed: bool,
}

/// A slot, with as much of it as saves going there, and its neighbours in the list of idle users.
struct Entry {
    hash: u64,
    number: u64,
    slot: Option<Arc<Slot>>,
    before: u32,
    after: u32,
}

/// No position.
const NONE: u32 = u32::MAX;

impl Position {
    pub(super) const fn unknown() -> Self {
        Self(AtomicU32::new(NONE))
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed) as usize
    }

    fn set(&self, position: u32) {
        self.0.store(position, Ordering::Relaxed);
    }
}

impl Home {
    pub(super) fn lock(&self) -> MutexGuard<'_, Shard> {
        self.shard.lock()
    }

    /// How many calls each of its users may have.
    pub(super) fn limits(&self) -> GateLimits {
        self.limits
    }

    /// Tells newcomers who wait for a place that somebody has become idle. Without the lock.
    pub(super) fn somebody_is_idle(&self) {
        self.newcomers.tell();
    }
}

impl Index {
    pub(super) fn new(newcomers: &Arc<Newcomers>, limits: GateLimits) -> Self {
        let home = |_| {
            let shard = Shard {
                slots: HashTable::new(),
                entries: Vec::new(),
                vacant: NONE,
                first: NONE,
                last: NONE,
                sealed: false,
            };
            Arc::new(Home { shard: Mutex::new(shard), newcomers: newcomers.clone(), limits })
        };
        Self { hasher: RandomState::new(), shards: std::array::from_fn(home) }
    }

    pub(super) fn get(&self, user: &UserId) -> Option<Arc<Slot>> {
        let hash = self.hasher.hash_one(user);
        let shard = self.home(hash).lock();
        shard.find(hash, user).map(|entry| shard.entries[entry].slot().clone())
    }

    /// The user's slot and what it says to a request that wants a lease.
    pub(super) fn try_lease(&self, user: &UserId, touch_after: Duration) -> Option<(Arc<Slot>, Attempt)> {
        let hash = self.hasher.hash_one(user);
        let mut shard = self.home(hash).lock();
        let entry = shard.find(hash, user)?;
        let slot = shard.entries[entry].slot().clone();
        let attempt = slot.try_lease_in(&mut shard, touch_after);
        Some((slot, attempt))
    }

    /// The shard in which a slot of this user lies.
    pub(super) fn home_of(&self, user: &UserId) -> &Arc<Home> {
        self.home(self.hasher.hash_one(user))
    }

    /// The slot of the user of `fresh`, which is that one if there was none; `None` if there is none and none may
    /// be added.
    pub(super) fn get_or_insert(&self, fresh: &Arc<Slot>) -> Option<Arc<Slot>> {
        let hash = self.hasher.hash_one(fresh.user());
        let mut shard = self.home(hash).lock();
        if let Some(known) = shard.find(hash, fresh.user()) {
            return Some(shard.entries[known].slot().clone());
        }
        if shard.sealed {
            return None;
        }
        shard.insert(hash, fresh);
        Some(fresh.clone())
    }

    /// From here on nothing is added: what [`Index::all`] gives afterwards is all that there will ever be.
    pub(super) fn seal(&self) {
        for home in &self.shards {
            home.lock().sealed = true;
        }
    }

    pub(super) fn remove(&self, slot: &Arc<Slot>) {
        let hash = self.hasher.hash_one(slot.user());
        let removed = self.home(hash).lock().remove(hash, slot);
        // Without the lock: the last to hold a slot drops what is in it.
        drop(removed);
    }

    /// Begins to close the instance of the user who has been idle longest. `None` when nobody is idle.
    ///
    /// Takes time for each shard and none for each user. A user who becomes idle meanwhile is found by the next call.
    pub(super) fn close_longest_idle(&self) -> Option<(Arc<Slot>, Arc<ComponentSet>)> {
        loop {
            let since = |home: &'_ Arc<Home>| {
                let shard = home.lock();
                let slot = shard.longest_idle()?;
                Some((slot.idle_since()?, home.clone()))
            };
            let (since, home) = self.shards.iter().filter_map(since).min_by_key(|(since, _)| *since)?;
            let mut shard = home.lock();
            // The first of the list may have been closed or leased by now. The next one of this shard may have been idle
            // for a moment only, and others elsewhere for long: so all are looked at once more.
            let is_the_same = |slot: &&Arc<Slot>| slot.idle_since() == Some(since);
            let Some(slot) = shard.longest_idle().filter(is_the_same).cloned() else { continue };
            if let Some(set) = slot.close_if_idle_in(&mut shard) {
                return Some((slot, set));
            }
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        let of_one = |home: &Arc<Home>| home.lock().occupied().map(|(_, slot)| slot.clone()).collect::<Vec<_>>();
        self.shards.iter().flat_map(of_one).collect()
    }

    /// Of the slots with this number or a higher one, the `limit` with the lowest, in order.
    pub(super) fn page(&self, from: u64, limit: usize) -> Vec<Arc<Slot>> {
        let mut page: Vec<(u64, Arc<Slot>)> = Vec::new();
        let mut below = u64::MAX;
        for home in &self.shards {
            let mut found = Vec::new();
            for (number, slot) in home.lock().occupied() {
                if (from..below).contains(&number) {
                    found.push((number, slot.clone()));
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

    fn home(&self, hash: u64) -> &Arc<Home> {
        // The table takes the upper bits for its own marks and the lower ones for its places; the remainder is below
        // SHARDS, whatever the width of usize.
        &self.shards[((hash >> 40) % SHARDS) as usize]
    }
}

#[cfg(test)]
impl Index {
    /// Every list, each checked to be in order from either end.
    pub(super) fn idle(&self) -> Vec<(crate::moment::Moment, u64)> {
        let of_one = |home: &Arc<Home>| {
            let shard = home.lock();
            let walk = |first: u32, next: fn(&Entry) -> u32| {
                let mut walked = Vec::new();
                let mut at = first;
                while let Some(entry) = shard.entries.get(at as usize) {
                    walked.push((entry.slot().idle_since().expect("only idle users are listed"), entry.number));
                    at = next(entry);
                }
                walked
            };
            let forwards = walk(shard.first, |entry| entry.after);
            let backwards = walk(shard.last, |entry| entry.before);
            assert!(forwards.iter().eq(backwards.iter().rev()));
            assert!(forwards.is_sorted_by_key(|(since, _)| *since));
            forwards
        };
        self.shards.iter().flat_map(of_one).collect()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        // A slot knows its shard, and the shard the slot.
        for home in &self.shards {
            let entries = {
                let mut shard = home.lock();
                (shard.first, shard.last, shard.vacant) = (NONE, NONE, NONE);
                shard.slots.clear();
                std::mem::take(&mut shard.entries)
            };
            drop(entries);
        }
    }
}

impl Entry {
    fn slot(&self) -> &Arc<Slot> {
        self.slot.as_ref().expect("only occupied entries are in the table and in the list")
    }
}

impl Shard {
    fn find(&self, hash: u64, user: &UserId) -> Option<usize> {
        let is_it = |at: &u32| {
            let entry = &self.entries[*at as usize];
            entry.hash == hash && entry.slot().user() == user
        };
        self.slots.find(hash, is_it).map(|at| *at as usize)
    }

    fn occupied(&self) -> impl Iterator<Item = (u64, &Arc<Slot>)> {
        self.entries.iter().filter_map(|entry| Some((entry.number, entry.slot.as_ref()?)))
    }

    fn longest_idle(&self) -> Option<&Arc<Slot>> {
        self.entries.get(self.first as usize).map(Entry::slot)
    }

    fn insert(&mut self, hash: u64, slot: &Arc<Slot>) {
        let entry = Entry { hash, number: slot.number(), slot: Some(slot.clone()), before: NONE, after: NONE };
        let at = match self.vacant {
            NONE => {
                if self.entries.len() == self.entries.capacity() {
                    // By a quarter: doubling would leave a third of the room empty on average.
                    self.entries.reserve_exact(self.entries.len() / 4 + 4);
                }
                self.entries.push(entry);
                self.entries.len() - 1
            }
            vacant => {
                let at = vacant as usize;
                self.vacant = self.entries[at].after;
                self.entries[at] = entry;
                at
            }
        };
        // 64 shards of four billion.
        let at = u32::try_from(at).unwrap_or(NONE);
        slot.position().set(at);
        let entries = &self.entries;
        self.slots.insert_unique(hash, at, |at| entries[*at as usize].hash);
    }

    fn remove(&mut self, hash: u64, slot: &Arc<Slot>) -> Option<Arc<Slot>> {
        let entries = &self.entries;
        let is_it = |at: &u32| entries[*at as usize].slot.as_ref().is_some_and(|one| Arc::ptr_eq(one, slot));
        let at = self.slots.find_entry(hash, is_it).ok()?.remove().0;
        let entry = &mut self.entries[at as usize];
        let removed = entry.slot.take();
        entry.after = std::mem::replace(&mut self.vacant, at);
        // A million users who came once must not leave their table behind.
        if self.entries.capacity() > 64 && self.slots.len() < self.entries.capacity() / 8 {
            self.compact();
        }
        removed
    }

    /// Moves the slots together, and gives the rest of the room back.
    fn compact(&mut self) {
        let mut idle = Vec::new();
        let mut next = self.first;
        while let Some(entry) = self.entries.get(next as usize) {
            idle.push(entry.slot().clone());
            next = entry.after;
        }
        (self.first, self.last, self.vacant) = (NONE, NONE, NONE);
        self.entries.retain(|entry| entry.slot.is_some());
        self.entries.shrink_to_fit();
        self.slots = HashTable::with_capacity(self.entries.len());
        for (at, entry) in self.entries.iter_mut().enumerate() {
            let at = u32::try_from(at).unwrap_or(NONE);
            (entry.before, entry.after) = (NONE, NONE);
            entry.slot().position().set(at);
        }
        let entries = &self.entries;
        for (at, entry) in entries.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(NONE);
            self.slots.insert_unique(entry.hash, at, |at| entries[*at as usize].hash);
        }
        for slot in idle {
            self.link(&slot);
        }
    }

    /// Puts a slot that has become idle at the end of the list.
    pub(super) fn link(&mut self, slot: &Slot) {
        let at = slot.position().get();
        let Some(entry) = self.entries.get_mut(at) else { return };
        (entry.before, entry.after) = (self.last, NONE);
        let at = u32::try_from(at).unwrap_or(NONE);
        match self.entries.get_mut(self.last as usize) {
            Some(last) => last.after = at,
            None => self.first = at,
        }
        self.last = at;
    }

    /// Takes a slot that is idle no more out of the list.
    pub(super) fn unlink(&mut self, slot: &Slot) {
        let Some(entry) = self.entries.get_mut(slot.position().get()) else { return };
        let (before, after) = (std::mem::replace(&mut entry.before, NONE), std::mem::replace(&mut entry.after, NONE));
        match self.entries.get_mut(before as usize) {
            Some(before) => before.after = after,
            None => self.first = after,
        }
        match self.entries.get_mut(after as usize) {
            Some(after) => after.before = before,
            None => self.last = before,
        }
    }
}
