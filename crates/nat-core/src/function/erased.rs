//! Functions without their types: values in boxes, the types in the interface beside them.

use std::any::Any;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};

use super::CloseReason;
use crate::context::FunctionNumber;
use crate::interface::{Given, Interface};
use crate::steps::{Told, What, streamed};
use crate::{Context, Result};

/// An input or an output whose type the interface knows.
pub(crate) type Payload = Box<dyn Any + Send>;

/// A built function. Calls hold it open; closing waits for them.
pub(crate) trait ErasedFunction: Send + Sync {
    /// The full name it is called by.
    fn name(&self) -> &str;

    /// Its number in the plan.
    fn number(&self) -> FunctionNumber;

    /// What it takes and gives.
    fn interface(&self) -> &Arc<Interface>;

    /// One call. `input` must be of the interface's input type.
    fn call<'a>(&'a self, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>>;

    /// One call, answered by chunks. The stream holds the function open until it has ended or is dropped.
    fn stream(self: Arc<Self>, ctx: Context, input: Payload) -> BoxStream<'static, Result<Payload>>;

    /// Refuses new calls, waits for those in flight, and closes the value. A second close does nothing.
    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>>;

    /// After a close that took too long: drops the calls in flight, and the value if it was not taken.
    fn give_up(&self);
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
    fn call<'a>(&'a self, index: usize, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>>;

    /// The same call without a step of its own.
    fn call_untold<'a>(&'a self, index: usize, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>>;

    /// As [`ErasedFunction::close`].
    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>>;

    /// As [`ErasedFunction::give_up`].
    fn give_up(&self);
}

/// One function of a group, as the plan knows it.
#[derive(Debug)]
pub(crate) struct Member {
    /// `push`
    pub(crate) name: &'static str,
    /// `things__push`
    pub(crate) full_name: Arc<str>,
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

    fn number(&self) -> FunctionNumber {
        let offset = FunctionNumber::try_from(self.index).unwrap_or(FunctionNumber::MAX);
        self.group.first_number().saturating_add(offset)
    }

    fn interface(&self) -> &Arc<Interface> {
        &self.member().interface
    }

    fn call<'a>(&'a self, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        self.group.call(self.index, ctx, input)
    }

    fn stream(self: Arc<Self>, ctx: Context, input: Payload) -> BoxStream<'static, Result<Payload>> {
        let once = |member: Arc<Self>, ctx: Context, input| {
            stream::once(async move { member.group.call_untold(member.index, &ctx, input).await })
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

    fn give_up(&self) {}
}
