//! Everything that runs for one file: started whole, or not at all; stopped in order.

#[cfg(test)]
mod tests;

use std::fmt;
use std::num::{NonZeroU16, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::component_set::{ComponentSet, Deadline};
use crate::config::Config;
use crate::function::CloseReason;
use crate::graph::{EntryName, GraphError, Plan};
use crate::instances::{GateLimits, InstanceLimits, Instances, LONGEST, SharedGate};
use crate::lifecycle::{ComponentObserver, Observed};
use crate::metrics::{InstanceTotals, UserPage, UserReport};
use crate::registry::Registry;
use crate::workflow::Workflow;
use crate::{Error, UserId, shared};

/// A running workflow file. A clone is cheap and the same runtime.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    plan: Arc<Plan>,
    shared: Arc<ComponentSet>,
    instances: Arc<Instances>,
    entries: Vec<Workflow>,
    limits: InstanceLimits,
    shared_calls: TaskTracker,
    /// The end of the shared components, once it has begun.
    shared_closed: Mutex<Option<Shared<BoxFuture<'static, ()>>>>,
    stopping: CancellationToken,
}

/// Why a file does not run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Its components do not fit together. All that is wrong.
    Graph(Vec<GraphError>),
    /// It has no `workflow`, so there is nothing to serve.
    NoWorkflow,
    /// A shared component could not be built; those before it have been closed.
    Build {
        /// The component.
        component: String,
        /// Its error.
        error: Error,
    },
    /// A stop was asked for meanwhile; what had been built has been closed.
    Interrupted,
}

/// What happened at the end.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Instances over the whole run.
    pub instances: InstanceTotals,
    /// Users whose instance did not close because their code blocks its thread.
    pub unclosed: Vec<UserId>,
}

impl Runtime {
    /// Checks the dependency graph, builds the shared components in dependency order, and opens the
    /// table of instances. No per-user component is built.
    ///
    /// Firing `stopping` while this runs makes it close what it has built and return; firing it later
    /// is the same as [`Runtime::begin_shutdown`].
    ///
    /// # Errors
    ///
    /// See [`StartError`]. Whatever was built has been closed then.
    ///
    /// # Cancellation
    ///
    /// Dropping the future is a stop as well: a task of its own aborts the build and closes what was built.
    pub async fn start(config: &Config, registry: &Registry, stopping: CancellationToken) -> Result<Self, StartError> {
        Self::start_observed(config, registry, stopping, None).await
    }

    /// [`Runtime::start`], with an observer of each build and close of a component. For test kits.
    #[doc(hidden)]
    pub async fn start_observed(
        config: &Config,
        registry: &Registry,
        stopping: CancellationToken,
        observer: Option<ComponentObserver>,
    ) -> Result<Self, StartError> {
        let (mut plan, warnings) = Plan::resolve(config, registry).map_err(StartError::Graph)?;
        plan.observed = Observed(observer);
        let plan = Arc::new(plan);
        for warning in warnings {
            warn!("{}", warning.as_error().message);
        }
        if plan.entry(&EntryName::Workflow).is_none() {
            return Err(StartError::NoWorkflow);
        }
        let limits = InstanceLimits::from(&config.general);
        let shared = shared::build(&plan, &limits, &stopping).await?;
        let instances = Instances::new(plan.clone(), shared.clone(), limits.clone(), stopping.clone());
        let shared_calls = TaskTracker::new();
        let workflow = |entry: &Arc<crate::graph::Entry>| Workflow {
            entry: entry.clone(),
            instances: instances.clone(),
            shared: shared.clone(),
            shared_calls: shared_calls.clone(),
            gate: SharedGate::new(GateLimits::new(&limits)).into(),
            queue_timeout: limits.queue_timeout,
            stopping: stopping.clone(),
            // A file's value is more than zero; a program may have put one there.
            max_call_depth: NonZeroU16::new(config.general.max_call_depth).unwrap_or(NonZeroU16::MIN),
        };
        let entries = plan.entries().iter().map(workflow).collect();
        let shared_closed = Mutex::default();
        let inner = Inner { plan, shared, instances, entries, limits, shared_calls, shared_closed, stopping };
        Ok(Self(Arc::new(inner)))
    }

    /// Checks everything about the components of `config` that can be checked without building them.
    /// Gives the warnings.
    ///
    /// # Errors
    ///
    /// All that is wrong with the dependencies.
    pub fn check(config: &Config, registry: &Registry) -> Result<Vec<String>, Vec<GraphError>> {
        let (_, warnings) = Plan::resolve(config, registry)?;
        Ok(warnings.into_iter().map(|warning| warning.as_error().message.clone()).collect())
    }

    /// The workflow of the file, or the function that an endpoint names.
    pub fn workflow(&self, entry: &EntryName) -> Option<Workflow> {
        self.0.entries.iter().find(|workflow| workflow.entry() == entry).cloned()
    }

    /// One entry for each user with an instance, in order of creation; with `only`, for the user whose
    /// id is exactly that text. Touches nobody.
    pub fn users(&self, only: Option<&str>) -> Vec<UserReport> {
        match only {
            None => self.0.instances.reports(None),
            Some(text) => UserId::shown_as(text).iter().flat_map(|user| self.0.instances.reports(Some(user))).collect(),
        }
    }

    /// At most `limit` of them, for a list that is too long to be read at once. The first page is `from` 0;
    /// each says where the next one begins. Who gets another instance between two pages is in both: it is
    /// another one.
    pub fn users_page(&self, from: u64, limit: NonZeroUsize) -> UserPage {
        self.0.instances.report_page(from, limit.get())
    }

    /// Instances built and closed so far.
    pub fn totals(&self) -> InstanceTotals {
        self.0.instances.totals().now()
    }

    /// Ends the user's instance as soon as nothing uses it; requests that come meanwhile wait and get
    /// a new one. Returns when it is closed; says whether there was one.
    pub async fn close_user(&self, user: &UserId) -> bool {
        self.0.instances.invalidate(user).await
    }

    /// [`Runtime::close_user`] with the reason of an idle user, as if the user had made no request for
    /// `general.per_user_workflow_timeout`. For test kits: the idle cache reads the machine's clock, which no test can
    /// advance.
    #[doc(hidden)]
    pub async fn evict_user(&self, user: &UserId) -> bool {
        self.0.instances.end_instance(user, CloseReason::Idle).await
    }

    /// Announces the stop: builds nothing from here on, so that a user without an instance is refused; tells running
    /// calls ([`Context::stopping`](crate::Context::stopping)); and closes the instances of idle users, as many at once
    /// as `general.max_concurrent_closes` allows. Users with a running call are served until [`Runtime::shutdown`] or
    /// until they are idle.
    pub fn begin_shutdown(&self) {
        self.0.stopping.cancel();
    }

    /// Refuses new sessions, waits for running ones (of users and of shared workflows) for at most `drain`, closes
    /// every user's instance and then the shared components, each exactly once. What has not ended by then is closed
    /// under its calls within `general.close_timeout`, so that the whole takes no longer than both together, and a
    /// quarter of a second. Whoever calls it again while it runs, or later, waits for the same end.
    ///
    /// # Cancellation
    ///
    /// Dropping the future leaves open what is not closed yet, and sessions refused: call it again.
    pub async fn shutdown(&self, drain: Duration) -> ShutdownReport {
        self.begin_shutdown();
        // From here on a shared call is refused, or counted in what is waited for.
        self.0.instances.end();
        self.0.shared_calls.close();
        let (close_timeout, deadline) = (self.0.limits.close_timeout, Instant::now() + drain.min(LONGEST));
        // The shared components close last, and must not be left without time for it.
        let for_shared = if self.0.shared.len() == 0 { Duration::ZERO } else { close_timeout / 4 };
        let instances = self.0.instances.shutdown(deadline, close_timeout - for_shared);
        let calls = tokio::time::timeout_at(deadline, self.0.shared_calls.wait());
        let (unclosed, _) = tokio::join!(instances, calls);
        let left = (deadline + close_timeout).saturating_duration_since(Instant::now());
        self.close_shared(left.clamp(for_shared, close_timeout), &unclosed).await;
        ShutdownReport { instances: self.totals(), unclosed }
    }

    /// Closes the shared components once, on a task of their own: a caller that leaves does not cut their closes short.
    async fn close_shared(&self, limit: Duration, unclosed: &[UserId]) {
        let closed = {
            let mut closed = self.0.shared_closed.lock();
            let close = || {
                for user in unclosed {
                    warn!(%user, "the instance was not closed: its code blocks its thread");
                }
                let (shared, instances) = (self.0.shared.clone(), self.0.instances.clone());
                let task = tokio::spawn(async move {
                    let deadline = Deadline::within(limit, None);
                    let outcome = shared.close(CloseReason::ShuttingDown, deadline, None).await;
                    instances.totals().components_closed(&outcome);
                    info!("All SessionManagers cleaned up");
                });
                task.map(drop).boxed().shared()
            };
            closed.get_or_insert_with(close).clone()
        };
        closed.await;
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Graph(errors) => {
                let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&errors.join("; "))
            }
            Self::NoWorkflow => f.write_str("the file has no `workflow`: add one, with the `_type` of a function"),
            Self::Build { error, .. } => error.fmt(f),
            Self::Interrupted => f.write_str("stopped before the start was complete"),
        }
    }
}

impl std::error::Error for StartError {}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("plan", &self.0.plan).finish_non_exhaustive()
    }
}
