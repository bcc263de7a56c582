//! Tests of functions and workflow files: from one call to a server on a port.
//!
//! - [`TestContext`]: a context for a function that the test makes by hand.
//! - [`TestWorkflow`] and [`TestUser`]: a file that runs without a server, called by several users, in JSON, in Rust
//!   types, as a stream, as a chat; with the steps that a call emits.
//! - [`MockFunction`] and [`MockPhase`]: functions in the place of those of the file, whose builds, calls and closes the
//!   test holds, releases and fails.
//! - [`Lifecycle`]: the builds and closes so far, and assertions on them.
#![cfg_attr(feature = "server", doc = "- [`TestServer`] and [`TestClient`]: the file behind HTTP, on a free port.")]
//!
//! Functions are written against `nat`, whose feature `testing` re-exports this crate as `nat::testing`; the feature
//! `testing-server` adds the server.
//!
//! Waits of this crate (`until…`) end with a panic after a minute of tokio's time. With
//! `#[tokio::test(start_paused = true)]`, that minute passes as soon as nothing can run any more, so that a test which
//! waits in vain fails at once.

#![warn(missing_docs)]

mod builder;
mod context;
mod error;
mod lifecycle;
mod mock;
mod request;
#[cfg(feature = "server")]
mod server;
mod user;
mod user_name;
mod workflow;

pub use builder::TestWorkflowBuilder;
pub use context::TestContext;
pub use error::{CallFailure, SetupError};
pub use lifecycle::{Lifecycle, LifecycleEvent};
pub use mock::{MockFunction, MockPhase, ReceivedCall};
pub use nat_core::{CancellationToken, InstanceTotals, ShutdownReport, Step, StepKind, UserReport};
#[cfg(feature = "server")]
pub use server::{StopReport, TestClient, TestEvents, TestResponse, TestServer};
pub use user::{RecordedCall, TestStream, TestUser};
pub use user_name::TestUserName;
pub use workflow::TestWorkflow;
