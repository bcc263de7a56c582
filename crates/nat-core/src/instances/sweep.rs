//! Looks for idle instances every now and then.

use std::sync::{Arc, Weak};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::slot::Verdict;
use super::{BATCH, Instances};
use crate::function::CloseReason;

/// Sweeps at every interval until the table is gone or shuts down.
pub(super) async fn run(instances: Weak<Instances>, stopping: CancellationToken) {
    let Some(interval) = instances.upgrade().map(|instances| instances.limits.sweep_interval) else { return };
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and there is nothing to sweep yet.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return,
        }
        match instances.upgrade() {
            Some(instances) => instances.sweep().await,
            None => return,
        }
    }
}

impl Instances {
    /// Begins to close every instance that is idle, and sees to it that the others are asked again.
    pub(crate) async fn sweep(self: &Arc<Self>) {
        loop {
            let expired = self.idle.take_expired();
            if expired.is_empty() {
                return;
            }
            for batch in expired.chunks(BATCH) {
                for slot in batch {
                    match slot.close_if_idle(self.limits.idle_timeout) {
                        Verdict::Close(set) => self.close(slot.clone(), set, CloseReason::Idle),
                        Verdict::NotYet(remaining) => self.idle.ask_again(slot.clone(), remaining),
                        Verdict::Awaited | Verdict::Gone => {}
                    }
                }
                tokio::task::yield_now().await;
            }
        }
    }
}
