//! Functions that each of your users has for themselves, served over HTTP.
//!
//! You write plain structs. An attribute on the async function that builds one makes it a component
//! type, which a YAML file names; the `nat` runtime builds one instance for each user at their first
//! request, keeps it while they use it, and closes it when they have been away for long enough.
//!
//! ```standalone_crate
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! use nat::{Builder, CloseReason, Context, Function, register_per_user_function};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// What the file may set.
//! #[derive(Deserialize, JsonSchema)]
//! struct GreeterConfig {
//!     /// How to begin.
//!     greeting: String,
//! }
//!
//! #[derive(Serialize, Deserialize, JsonSchema)]
//! struct Visit {
//!     name: String,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct Welcome {
//!     text: String,
//!     visits: u64,
//! }
//!
//! /// Greets a user, and knows how often they came.
//! #[register_per_user_function(input_type = Visit, single_output_type = Welcome)]
//! async fn greeter(config: GreeterConfig, _builder: &Builder) -> nat::Result<Greeter> {
//!     Ok(Greeter { greeting: config.greeting, visits: AtomicU64::new(0) })
//! }
//!
//! struct Greeter {
//!     greeting: String,
//!     visits: AtomicU64,
//! }
//!
//! impl Function for Greeter {
//!     type Input = Visit;
//!     type Output = Welcome;
//!
//!     async fn call(&self, _ctx: &Context, visit: Visit) -> nat::Result<Welcome> {
//!         let visits = self.visits.fetch_add(1, Ordering::Relaxed) + 1;
//!         Ok(Welcome { text: format!("{}, {}!", self.greeting, visit.name), visits })
//!     }
//!
//!     /// Runs once, when the user's instance ends. Never after a crash: persist as you go.
//!     async fn close(self, _reason: CloseReason) -> nat::Result<()> {
//!         Ok(())
//!     }
//! }
//! # use nat::runtime::{CancellationToken, Config, EntryName, Registry, Runtime};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! #     let file = "workflow: { _type: greeter, greeting: Hello }";
//! #     let registry = Registry::linked().unwrap();
//! #     let config = Config::parse(file, None, &registry).unwrap();
//! #     let runtime = Runtime::start(&config, &registry, CancellationToken::new()).await.unwrap();
//! #     let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
//! #     for (user, answer) in [
//! #         ("alice", r#"{"text":"Hello, Al!","visits":1}"#),
//! #         ("alice", r#"{"text":"Hello, Al!","visits":2}"#),
//! #         ("bob", r#"{"text":"Hello, Al!","visits":1}"#),
//! #     ] {
//! #         let input = workflow.decode(br#"{"name":"Al"}"#).unwrap();
//! #         let mut session = workflow.open(Some(nat::UserId::derived(user))).await.unwrap();
//! #         assert_eq!(session.call(None, input).await.unwrap().into_json().unwrap(), answer);
//! #     }
//! # }
//! ```
//!
//! ```yaml
//! workflow:
//!   _type: greeter
//!   greeting: Hello
//! ```
//!
//! # What to reach for
//!
//! - [`register_per_user_function`]: one state for each user.
//! - [`register_function`]: one state for all of them, built when the server starts.
//! - [`register_per_user_function_group`] and [`register_function_group`], with [`functions`]:
//!   several functions over one state.
//! - [`StreamingFunction`] with [`stream!`](macro@stream): a function that answers piece by piece.
//! - [`from_fn`] and [`from_stream_fn`]: a function too small for a type of its own.
//! - [`FunctionRef`] in a config type, and [`Builder::get_function`]: functions that call others. What
//!   is shared cannot use what is per user; the file is refused before anything is built.
//! - [`Context`]: who asks, and what of the request is theirs to see. It is made anew for each request.
//! - [`Context::span`]: what whoever watches a request is told of its progress.
//! - [`chat`]: conversations in OpenAI's form. A function that takes and gives text is served by chat routes as it is.
//! - [`Error`]: what the client reads, and what only the log does.
//!
//! # Input, output, settings
//!
//! | type | needs |
//! |---|---|
//! | input | `#[derive(Serialize, Deserialize, JsonSchema)]` |
//! | output, chunk | `#[derive(Serialize, JsonSchema)]` |
//! | settings | `#[derive(Deserialize, JsonSchema)]`, or `()` when there are none |
//!
//! A length of time among the settings is a [`TimeSpan`], which a file writes as `90`, `30m` or `PT1H`.
//!
//! Plain types such as `String`, `i64` or `Vec<String>` work as they are. A request carries a plain
//! input in the field that `input_name` gives (`value` by default), an answer a plain output in `value`.
//!
//! # Unit tests
//!
//! A function is a struct: make one, and call it with [`Context::for_test`]. With the feature `testing`, the module
//! `testing` gives contexts with headers and conversations, runs a file for several users without a server, replaces
//! functions by mocks, and asserts what was built and closed.
#![warn(missing_docs)]

mod attributes;
pub mod front_end;
pub mod runtime;
mod seen;
#[cfg(feature = "testing")]
pub mod testing;

pub use attributes::*;
pub use nat_chat as chat;
pub use nat_core::{
    BuildReason, Builder, Chunks, CloseFn, CloseReason, ComponentKind, ComponentRef, Context, DynFunctionHandle, Error,
    ErrorKind, FromFn, Function, FunctionGroup, FunctionGroupHandle, FunctionGroupRef, FunctionHandle, FunctionRef,
    Listening, NoClose, RequestInfo, Result, Scope, Span, Stream, StreamingFunction, StreamingFunctionHandle, Tool,
    ToolRef, Usage, UserId, component_kind, from_fn, from_stream_fn, stream,
};
pub use nat_schema::duration::TimeSpan;

/// What the attributes write against. Not for people: anything here may change.
#[doc(hidden)]
pub mod __private {
    pub use nat_core::__private::*;

    pub use crate::seen::{IsAResult, IsTheBuilder, IsTheCloseReason, IsTheContext, must_be_a_result};
}
