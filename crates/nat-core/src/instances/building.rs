//! One build, on its own task, with a deadline: everybody waits for this one, and nobody's leaving stops it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinError};
use tracing::{debug, error, info, warn};

use super::failure::{BuildError, BuildFailure, OpenError};
use super::slot::Slot;
use super::{Instances, closing};
use crate::assembly::{Assembly, FailedComponent};
use crate::function::CloseReason;
use crate::{Error, Result, unwind};

/// Builds the instance of a fresh slot, and tells the slot how it went.
pub(super) async fn run(instances: Arc<Instances>, slot: Arc<Slot>) {
    // The slot goes however this ends, or its user could never have another one.
    let mut leaving = closing::Leaving::new(&instances, &slot);
    match instances.admit().await {
        Ok(place) => slot.admitted(place),
        Err(full) => return slot.fail(full),
    }
    let assembly = Assembly::per_user(instances.plan.clone(), instances.shared.clone(), slot.user().clone());
    let built = tokio::select! {
        biased;
        () = instances.stopping.cancelled() => return slot.fail(OpenError::ShuttingDown),
        permit = tokio::time::timeout(instances.limits.build_timeout, instances.builds.acquire()) => match permit {
            Ok(Ok(_permit)) => build(&instances, &slot, &assembly).await,
            _ => Err((no_place(&instances), None)),
        },
    };
    match built {
        Ok(()) => {
            instances.pacing.succeeded(slot.user());
            instances.totals.built();
            debug!(user = %slot.user(), "instance built");
            slot.go_live(Arc::new(assembly.take()));
            leaving.stays();
            // Only when it lives: a sweep that asks a slot before then hears that there is nothing to close, and the
            // cache says so only once.
            instances.idle.insert(&slot);
            if slot.is_gone() {
                // It made room for somebody else meanwhile.
                instances.idle.forget(&slot);
            }
        }
        Err((failure, ending)) => {
            // Everybody who waits is told at once; the slot stays until what was built has closed.
            let failure = instances.pacing.failed(slot.user(), failure);
            instances.totals.build_failed();
            slot.fail(OpenError::Build(failure));
            if let Some(ending) = ending {
                ending.wait().await;
            }
            let set = assembly.take();
            if set.len() > 0 {
                let outcome = closing::close_components(&instances, &set, CloseReason::BuildFailed, &slot, None).await;
                instances.totals.components_closed(&outcome);
            }
            closing::let_go(set, &slot);
        }
    }
}

/// A build task that was told to stop, and has not necessarily done so: code that blocks its thread
/// goes on until it returns.
struct Ending(tokio::task::JoinHandle<Result<(), FailedComponent>>);

impl Ending {
    async fn wait(self) {
        // However it ended: what it finished is in the assembly.
        let _ = self.0.await;
    }
}

/// Aborts the build when the supervising task itself is dropped, as at the end of the runtime.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn build(
    instances: &Instances,
    slot: &Slot,
    assembly: &Arc<Assembly>,
) -> Result<(), (BuildError, Option<Ending>)> {
    let limit = instances.limits.build_timeout;
    let mut task = tokio::spawn({
        let assembly = assembly.clone();
        async move { assembly.build_all().await }
    });
    let _abort = AbortOnDrop(task.abort_handle());
    let stopped = tokio::select! {
        ended = &mut task => {
            return match ended {
                Ok(Ok(())) => Ok(()),
                Ok(Err(failed)) => Err((failed_component(slot, assembly, &failed), None)),
                Err(panic) => Err((panicked(slot, assembly, panic), None)),
            };
        }
        () = tokio::time::sleep(limit) => timed_out(slot, assembly, limit),
        () = instances.forced.cancelled() => aborted(),
    };
    task.abort();
    Err((stopped, Some(Ending(task))))
}

fn failed_component(slot: &Slot, assembly: &Assembly, failed: &FailedComponent) -> BuildError {
    let component = &assembly.planned(failed.index).label.name;
    warn!(user = %slot.user(), %component, error = %failed.error, "failed to build the user's instance");
    BuildError { error: failed.error.clone(), cause: BuildFailure::Failed, retry_after: None }
}

fn panicked(slot: &Slot, assembly: &Assembly, ended: JoinError) -> BuildError {
    let text = ended.try_into_panic().map_or_else(|ended| ended.to_string(), unwind::text);
    let (id, panic) = unwind::to_report(&text);
    let component = assembly.panicked().map(|index| &*assembly.planned(index).label.name).unwrap_or_default();
    error!(user = %slot.user(), %id, component, panic, "a component panicked while the user's instance was built");
    let error = Error::runtime(format!("a component panicked while it was built: {text}"));
    let error = error.public(format!("internal error {id}"));
    BuildError { error, cause: BuildFailure::Panicked, retry_after: None }
}

fn timed_out(slot: &Slot, assembly: &Assembly, limit: Duration) -> BuildError {
    let component = assembly.under_way().map(|index| &*assembly.planned(index).label.name).unwrap_or_default();
    warn!(user = %slot.user(), %component, build_timeout = ?limit, "the build took too long and was aborted");
    let error = Error::timeout(format!("building `{component}` took longer than {limit:?} (general.build_timeout)"));
    BuildError { error, cause: BuildFailure::TimedOut, retry_after: None }
}

fn no_place(instances: &Instances) -> BuildError {
    let limit = instances.limits.concurrent_builds;
    let message = format!("{limit} instances are being built already (general.max_concurrent_builds); try again later");
    let retry_after = Some(Duration::from_secs(1));
    BuildError { error: Error::timeout(message), cause: BuildFailure::NoPlace, retry_after }
}

fn aborted() -> BuildError {
    info!("a build was aborted: the drain deadline has passed");
    let error = Error::runtime("the server is shutting down");
    BuildError { error, cause: BuildFailure::Aborted, retry_after: None }
}
