//! The shared components: built once at start, all or none.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::Error;
use crate::assembly::{Assembly, FailedComponent};
use crate::component_set::ComponentSet;
use crate::function::CloseReason;
use crate::graph::{Plan, Planned};
use crate::runtime::StartError;

/// Builds them in dependency order, on a task of their own. One that fails, or a stop, closes those
/// that were built before.
pub(crate) async fn build(
    plan: &Arc<Plan>,
    close_timeout: Duration,
    stopping: &CancellationToken,
) -> Result<Arc<ComponentSet>, StartError> {
    let assembly = Assembly::shared(plan.clone());
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
    };
    let set = assembly.take();
    if let Some(failed) = &failed {
        report(&assembly, &set, failed);
    }
    set.close(CloseReason::BuildFailed, close_timeout, None).await;
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
