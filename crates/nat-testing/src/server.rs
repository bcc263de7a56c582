//! A file behind HTTP, on a port of the test's own.

mod client;

pub use client::{TestClient, TestEvents, TestResponse};

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use nat_core::config::{Config, FrontEndSettings};
use nat_core::{CancellationToken, ShutdownReport};
use nat_server::HttpConfig;
use nat_server::{ServeReport, Server};
use tokio::task::JoinHandle;

use crate::{Lifecycle, SetupError, TestWorkflow};

/// A workflow file that is served on a free port of 127.0.0.1, as `nat serve` does it.
///
/// [`TestServer::stop`] ends it gracefully: running requests finish, and every instance is closed. Dropping it begins
/// the same, which goes on in the background for as long as the test's runtime runs; a test that ends there cuts it
/// short.
///
/// Sockets do not follow a paused clock: use it in tests without `start_paused`.
///
/// ```
/// use nat_testing::{MockFunction, TestWorkflow};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let shout = MockFunction::new(|_ctx, text: String| async move { Ok(text.to_uppercase()) }).per_user();
/// let server = TestWorkflow::builder().mock("workflow", &shout).serve().await.unwrap();
///
/// let response = server.user("alice").post_json("/generate", json!({"value": "hello"})).await.unwrap();
/// assert_eq!((response.status(), response.json()), (200, json!({"value": "HELLO"})));
///
/// server.stop().await;
/// # }
/// ```
pub struct TestServer {
    workflow: TestWorkflow,
    address: SocketAddr,
    stop: CancellationToken,
    serving: Option<JoinHandle<ServeReport>>,
}

/// How a server of a test ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct StopReport {
    /// Connections with a request that had not ended when the drain was over.
    pub dropped_connections: usize,
    /// Calls without a client that had not ended when the drain was over.
    pub dropped_calls: usize,
    /// The end of the workflow.
    pub workflow: ShutdownReport,
    /// The builds and closes of its components.
    pub lifecycle: Lifecycle,
}

impl TestServer {
    /// Serves the text of a workflow file. [`TestWorkflow::builder`] makes a server with mocks or other changes.
    ///
    /// # Errors
    ///
    /// As [`TestWorkflowBuilder::serve`](crate::TestWorkflowBuilder::serve).
    pub async fn start(yaml: impl Into<String>) -> Result<Self, SetupError> {
        TestWorkflow::builder().yaml(yaml).serve().await
    }

    /// Serves a workflow file. Cargo runs the tests of a package in its folder, to which the path is relative.
    ///
    /// # Errors
    ///
    /// As [`TestServer::start`].
    pub async fn from_file(path: impl Into<PathBuf>) -> Result<Self, SetupError> {
        TestWorkflow::builder().file(path).serve().await
    }

    pub(crate) async fn over(workflow: TestWorkflow) -> Result<Self, SetupError> {
        let config = on_a_free_port(workflow.config().clone());
        let server = match Server::bind(&config).await {
            Ok(server) => server,
            Err(error) => {
                workflow.shutdown().await;
                return Err(SetupError::Server(error.to_string()));
            }
        };
        let address = *server.addresses().first().expect("a server that is bound has an address");
        let stop = CancellationToken::new();
        let serving = tokio::spawn(server.run(workflow.runtime().clone(), stop.clone().cancelled_owned()));
        Ok(Self { workflow, address, stop, serving: Some(serving) })
    }

    /// The address that it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path, such as `/generate`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A client whose requests carry the session cookie of a user. It is the user whom
    /// [`TestWorkflow::user`] calls by the same name.
    pub fn user(&self, name: &str) -> TestClient {
        self.client().header("cookie", format!("nat-session={name}"))
    }

    /// A client whose requests name no user.
    pub fn client(&self) -> TestClient {
        TestClient::new(self.address)
    }

    /// The workflow that is served: its users, to evict them, and its builds and closes.
    pub fn workflow(&self) -> &TestWorkflow {
        &self.workflow
    }

    /// The builds and closes of its components.
    pub fn lifecycle(&self) -> &Lifecycle {
        self.workflow.lifecycle()
    }

    /// Stops: running requests finish within `general.shutdown_timeout`, and every instance is closed.
    ///
    /// # Panics
    ///
    /// When the server itself panicked.
    pub async fn stop(mut self) -> StopReport {
        self.stop.cancel();
        let serving = self.serving.take().expect("a server is stopped once");
        let report = serving.await.unwrap_or_else(|error| panic!("the server failed: {error}"));
        StopReport {
            dropped_connections: report.dropped_connections,
            dropped_calls: report.dropped_calls,
            workflow: report.runtime,
            lifecycle: self.workflow.lifecycle().clone(),
        }
    }
}

fn on_a_free_port(mut config: Config) -> Config {
    let mut front_end = config.general.front_end.get::<HttpConfig>().cloned().unwrap_or_default();
    (front_end.host, front_end.port) = ("127.0.0.1".to_owned(), 0);
    config.general.front_end = FrontEndSettings::of(front_end);
    config
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer").field("address", &self.address).finish_non_exhaustive()
    }
}
