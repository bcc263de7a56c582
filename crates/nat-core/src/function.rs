//! The two traits of functions, for one output and for a stream, and what the runtime makes of them.

mod cell;
mod chunks;
mod erased;
mod from_fn;
mod group;
mod handle;
mod in_flight;
mod manner;
mod object;
mod streaming;
mod tool;

pub(crate) use cell::{FunctionCell, GroupCell, Label};
pub use chunks::Chunks;
pub(crate) use erased::{Access, ErasedFunction, ErasedGroup, GroupMember, Member, Payload};
pub use from_fn::{CloseFn, FromFn, NoClose, from_fn, from_stream_fn};
pub use group::{FunctionGroup, GroupFunction, GroupMethod};
pub use handle::{DynFunctionHandle, FunctionGroupHandle, FunctionHandle, StreamingFunctionHandle};
pub(crate) use manner::{Both, Manner, Single, Streaming};
pub(crate) use object::ObjectCell;
pub use streaming::StreamingFunction;
pub use tool::Tool;

use std::fmt;
use std::future::{Future, ready};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Result};

/// A function with state: built once for everybody, or once for each user.
///
/// The value is the state. `call` may run many times at once (`general.max_running_calls` bounds it
/// for each user), so what changes lives behind a lock or an atomic. `close` takes the value itself:
/// nothing can call it afterwards.
///
/// # Cancellation
///
/// A client that goes away does not cancel its call. A call is dropped at its next await only when
/// the server's drain deadline has passed.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
/// use nat_core::{Context, Function, Result};
///
/// struct Counter(AtomicI64);
///
/// impl Function for Counter {
///     type Input = i64;
///     type Output = i64;
///
///     async fn call(&self, _ctx: &Context, by: i64) -> Result<i64> {
///         Ok(self.0.fetch_add(by, Ordering::Relaxed) + by)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function of the workflow runtime",
    label = "this must implement `nat::Function`",
    note = "return a value of a type with `impl nat::Function for …`, or one made by `nat::from_fn`; what only streams is \
            declared so: `streaming_output_type = …`"
)]
pub trait Function: Send + Sync + Sized + 'static {
    /// What a call takes.
    type Input: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// What a call gives.
    type Output: Serialize + JsonSchema + Send + 'static;

    /// Answers one call.
    ///
    /// # Errors
    ///
    /// Whatever the function says. A panic is caught and answered as an internal error; the
    /// instance lives on.
    fn call(&self, ctx: &Context, input: Self::Input) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Runs once, when the instance ends: after its last call, in reverse build order, within
    /// `general.close_timeout`. Never runs after a crash of the process: persist as you go.
    ///
    /// # Errors
    ///
    /// An error is logged and changes nothing: the instance is gone either way.
    ///
    /// # Cancellation
    ///
    /// At the deadline the future is dropped, and that counts as closed.
    fn close(self, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        drop((self, reason));
        ready(Ok(()))
    }
}

/// Why an instance ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// Its user has been away for `general.per_user_workflow_timeout`, or made room for another
    /// one (`general.max_users`).
    Idle,
    /// The server is shutting down.
    ShuttingDown,
    /// Somebody asked for it, as a log-out does.
    Requested,
    /// A component built after this one failed to build.
    BuildFailed,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::ShuttingDown => "shutting down",
            Self::Requested => "requested",
            Self::BuildFailed => "build failed",
        })
    }
}

/// Whether a component is built once for everybody or once for each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Built when the server starts; one state for all.
    Shared,
    /// Built at a user's first request; each user has their own.
    PerUser,
}
