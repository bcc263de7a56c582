//! The shared components: built once at start, all or none.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::Error;
use crate::assembly::{Assembly, FailedComponent};
use crate::component_set::{ComponentSet, Deadline};
use crate::function::CloseReason;
use crate::graph::{Plan, Planned};
use crate::instances::InstanceLimits;
use crate::runtime::StartError;

/// Builds them in dependency order within `limits.build_timeout`, on a task of their own. One that fails, or a stop,
/// closes those that were built before.
///
/// # Cancellation
///
/// Dropping the future is a stop, too.
pub(crate) async fn build(
    plan: &Arc<Plan>,
    limits: &InstanceLimits,
    stopping: &CancellationToken,
) -> Result<Arc<ComponentSet>, StartError> {
    // The child is cancelled with the start's future, which does not stop what else the token stands for.
    let stopping = stopping.child_token();
    let _dropped = stopping.clone().drop_guard();
    let (answer, built) = oneshot::channel();
    let (taken, unwanted) = oneshot::channel();
    tokio::spawn({
        let (plan, limits) = (plan.clone(), limits.clone());
        async move {
            let built = build_or_close(plan, &limits, &stopping).await;
            let set = built.as_ref().ok().cloned();
            // An answer that has been sent may still be dropped unread.
            let wanted = answer.send(built).is_ok() && unwanted.await.is_ok();
            if let Some(set) = set.filter(|_| !wanted) {
                set.close(CloseReason::BuildFailed, Deadline::within(limits.close_timeout, None), None).await;
            }
        }
    });
    // The task answers unless the runtime ends under it.
    let built = built.await.unwrap_or(Err(StartError::Interrupted));
    let _ = taken.send(());
    built
}

async fn build_or_close(
    plan: Arc<Plan>,
    limits: &InstanceLimits,
    stopping: &CancellationToken,
) -> Result<Arc<ComponentSet>, StartError> {
    let assembly = Assembly::shared(plan);
    let mut task = tokio::spawn({
        let assembly = assembly.clone();
        async move { assembly.build_all().await }
    });
    let failed = tokio::select! {
        ended = &mut task => match ended {
            Ok(Ok(())) => return Ok(Arc::new(assembly.take())),
            Ok(Err(failed)) => Some(failed),
            Err(panic) => {
                let index = assembly.panicked().unwrap_or_default();
                Some(FailedComponent { index, error: Error::runtime(format!("panicked while it was built: {panic}")) })
            }
        },
        () = stopping.cancelled() => {
            task.abort();
            let _ = task.await;
            info!("stopped while the shared components were built");
            None
        }
        () = tokio::time::sleep(limits.build_timeout) => {
            let index = assembly.under_way().unwrap_or_default();
            let name = &assembly.planned(index).label.name;
            let message = format!("building `{name}` took longer than {:?} (general.build_timeout)", limits.build_timeout);
            task.abort();
            // Code that blocks its thread does not hear of it, and must not keep the start from failing.
            let _ = tokio::time::timeout(limits.close_timeout, task).await;
            Some(FailedComponent { index, error: Error::timeout(message) })
        }
    };
    let set = assembly.take();
    if let Some(failed) = &failed {
        report(&assembly, &set, failed);
    }
    set.close(CloseReason::BuildFailed, Deadline::within(limits.close_timeout, None), None).await;
    Err(match failed {
        Some(FailedComponent { index, error }) => {
            StartError::Build { component: assembly.planned(index).label.name.to_string(), error }
        }
        None => StartError::Interrupted,
    })
}

/// What was built, what was not, and why: in the words and order that operators know.
fn report(assembly: &Assembly, built: &ComponentSet, failed: &FailedComponent) {
    let line = |planned: &Planned| format!("- {} ({})", planned.label.name, planned.section());
    let planned = assembly.planned(failed.index);
    error!("Failed to initialize component {} ({})", planned.label.name, planned.section());
    let done: Vec<String> = built.indices().map(|index| line(assembly.planned(index))).collect();
    if done.is_empty() {
        error!("No components were successfully built before this failure");
    } else {
        error!("Successfully built components:");
        done.iter().for_each(|line| error!("{line}"));
    }
    let left: Vec<String> = assembly
        .remaining()
        .into_iter()
        .filter(|index| *index != failed.index)
        .map(|index| line(assembly.planned(index)))
        .collect();
    if left.is_empty() {
        error!("No remaining components to build");
    } else {
        error!("Remaining components to build:");
        left.iter().for_each(|line| error!("{line}"));
    }
    error!("Original error: {}", failed.error);
}
