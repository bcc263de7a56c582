//! The end of an instance: on its own task, once, and only then is there room for a successor.

use std::sync::Arc;

use tracing::{debug, error};

use super::Instances;
use super::slot::{Free, Leased, Slot};
use crate::component_set::ComponentSet;
use crate::function::CloseReason;
use crate::unwind;

impl Instances {
    /// Closes what a slot has just given up.
    pub(super) fn close(self: &Arc<Self>, slot: Arc<Slot>, set: Arc<ComponentSet>, reason: CloseReason) {
        self.tasks.spawn(close(self.clone(), slot, set, reason));
    }

    /// Refuses new leases, and closes the instance once it is built and the last lease has ended.
    pub(super) fn close_when_free(self: &Arc<Self>, slot: &Arc<Slot>, reason: CloseReason) {
        if !slot.mark(reason) {
            return;
        }
        let (instances, slot) = (self.clone(), slot.clone());
        self.tasks.spawn(async move {
            let mut leased = Leased::Wait;
            loop {
                let changed = slot.changed();
                tokio::pin!(changed);
                changed.as_mut().enable();
                match slot.close_if_free(leased) {
                    Some(Free::Close(set)) => return close(instances, slot.clone(), set, reason).await,
                    Some(Free::Nothing) => return,
                    None => {}
                }
                tokio::select! {
                    () = changed => {}
                    () = instances.forced.cancelled(), if leased == Leased::Wait => leased = Leased::CloseAnyway,
                }
            }
        });
    }
}

async fn close(instances: Arc<Instances>, slot: Arc<Slot>, set: Arc<ComponentSet>, reason: CloseReason) {
    let _leaving = Leaving::new(&instances, &slot);
    let outcome = set.close(reason, instances.limits.close_timeout, Some(slot.user())).await;
    // The instance goes before its slot does: a successor must not meet what is left of it.
    let_go(set, &slot);
    instances.totals.components_closed(&outcome);
    instances.totals.closed();
    debug!(user = %slot.user(), %reason, "instance closed");
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
            self.instances.idle.forget(slot);
            self.instances.index.remove(slot);
            slot.closed();
        }
    }
}
