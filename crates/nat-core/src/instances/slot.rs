//! One user's place in the table, from the first request that builds to the last close.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::admission::Place;
use super::failure::OpenError;
use super::gate::{Gate, GateLimits, Gated};
use super::index::{Home, Position, Shard};
use crate::UserId;
use crate::component_set::ComponentSet;
use crate::function::CloseReason;
use crate::graph::Plan;
use crate::metrics::{Counters, Outcome, UserReport};
use crate::moment::{CoarseMoment, Moment};

/// The state of one user's instance. It goes one way only:
///
/// ```text
/// Building ──► Live ──► Closing ──► Closed
///     └─────► Failed ─────────────────┘
/// ```
///
/// A slot leaves the index when it is closed, and only then can the user get another one.
pub(super) struct Slot {
    user: UserId,
    number: u64,
    gate: Gate,
    home: Arc<Home>,
    position: Position,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    phase: Phase,
    // Nobody has four billion calls.
    leases: u32,
    /// Requests that wait for the build, each of which leases the instance next: it is not idle while there are any.
    waiters: u32,
    /// Somebody wants it closed as soon as it is free: no new leases.
    closing_for: Option<CloseReason>,
    /// When the last lease ended; monotonic.
    idle_since: Moment,
    /// When the idle cache last heard of the user.
    touched: CoarseMoment,
    counters: Counters,
    /// Taken out of the index: nothing is left of it.
    gone: bool,
    /// In `later` of the idle cache: it will be asked again.
    awaited: bool,
    /// In the list of idle users: see [`State::is_idle`].
    listed: bool,
    /// The user's place among `max_users`, until nothing is left of the instance.
    place: Option<Place>,
}

enum Phase {
    Building,
    Live(Arc<ComponentSet>),
    Failed(Box<OpenError>),
    Closing,
}

/// What a request that wants a lease gets.
pub(super) enum Attempt {
    /// A lease has been counted at this time; whoever asked must release it.
    Leased(Arc<ComponentSet>, Touch, Moment),
    /// Wait for the build.
    Building,
    /// Wait for the close, then look again.
    Closing,
    /// The build failed.
    Failed(OpenError, Remains),
    /// Look again.
    Closed,
}

/// Whether it is time to tell the idle cache that its user has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touch {
    Due,
    Recent,
}

/// Whether anything of a failed build is still there.
pub(super) enum Remains {
    ToBeClosed,
    Nothing,
}

/// What the slot says to a cache that believes its user to be idle.
pub(super) enum Verdict {
    /// It is idle, and from now on closing: this is what has to be closed.
    Close(Arc<ComponentSet>),
    /// Not before this time.
    NotYet(Duration),
    /// It will be asked again anyway.
    Awaited,
    /// There is nothing to close.
    Gone,
}

impl Gated for Slot {
    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn limits(&self) -> GateLimits {
        self.home.limits()
    }
}

impl Slot {
    pub(super) fn new(user: UserId, number: u64, home: Arc<Home>) -> Arc<Self> {
        let now = Moment::now();
        let state = State {
            phase: Phase::Building,
            leases: 0,
            // The request that makes the slot.
            waiters: 1,
            closing_for: None,
            gone: false,
            idle_since: now,
            touched: now.coarse(),
            counters: Counters::new(now),
            awaited: false,
            listed: false,
            place: None,
        };
        let (gate, state, position) = (Gate::new(home.limits()), Mutex::new(state), Position::unknown());
        Arc::new(Self { user, number, gate, home, position, state, changed: Notify::new() })
    }

    pub(super) fn user(&self) -> &UserId {
        &self.user
    }

    /// Slots are numbered in order of creation.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Where it lies in its shard.
    pub(super) fn position(&self) -> &Position {
        &self.position
    }

    /// Changes the state, and keeps the list of idle users true.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, idle) = self.change_in(&mut self.home.lock(), change);
        if idle == Became::Idle {
            self.home.somebody_is_idle();
        }
        result
    }

    /// The same, under the lock of the slot's shard.
    fn change_in<R>(&self, shard: &mut Shard, change: impl FnOnce(&mut State) -> R) -> (R, Became) {
        let mut state = self.state.lock();
        let result = change(&mut state);
        let became = match (state.listed, state.is_idle()) {
            (false, true) => {
                shard.link(self);
                Became::Idle
            }
            (true, false) => {
                shard.unlink(self);
                Became::Busy
            }
            (true, true) | (false, false) => return (result, Became::WhatItWas),
        };
        state.listed = became == Became::Idle;
        (result, became)
    }

    /// Completes at the next change of phase, or when the last lease of a slot that should close ends.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// A lease, if there is an instance that may be used. `touch_after` is how stale the idle cache may be.
    pub(super) fn try_lease(&self, touch_after: Duration) -> Attempt {
        self.try_lease_in(&mut self.home.lock(), touch_after)
    }

    /// The same, under the lock of the slot's shard.
    pub(super) fn try_lease_in(&self, shard: &mut Shard, touch_after: Duration) -> Attempt {
        self.change_in(shard, |state| state.try_lease(touch_after)).0
    }

    /// Ends a lease that was counted at `since`. With an outcome it was a call, which is counted.
    pub(super) fn release(&self, since: Moment, call: Option<Outcome>) {
        let awaited = self.change(|state| {
            // Under the lock of the shard, which orders its list by this.
            let now = Moment::now();
            state.leases -= 1;
            state.idle_since = now;
            if let Some(outcome) = call {
                state.counters.record(now.since(since), outcome);
            }
            state.leases == 0 && state.closing_for.is_some()
        });
        if awaited {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn go_live(&self, set: Arc<ComponentSet>) {
        self.change(|state| {
            state.idle_since = Moment::now();
            state.phase = Phase::Live(set);
        });
        self.changed.notify_waiters();
    }

    /// Counts a request that waits for the build.
    pub(super) fn wait_for_build(self: &Arc<Self>) -> BuildWaiter {
        self.change(|state| state.waiters += 1);
        BuildWaiter(self.clone())
    }

    /// The same for the request that has made the slot, which is counted already.
    pub(super) fn made(self: &Arc<Self>) -> BuildWaiter {
        BuildWaiter(self.clone())
    }

    /// The user has a place.
    pub(super) fn admitted(&self, place: Place) {
        self.state.lock().place = Some(place);
    }

    /// The build has failed: all who wait get the reason. What was built is still to be closed.
    pub(super) fn fail(&self, error: OpenError) {
        let mut state = self.state.lock();
        state.phase = Phase::Failed(Box::new(error));
        state.retire();
        drop(state);
        self.changed.notify_waiters();
    }

    /// Nothing is left of it. The caller has taken it out of the index.
    pub(super) fn closed(&self) {
        let mut state = self.state.lock();
        state.gone = true;
        if matches!(state.phase, Phase::Building) {
            // Its task has come to nothing, not even to a failure: who waits looks again.
            state.phase = Phase::Closing;
        }
        let place = state.place.take();
        drop(state);
        drop(place);
        self.changed.notify_waiters();
    }

    /// Begins to close an instance that nobody uses and whose user has been idle for `timeout`.
    pub(super) fn close_if_idle(&self, timeout: Duration) -> Verdict {
        self.change(|state| {
            if !matches!(state.phase, Phase::Live(_)) || state.closing_for.is_some() {
                return Verdict::Gone;
            }
            let left = match timeout.checked_sub(Moment::now().since(state.idle_since)) {
                _ if state.leases > 0 || state.waiters > 0 => timeout,
                Some(left) if !left.is_zero() => left,
                _ => return state.begin_close().map_or(Verdict::Gone, Verdict::Close),
            };
            if std::mem::replace(&mut state.awaited, true) { Verdict::Awaited } else { Verdict::NotYet(left) }
        })
    }

    /// The time has come at which it was to be asked again.
    pub(super) fn no_longer_awaited(&self) {
        self.state.lock().awaited = false;
    }

    /// No new leases from here on. True for the first who asks, who then has to close it.
    pub(super) fn mark(&self, reason: CloseReason) -> bool {
        self.change(|state| {
            if state.closing_for.is_some() || matches!(state.phase, Phase::Closing) {
                return false;
            }
            state.closing_for = Some(reason);
            true
        })
    }

    /// Begins to close a marked slot: `None` while it is built or leased, unless `leased` says to close
    /// it all the same.
    pub(super) fn close_if_free(&self, leased: Leased) -> Option<Free> {
        self.change(|state| match &state.phase {
            Phase::Building => None,
            Phase::Live(_) if state.leases > 0 && leased == Leased::Wait => None,
            Phase::Live(_) => state.begin_close().map(Free::Close),
            Phase::Failed(_) | Phase::Closing => Some(Free::Nothing),
        })
    }

    /// The end of the last lease; `None` when there is one, or no instance.
    pub(super) fn idle_since(&self) -> Option<Moment> {
        let state = self.state.lock();
        state.is_idle().then_some(state.idle_since)
    }

    /// Begins to close an instance that nobody uses at this moment, under the lock of its shard.
    pub(super) fn close_if_idle_in(&self, shard: &mut Shard) -> Option<Arc<ComponentSet>> {
        self.change_in(shard, |state| if state.is_idle() { state.begin_close() } else { None }).0
    }

    /// Whether nothing is left of it.
    pub(super) fn is_gone(&self) -> bool {
        self.state.lock().gone
    }

    pub(super) async fn until_closed(&self) {
        loop {
            let changed = self.changed();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.is_gone() {
                return;
            }
            changed.await;
        }
    }

    /// The monitor's entry; `None` when no instance lives.
    pub(super) fn report(&self, plan: &Plan) -> Option<UserReport> {
        let state = self.state.lock();
        let Phase::Live(set) = &state.phase else { return None };
        let last = if state.leases > 0 { state.counters.active_since } else { state.idle_since };
        Some(UserReport::new(&self.user, &state.counters, last, state.leases as usize, set.len(), plan))
    }
}

/// A request that waits for a slot's build, until it has a lease or gives up.
pub(super) struct BuildWaiter(Arc<Slot>);

impl Drop for BuildWaiter {
    fn drop(&mut self) {
        self.0.change(|state| state.waiters -= 1);
    }
}

/// What a change did to the idleness of a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    Idle,
    Busy,
    WhatItWas,
}

/// What to do about leases that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leased {
    Wait,
    CloseAnyway,
}

/// A slot that can be closed now.
pub(super) enum Free {
    Close(Arc<ComponentSet>),
    Nothing,
}

impl State {
    /// Whether it lives, and nobody uses it, is about to, or has asked for its end.
    fn is_idle(&self) -> bool {
        let free = self.leases == 0 && self.waiters == 0 && self.closing_for.is_none();
        free && matches!(self.phase, Phase::Live(_))
    }

    fn try_lease(&mut self, touch_after: Duration) -> Attempt {
        match &self.phase {
            Phase::Live(_) if self.closing_for.is_some() => Attempt::Closing,
            Phase::Live(set) => {
                let (set, now) = (set.clone(), Moment::now());
                self.leases += 1;
                self.counters.active_since = now;
                let coarse = now.coarse();
                let touch = if coarse.since(self.touched) >= touch_after { Touch::Due } else { Touch::Recent };
                if touch == Touch::Due {
                    self.touched = coarse;
                }
                Attempt::Leased(set, touch, now)
            }
            Phase::Building => Attempt::Building,
            Phase::Failed(error) => {
                let remains = if self.gone { Remains::Nothing } else { Remains::ToBeClosed };
                Attempt::Failed(OpenError::clone(error), remains)
            }
            Phase::Closing if self.gone => Attempt::Closed,
            Phase::Closing => Attempt::Closing,
        }
    }

    fn retire(&mut self) {
        if let Some(place) = &mut self.place {
            place.retire();
        }
    }

    fn begin_close(&mut self) -> Option<Arc<ComponentSet>> {
        match std::mem::replace(&mut self.phase, Phase::Closing) {
            Phase::Live(set) => {
                self.retire();
                Some(set)
            }
            other => {
                self.phase = other;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every user has one, and the allocator's classes are 16 bytes apart: the next one costs a million users 16 MB.
    #[test]
    fn a_slot_is_small() {
        assert!(size_of::<Slot>() <= 232, "{}", size_of::<Slot>());
    }
}
