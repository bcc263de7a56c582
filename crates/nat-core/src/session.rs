//! One request's access to a function: opened, called, and given back when dropped.

mod answer;
mod stream;
#[cfg(test)]
mod tests;

pub use answer::{CallError, Chunk, Output};
pub use stream::{Event, EventStream, OutputStream};

use std::any::Any;
use std::fmt;
use std::num::NonZeroU16;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{self as streams, BoxStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tracing::{debug, error};

use crate::activity::{self, Phase};
use crate::component_set::ComponentSet;
use crate::context::{Context, RequestInfo};
use crate::function::{ErasedFunction, Payload};
use crate::graph::Entry;
use crate::instances::{Lease, SharedGate, Turn};
use crate::interface::Given;
use crate::metrics::Outcome;
use crate::steps::{Listener, Told, What, streamed};
use crate::{Error, UserId, unwind};

/// An input that has been read and checked: see [`Workflow::decode`](crate::Workflow::decode).
pub struct Input(pub(crate) Payload);

/// The right to one call, for as long as the value lives: the user's instance cannot be closed, and
/// one of the running calls is taken.
///
/// Keep it until the last byte of the answer has left. Dropping it gives everything back and starts
/// the user's idle time.
pub struct Session {
    pub(crate) access: Access,
    pub(crate) function: Arc<dyn ErasedFunction>,
    pub(crate) entry: Arc<Entry>,
    pub(crate) user: Option<UserId>,
    pub(crate) stopping: CancellationToken,
    pub(crate) max_call_depth: NonZeroU16,
}

/// What is held, and given back when dropped.
pub(crate) enum Access {
    PerUser(Lease),
    Shared(SharedTurn),
}

/// One of the running calls of a shared workflow.
pub(crate) struct SharedTurn {
    pub(crate) _turn: Turn<SharedGate>,
    pub(crate) set: Arc<ComponentSet>,
    /// Dropped last: a shutdown waits for it.
    pub(crate) _counted: TaskTrackerToken,
}

impl Access {
    fn set(&self) -> &Arc<ComponentSet> {
        match self {
            Self::PerUser(lease) => lease.set(),
            Self::Shared(turn) => &turn.set,
        }
    }

    fn finish(&mut self, outcome: Outcome) {
        match self {
            Self::PerUser(lease) => lease.finish(outcome),
            Self::Shared(_) => {}
        }
    }
}

impl Session {
    /// Calls the function. `info` is what the transport knows of the request, for functions that ask.
    ///
    /// # Errors
    ///
    /// The function's own error, or that it panicked; either counts as a failed request of the user.
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops the function's call at its present await, and counts as a failure.
    pub async fn call(&mut self, info: Option<Arc<dyn RequestInfo>>, input: Input) -> Result<Output, CallError> {
        let ctx = self.context(info, None);
        let name = self.function.name();
        let call = self.function.clone().call(ctx.clone(), input.0);
        let call = activity::during(Phase::Call, name, self.user.as_ref(), call);
        let called = AssertUnwindSafe(call).catch_unwind().await;
        let result = match called {
            Ok(Ok(output)) => Ok(Output { output, interface: self.function.interface().clone(), usage: ctx.usage() }),
            Ok(Err(error)) => Err(failed(name, error)),
            Err(panic) => Err(panicked(name, panic)),
        };
        self.access.finish(if result.is_ok() { Outcome::Done } else { Outcome::Failed });
        result
    }

    /// Counts the request as failed after all: what the call gave could not be sent.
    pub fn fail(&mut self) {
        self.access.finish(Outcome::Failed);
    }

    /// Calls the function for its chunks; of one that does not stream, its output is the only one.
    /// Nothing happens before the stream is polled.
    pub fn stream(self, info: Option<Arc<dyn RequestInfo>>, input: Input) -> OutputStream {
        self.start(info, input, Given::Chunk, None)
    }

    /// The same, with what happens meanwhile.
    pub fn stream_with_steps(self, info: Option<Arc<dyn RequestInfo>>, input: Input) -> EventStream {
        self.start_told(info, input, Given::Chunk)
    }

    /// [`Session::call`], with what happens meanwhile.
    pub fn call_with_steps(self, info: Option<Arc<dyn RequestInfo>>, input: Input) -> EventStream {
        self.start_told(info, input, Given::Output)
    }

    fn start_told(self, info: Option<Arc<dyn RequestInfo>>, input: Input, given: Given) -> EventStream {
        let listener = Arc::new(Listener::default());
        EventStream::new(self.start(info, input, given, Some(listener.clone())), listener)
    }

    fn start(
        self,
        info: Option<Arc<dyn RequestInfo>>,
        input: Input,
        given: Given,
        listener: Option<Arc<Listener>>,
    ) -> OutputStream {
        let ctx = self.context(info, listener);
        let Self { access, function, entry, .. } = self;
        let stream: BoxStream<'static, _> = match ctx.listener() {
            None => answers(function.clone(), ctx.clone(), input.0, given),
            Some(_) => {
                let what = What::Workflow { title: entry.title.clone(), function: function.name().into() };
                let told = Told { what, interface: function.interface().clone(), given };
                let function = function.clone();
                Box::pin(streamed(ctx.clone(), told, input.0, move |ctx, input| answers(function, ctx, input, given)))
            }
        };
        OutputStream::new(stream, function, ctx, given, access)
    }

    fn context(&self, info: Option<Arc<dyn RequestInfo>>, listener: Option<Arc<Listener>>) -> Context {
        let (user, set) = (self.user.clone(), self.access.set().clone());
        let ctx = Context::new(user, info, set, self.stopping.clone(), listener);
        ctx.entered(&*self.function, self.max_call_depth)
    }
}

/// The function's chunks, or its one output.
fn answers(
    function: Arc<dyn ErasedFunction>,
    ctx: Context,
    input: Payload,
    given: Given,
) -> BoxStream<'static, crate::Result<Payload>> {
    match given {
        Given::Chunk => function.stream(ctx, input),
        Given::Output => Box::pin(streams::once(async move { function.call(ctx, input).await })),
    }
}

fn failed(function: &str, error: Error) -> CallError {
    debug!(function, kind = %error.kind(), %error, "a call failed");
    CallError::Function(error)
}

fn panicked(function: &str, panic: Box<dyn Any + Send>) -> CallError {
    let text = unwind::text(panic);
    let (id, panic) = unwind::to_report(&text);
    match panic {
        Some(panic) => error!(%id, function, panic, "a call panicked"),
        None => debug!(%id, function, "a call panicked: the record with this id has the text"),
    }
    CallError::Panicked { id }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = self.function.name();
        f.debug_struct("Session").field("function", &function).field("user", &self.user).finish_non_exhaustive()
    }
}
