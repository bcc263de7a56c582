//! A file that runs without a server.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use nat_core::config::Config;
use nat_core::{InstanceTotals, Runtime, ShutdownReport, UserReport};

use crate::{Lifecycle, SetupError, TestUser, TestUserName, TestWorkflowBuilder};

/// A workflow file that runs in the test, without a socket. A clone is the same workflow.
///
/// Dropping the last clone closes nothing: [`TestWorkflow::shutdown`] does. Called within a tokio runtime; with
/// `#[tokio::test(start_paused = true)]` the timeouts of the file pass at once when nothing else can run.
///
/// ```
/// use nat_testing::{MockFunction, TestWorkflow};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // Here a mock stands for a function that the crate under test registers as `greeter`.
/// let greeter = MockFunction::new(|_ctx, name: String| async move { Ok(format!("Hello, {name}")) }).per_user();
/// let file = "workflow: {_type: greeter}";
/// let workflow = TestWorkflow::builder().yaml(file).mock("workflow", &greeter).start().await.unwrap();
///
/// let (alice, bob) = (workflow.user("alice"), workflow.user("bob"));
/// assert_eq!(alice.call(json!({"value": "A"})).await.unwrap(), json!({"value": "Hello, A"}));
/// assert_eq!(bob.call(json!({"value": "B"})).await.unwrap(), json!({"value": "Hello, B"}));
/// assert!(workflow.evict("alice").await);
/// assert_eq!(workflow.lifecycle().of_user("alice"), ["built <workflow>", "closed <workflow> (idle)"]);
///
/// workflow.shutdown().await;
/// workflow.lifecycle().assert_all_closed();
/// # }
/// ```
#[derive(Clone)]
pub struct TestWorkflow(Arc<Inner>);

struct Inner {
    runtime: Runtime,
    config: Config,
    lifecycle: Lifecycle,
    /// The mocks, for builds to come.
    _mocks: Vec<Arc<dyn Send + Sync>>,
}

impl TestWorkflow {
    pub(crate) fn new(
        runtime: Runtime,
        config: Config,
        lifecycle: Lifecycle,
        mocks: Vec<Arc<dyn Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { runtime, config, lifecycle, _mocks: mocks }))
    }

    /// A workflow with mocks or other changes.
    pub fn builder() -> TestWorkflowBuilder {
        TestWorkflowBuilder::default()
    }

    /// Starts the text of a workflow file.
    ///
    /// # Errors
    ///
    /// As [`TestWorkflowBuilder::start`].
    pub async fn from_yaml(text: impl Into<String>) -> Result<Self, SetupError> {
        Self::builder().yaml(text).start().await
    }

    /// Starts a workflow file. Cargo runs the tests of a package in its folder, to which the path is relative.
    ///
    /// # Errors
    ///
    /// As [`TestWorkflowBuilder::start`].
    pub async fn from_file(path: impl Into<PathBuf>) -> Result<Self, SetupError> {
        Self::builder().file(path).start().await
    }

    /// A user who calls the workflow. The user needs no registration: the first call builds their instance.
    pub fn user(&self, user: impl TestUserName) -> TestUser {
        TestUser::new(self.clone(), Some(user.user_id()))
    }

    /// A caller whose requests name no user: a shared workflow answers, a per-user one refuses.
    pub fn nobody(&self) -> TestUser {
        TestUser::new(self.clone(), None)
    }

    /// Closes the user's instance as if the user had been idle for `general.per_user_workflow_timeout`. Returns when it
    /// is closed, after the last call of the user has ended; false if there was none.
    pub async fn evict(&self, user: impl TestUserName) -> bool {
        self.0.runtime.evict_user(&user.user_id()).await
    }

    /// Closes the user's instance on request, as a log-out does. Otherwise as [`TestWorkflow::evict`].
    pub async fn close_user(&self, user: impl TestUserName) -> bool {
        self.0.runtime.close_user(&user.user_id()).await
    }

    /// Announces a shutdown: [`Context::stopping`](nat_core::Context::stopping) fires, idle instances close, and no
    /// instance is built from here on.
    pub fn begin_shutdown(&self) {
        self.0.runtime.begin_shutdown();
    }

    /// Shuts the workflow down: waits for running calls for at most `general.shutdown_timeout`, then closes all
    /// instances and the shared components. Returns when all of that has ended.
    pub async fn shutdown(&self) -> ShutdownReport {
        self.0.runtime.shutdown(self.0.config.general.shutdown_timeout).await
    }

    /// The builds and closes of its components.
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.0.lifecycle
    }

    /// The number of instances that were built and closed, and of builds and closes that failed.
    pub fn totals(&self) -> InstanceTotals {
        self.0.runtime.totals()
    }

    /// The users that have an instance, in order of creation, with their counters.
    pub fn users(&self) -> Vec<UserReport> {
        self.0.runtime.users(None)
    }

    /// The runtime behind it.
    pub fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// The configuration that it runs.
    pub fn config(&self) -> &Config {
        &self.0.config
    }
}

impl fmt::Debug for TestWorkflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestWorkflow").field("lifecycle", self.lifecycle()).finish_non_exhaustive()
    }
}
