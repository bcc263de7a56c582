//! The end of an instance: on its own task, once, and only then is there room for a successor.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tracing::{debug, error, warn};

use super::slot::{Free, Leased, Slot};
use super::{BATCH, Instances};
use crate::component_set::{CloseOutcome, ComponentSet, Deadline};
use crate::function::CloseReason;
use crate::unwind;

/// The right to be one of the instances that are closed at once.
pub(super) type Permit = OwnedSemaphorePermit;

impl Instances {
    /// Closes what a slot has just given up, on a task that waits for its permit unless it is given one.
    pub(super) fn close(
        self: &Arc<Self>,
        slot: Arc<Slot>,
        set: Arc<ComponentSet>,
        reason: CloseReason,
        permit: Option<Permit>,
    ) {
        self.tasks.spawn(close(self.clone(), slot, set, reason, permit));
    }

    /// A permit for one close more; none from the drain deadline on, when there is no time to wait for one. A caller that
    /// has many instances to close waits for it before each of them begins to close, so that their users can use them
    /// meanwhile.
    pub(super) async fn close_permit(&self) -> Option<Permit> {
        tokio::select! {
            // The semaphore is never closed.
            permit = self.closes.clone().acquire_owned() => permit.ok(),
            () = self.forced.cancelled() => None,
        }
    }

    /// Refuses new leases, and closes the instance once it is built and the last lease has ended.
    pub(super) fn close_when_free(self: &Arc<Self>, slot: &Arc<Slot>, reason: CloseReason) {
        if slot.mark(reason) {
            self.close_marked(slot.clone(), reason);
        }
    }

    /// Closes an instance that gives no leases any more, once it is built and the last lease has ended.
    pub(super) fn close_marked(self: &Arc<Self>, slot: Arc<Slot>, reason: CloseReason) {
        self.tasks.spawn(close_marked(self.clone(), slot, reason));
    }

    /// Closes every idle instance; within the bound of closes at once, and giving others their turn.
    pub(super) async fn close_idle(self: &Arc<Self>, reason: CloseReason) {
        for count in 1_usize.. {
            let permit = self.close_permit().await;
            let Some((slot, set)) = self.index.close_longest_idle() else { return };
            self.close(slot, set, reason, permit);
            if count % BATCH == 0 {
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn close_marked(instances: Arc<Instances>, slot: Arc<Slot>, reason: CloseReason) {
    let mut leased = Leased::Wait;
    loop {
        let changed = slot.changed();
        tokio::pin!(changed);
        changed.as_mut().enable();
        match slot.close_if_free(leased) {
            Some(Free::Close(set)) => return close(instances, slot.clone(), set, reason, None).await,
            Some(Free::Nothing) => return,
            None => {}
        }
        tokio::select! {
            () = changed => {}
            () = instances.forced.cancelled(), if leased == Leased::Wait => leased = Leased::CloseAnyway,
        }
    }
}

async fn close(
    instances: Arc<Instances>,
    slot: Arc<Slot>,
    set: Arc<ComponentSet>,
    reason: CloseReason,
    permit: Option<Permit>,
) {
    let _leaving = Leaving::new(&instances, &slot);
    let outcome = close_components(&instances, &set, reason, &slot, permit).await;
    // The instance goes before its slot does: a successor must not meet what is left of it.
    let_go(set, &slot);
    instances.totals.components_closed(&outcome);
    instances.totals.closed();
    debug!(user = %slot.user(), %reason, "instance closed");
}

/// Closes the components, and returns when no call holds a value of them any more. After a close that ran out of time
/// that can only be a call that blocks its thread. It is waited for without a limit: its user has no successor before
/// then, since two instances at once would be worse than none.
pub(super) async fn close_components(
    instances: &Instances,
    set: &ComponentSet,
    reason: CloseReason,
    slot: &Slot,
    permit: Option<Permit>,
) -> CloseOutcome {
    let permit = match permit {
        Some(permit) => Some(permit),
        None => instances.close_permit().await,
    };
    let deadline = Deadline::within(instances.limits.close_timeout, Some(instances.closed_by.subscribe()));
    let outcome = set.close(reason, deadline, Some(slot.user())).await;
    // Code that blocks a thread must not keep other instances from being closed.
    drop(permit);
    let emptied = set.emptied();
    tokio::pin!(emptied);
    if tokio::time::timeout(Duration::from_secs(1), &mut emptied).await.is_err() {
        warn!(user = %slot.user(), "a call blocks its thread: the user gets no new instance before it returns");
        emptied.await;
    }
    outcome
}

/// Drops what may be left of people's values.
pub(super) fn let_go<T>(remains: T, slot: &Slot) {
    if let Err(text) = unwind::caught(|| drop(remains)) {
        let (id, panic) = unwind::to_report(&text);
        error!(%id, user = %slot.user(), panic, "panicked while what was left of an instance was dropped");
    }
}

/// Takes the slot out of the table when dropped. From there on the user can get another one.
pub(super) struct Leaving<'a> {
    instances: &'a Instances,
    slot: Option<&'a Arc<Slot>>,
}

impl<'a> Leaving<'a> {
    pub(super) fn new(instances: &'a Instances, slot: &'a Arc<Slot>) -> Self {
        Self { instances, slot: Some(slot) }
    }

    /// It does not leave after all.
    pub(super) fn stays(&mut self) {
        self.slot = None;
    }
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            self.instances.index.remove(slot);
            slot.closed();
            // Last: a build that has just inserted it looks whether it is gone.
            self.instances.idle.forget(slot);
        }
    }
}
