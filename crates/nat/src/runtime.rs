//! Running a file inside one's own program or test, without a server.
//!
//! ```standalone_crate
//! use nat::runtime::{CancellationToken, Config, EntryName, Registry, Runtime};
//! use nat::{Builder, Function, UserId, from_fn, register_per_user_function};
//! use std::sync::atomic::{AtomicI64, Ordering};
//!
//! #[register_per_user_function(input_type = i64, single_output_type = i64)]
//! async fn counter(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
//!     Ok(from_fn(AtomicI64::new(0), |total, _ctx, by: i64| async move {
//!         Ok(total.fetch_add(by, Ordering::Relaxed) + by)
//!     }))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let registry = Registry::linked().expect("each type name is used once");
//! let config = Config::parse("workflow: { _type: counter }", None, &registry).expect("the file is right");
//! let runtime = Runtime::start(&config, &registry, CancellationToken::new()).await.expect("it starts");
//! let workflow = runtime.workflow(&EntryName::Workflow).expect("the file has a workflow");
//!
//! let input = workflow.decode(br#"{"value":5}"#).expect("a number");
//! let mut session = workflow.open(Some(UserId::derived("alice"))).await.expect("the instance builds");
//! let output = session.call(None, input).await.expect("it can add");
//! assert_eq!(output.into_json().expect("numbers are JSON"), r#"{"value":5}"#);
//! # }
//! ```

pub use nat_config::ConfigErrors;
pub use nat_core::{
    Answers, BuildError, BuildFailure, CallError, CancellationToken, Chunk, ComponentKind, Config, Edge, EntryName,
    Event, EventStream, GraphError, Input, InstanceTotals, Interface, InvalidInput, OpenError, Output, OutputStream,
    Registered, Registration, Registry, RegistryError, Runtime, Session, ShutdownReport, Site, StartError, Step,
    StepKind, StepPayload, UserPage, UserReport, Workflow,
};
pub use nat_schema::CompiledSchema;
