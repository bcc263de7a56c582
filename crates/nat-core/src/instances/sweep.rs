//! Looks for idle instances every now and then, and at a stop for all of them at once.

use std::sync::{Arc, Weak};

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::newcomers::Newcomers;
use super::slot::Verdict;
use super::{BATCH, Instances};
use crate::function::CloseReason;

/// Sweeps at every interval until the table is gone or shuts down.
pub(super) async fn run(
    instances: Weak<Instances>,
    newcomers: Arc<Newcomers>,
    stopping: CancellationToken,
    gone: CancellationToken,
) {
    let Some(interval) = instances.upgrade().map(|instances| instances.limits.sweep_interval) else { return };
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and there is nothing to sweep yet.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return close_as_they_become_idle(instances, newcomers, gone).await,
            () = gone.cancelled() => return,
        }
        let Some(instances) = instances.upgrade() else { return };
        // What a stop interrupts here is found in the index.
        tokio::select! {
            () = instances.sweep() => {}
            () = stopping.cancelled() => {}
            () = gone.cancelled() => return,
        }
    }
}

/// From the announcement of a stop to the stop itself, nobody's idle time is waited for.
async fn close_as_they_become_idle(instances: Weak<Instances>, newcomers: Arc<Newcomers>, gone: CancellationToken) {
    // It is told what newcomers are told, of whom there are none any more.
    let Some(waiting) = newcomers.wait(usize::MAX) else { return };
    loop {
        let told = waiting.told();
        tokio::pin!(told);
        told.as_mut().enable();
        match instances.upgrade() {
            Some(instances) => instances.close_idle(CloseReason::ShuttingDown).await,
            None => return,
        }
        tokio::select! {
            () = told => {}
            () = gone.cancelled() => return,
        }
    }
}

impl Instances {
    /// Begins to close every instance that is idle, and sees to it that the others are asked again.
    pub(crate) async fn sweep(self: &Arc<Self>) {
        loop {
            // moka lets entries go for up to 100 ms at a time, on a thread that no request waits for.
            let idle = self.idle.clone();
            let Ok(expired) = tokio::task::spawn_blocking(move || idle.take_expired()).await else { return };
            if expired.is_empty() {
                return;
            }
            for (count, slot) in (1_usize..).zip(expired) {
                let permit = self.close_permit().await;
                match slot.close_if_idle(self.limits.idle_timeout) {
                    Verdict::Close(set) => self.close(slot, set, CloseReason::Idle, permit),
                    Verdict::NotYet(remaining) => self.idle.ask_again(slot, remaining),
                    Verdict::Awaited | Verdict::Gone => {}
                }
                if count % BATCH == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}
