//! The runtime for per-user functions, without any transport.
//!
//! A *registration* says what a component type is; a *configuration* names components and how they
//! refer to each other; the *graph* orders them and refuses what cannot work; *shared* components are
//! built once at start, *per-user* ones lazily for each user, as one *instance* that lives until its
//! user has been away for long enough. A *session* is one request's access to it.
//!
//! ```text
//! Registration ─┐
//!               ├─ graph ── plan ─┬─ shared components (once)
//! Config ───────┘                 └─ instances (one for each user) ── lease ── session ── call
//! ```
//!
//! This crate knows no HTTP and no command line. People write functions against the facade crate
//! `nat`, which re-exports what they need from here.

#![warn(missing_docs)]

pub mod activity;
mod assembly;
mod builder;
mod component_set;
pub mod config;
mod context;
mod directory;
mod error;
mod function;
mod graph;
mod instances;
mod interface;
mod kind;
mod lifecycle;
mod metrics;
mod moment;
pub mod panics;
mod registration;
mod registry;
mod runtime;
mod session;
mod shared;
mod steps;
#[cfg(test)]
mod testing;
mod unwind;
mod user;
mod workflow;

/// Writes a stream as a generator: `yield` gives a chunk, `?` ends the stream with an error. For
/// [`StreamingFunction::stream`], which shows it.
pub use async_stream::try_stream as stream;
pub use builder::{BuildReason, Builder, Component};
pub use config::{Config, FunctionGroupRef, FunctionRef, ToolRef};
pub use context::{Context, Listening, RequestInfo};
pub use error::{Error, ErrorKind, Result};
pub use function::{
    Chunks, CloseFn, CloseReason, DynFunctionHandle, FromFn, Function, FunctionGroup, FunctionGroupHandle,
    FunctionHandle, NoClose, Scope, StreamingFunction, StreamingFunctionHandle, Tool, from_fn, from_stream_fn,
};
pub use futures_util::Stream;
pub use graph::{DependencyGraph, EntryName, GraphComponent, GraphError, Reach};
pub use instances::{BuildError, BuildFailure, InstanceLimits, OpenError};
pub use interface::{Answers, Interface, InvalidInput, chat_request_schema, decode_chat_request};
pub use kind::{ComponentKind, ComponentRef};
pub use metrics::{InstanceTotals, UserPage, UserReport};
pub use nat_chat::Usage;
pub use registration::{Registration, Site};
pub use registry::{Registered, Registry, RegistryError};
pub use runtime::{Runtime, ShutdownReport, StartError};
pub use session::{CallError, Chunk, Event, EventStream, Input, Output, OutputStream, Session};
pub use steps::{Edge, Span, Step, StepKind, StepPayload};
pub use tokio_util::sync::CancellationToken;
pub use user::UserId;
pub use workflow::Workflow;

/// Access for the test kit, `nat-testing`. Anything here may change.
#[doc(hidden)]
pub mod __testing {
    pub use crate::lifecycle::{ComponentChange, ComponentEvent, ComponentObserver};
}

/// What the attribute macros write against. Not for people: anything here may change.
#[doc(hidden)]
pub mod __private {
    pub use futures_util::future::BoxFuture;
    pub use {inventory, schemars, serde};

    pub use crate::builder::Component;
    pub use crate::config::reference::reference_schema;
    pub use crate::function::{CloseReason, FunctionGroup, GroupFunction, GroupMethod, Scope};
    pub use crate::kind::{ComponentRef, Kind, KindRegistration};
    pub use crate::registration::{
        BuildFn, ConfigType, FunctionTypes, GroupType, Heading, NoSettings, Registration, Settings, Site,
        StreamingTypes,
    };
    pub use crate::{Builder, Context, Result};
}
