//! Functions without their types: values in boxes, the types in the interface beside them.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};

use super::CloseReason;
use super::in_flight::Calling;
use crate::context::FunctionNumber;
use crate::interface::{Given, Interface};
use crate::steps::{Told, What, streamed};
use crate::{Context, Error, Result};

/// An input or an output whose type the interface knows.
pub(crate) type Payload = Box<dyn Any + Send>;

/// A built function. Calls hold it open; closing waits for them.
pub(crate) trait ErasedFunction: Send + Sync {
    /// The full name it is called by.
    fn name(&self) -> &str;

    /// The doc comment of its type or method.
    fn description(&self) -> &'static str;

    /// Its number in the plan.
    fn number(&self) -> FunctionNumber;

    /// What it takes and gives.
    fn interface(&self) -> &Arc<Interface>;

    /// One call. `input` must be of the interface's input type.
    fn call(self: Arc<Self>, ctx: Context, input: Payload) -> Call;

    /// One call, answered by chunks. The stream holds the function open until it has ended or is dropped.
    fn stream(self: Arc<Self>, ctx: Context, input: Payload) -> BoxStream<'static, Result<Payload>>;

    /// Refuses new calls, waits for those in flight, and closes the value. A second close does nothing.
    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>>;

    /// After a close that took too long: drops the calls in flight, and the value if it was not taken. Calls that a
    /// thread runs at that moment are dropped when they return to their await: [`ErasedFunction::emptied`] waits.
    ///
    /// # Errors
    ///
    /// The text of a panic of what was dropped.
    fn give_up(&self) -> Result<(), String>;

    /// Waits until no call holds the value.
    fn emptied(&self) -> BoxFuture<'_, ()>;
}

/// A built function group.
pub(crate) trait ErasedGroup: Send + Sync {
    /// The group's name.
    fn name(&self) -> &str;

    /// The number in the plan of its first function; the others follow.
    fn first_number(&self) -> FunctionNumber;

    /// All of its functions, reachable or not, in declaration order.
    fn members(&self) -> &[Member];

    /// One call of the function at `index` of [`ErasedGroup::members`].
    fn call(self: Arc<Self>, index: usize, ctx: Context, input: Payload) -> Call;

    /// The same call without a step of its own.
    fn call_untold(self: Arc<Self>, index: usize, ctx: Context, input: Payload) -> Call;

    /// As [`ErasedFunction::close`].
    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>>;

    /// As [`ErasedFunction::give_up`].
    fn give_up(&self) -> Result<(), String>;

    /// As [`ErasedFunction::emptied`].
    fn emptied(&self) -> BoxFuture<'_, ()>;
}

/// One call: a future of its answer.
///
/// # Cancellation
///
/// Dropping it drops the function's call at its present await.
pub(crate) enum Call {
    /// No steps are told.
    Direct(Calling),
    /// The call stands within a span.
    Told(BoxFuture<'static, Result<Payload>>),
    /// The function was closed. Taken when it is polled.
    Refused(Option<Error>),
}

impl Call {
    pub(super) fn of(calling: Result<Calling>) -> Self {
        match calling {
            Ok(calling) => Self::Direct(calling),
            Err(error) => Self::Refused(Some(error)),
        }
    }
}

impl Future for Call {
    type Output = Result<Payload>;

    /// # Panics
    ///
    /// When it is polled again after it has ended.
    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Direct(calling) => calling.poll_unpin(cx),
            Self::Told(told) => told.poll_unpin(cx),
            Self::Refused(error) => Poll::Ready(Err(error.take().expect("a future is not polled after its end"))),
        }
    }
}

/// One function of a group, as the plan knows it.
#[derive(Debug)]
pub(crate) struct Member {
    /// `push`
    pub(crate) name: &'static str,
    /// `things__push`
    pub(crate) full_name: Arc<str>,
    /// The doc comment of its method.
    pub(crate) description: &'static str,
    pub(crate) interface: Arc<Interface>,
    pub(crate) access: Access,
}

/// How a group's function can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// By its full name, like any function, and through the group.
    Included,
    /// Through the group only.
    ThroughGroup,
    /// Not at all.
    Excluded,
}

/// A group's function, as something that can be called on its own.
pub(crate) struct GroupMember {
    group: Arc<dyn ErasedGroup>,
    index: usize,
}

impl GroupMember {
    pub(crate) fn of(group: Arc<dyn ErasedGroup>, index: usize) -> Arc<dyn ErasedFunction> {
        Arc::new(Self { group, index })
    }

    fn member(&self) -> &Member {
        &self.group.members()[self.index]
    }
}

impl ErasedFunction for GroupMember {
    fn name(&self) -> &str {
        &self.member().full_name
    }

    fn description(&self) -> &'static str {
        self.member().description
    }

    fn number(&self) -> FunctionNumber {
        let offset = FunctionNumber::try_from(self.index).unwrap_or(FunctionNumber::MAX);
        self.group.first_number().saturating_add(offset)
    }

    fn interface(&self) -> &Arc<Interface> {
        &self.member().interface
    }

    fn call(self: Arc<Self>, ctx: Context, input: Payload) -> Call {
        self.group.clone().call(self.index, ctx, input)
    }

    fn stream(self: Arc<Self>, ctx: Context, input: Payload) -> BoxStream<'static, Result<Payload>> {
        let once = |member: Arc<Self>, ctx: Context, input| {
            stream::once(async move { member.group.clone().call_untold(member.index, ctx, input).await })
        };
        if ctx.listener().is_none() {
            return Box::pin(once(self, ctx, input));
        }
        let (name, interface) = (self.member().full_name.clone(), self.member().interface.clone());
        let told = Told { what: What::Function(name), interface, given: Given::Chunk };
        Box::pin(streamed(ctx, told, input, move |ctx, input| once(self, ctx, input)))
    }

    fn close(&self, _reason: CloseReason) -> BoxFuture<'_, Result<()>> {
        // The group closes as a whole.
        Box::pin(async { Ok(()) })
    }

    fn give_up(&self) -> Result<(), String> {
        Ok(())
    }

    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
