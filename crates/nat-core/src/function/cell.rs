//! Where a built value lives: calls borrow it, closing takes it.

use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;

use async_stream::{stream, try_stream};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::erased::{Call, ErasedFunction, ErasedGroup, Member, Payload};
use super::group::{FunctionGroup, GroupFunction};
use super::in_flight::{Calling, Calls, GivenUp, InFlight, Owner, Work};
use super::{CloseReason, Manner, Scope};
use crate::context::FunctionNumber;
use crate::interface::{Given, Interface};
use crate::steps::{Budget, Told, What, streamed};
use crate::{Context, Error, Result, unwind};

/// What the plan knows of a component, the same for all of its instances.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) name: Arc<str>,
    pub(crate) scope: Scope,
    /// Of the function, or of the group's first one.
    pub(crate) number: FunctionNumber,
    /// Of a function. Here and not in its cell, of which every user has one.
    pub(crate) interface: Option<Arc<Interface>>,
    /// The doc comment of its type.
    pub(crate) description: &'static str,
}

/// The value and its doors. Calls borrow it; closing refuses new ones, waits for those in flight, and takes it.
/// A close that is given up drops the calls, wherever they are, and the value with them.
struct Cell<T>(Mutex<Inside<T>>);

struct Inside<T> {
    /// `None` once it was taken. Each call in flight holds it, too.
    value: Option<Arc<T>>,
    calls: Calls,
    doors: Doors,
    /// Notified when the last call has ended, for a close that found calls in flight. Most never do, so it is made on
    /// demand: every user has several cells, and the pointer has room in the block that a cell takes anyway.
    emptied: Option<Arc<Notify>>,
}

/// They open only once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doors {
    Open,
    Closing,
    GivenUp,
}

impl<T> Cell<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(Inside {
            value: Some(Arc::new(value)),
            calls: Calls::default(),
            doors: Doors::Open,
            emptied: None,
        }))
    }

    /// The value for one call, which is counted until it ends; `None` when the doors are closed.
    fn begin(&self) -> Option<Arc<T>> {
        let mut inside = self.0.lock();
        let value = inside.value.clone().filter(|_| inside.doors == Doors::Open)?;
        inside.calls.begin();
        Some(value)
    }

    fn park(&self, work: Work, waker: Option<Waker>) -> Result<Arc<InFlight>, Work> {
        let mut inside = self.0.lock();
        if inside.doors == Doors::GivenUp {
            return Err(work);
        }
        Ok(inside.calls.park(work, waker))
    }

    fn ended(&self, count_out: impl FnOnce(&mut Calls)) {
        let mut inside = self.0.lock();
        count_out(&mut inside.calls);
        let emptied = inside.emptied.clone().filter(|_| inside.calls.is_empty());
        drop(inside);
        if let Some(emptied) = emptied {
            emptied.notify_waiters();
        }
    }

    /// Waits until no call holds the value; `then` runs under the lock.
    async fn when_empty<R>(&self, mut then: impl FnMut(&mut Inside<T>) -> R) -> R {
        let emptied = {
            let mut inside = self.0.lock();
            if inside.calls.is_empty() {
                return then(&mut inside);
            }
            inside.emptied.get_or_insert_default().clone()
        };
        loop {
            let mut changed = pin!(emptied.notified());
            // Before the look at the calls: the last one may end right behind it.
            changed.as_mut().enable();
            {
                let mut inside = self.0.lock();
                if inside.calls.is_empty() {
                    return then(&mut inside);
                }
            }
            changed.await;
        }
    }

    /// Waits for the calls in flight, and takes the value.
    async fn take(&self) -> Option<T> {
        {
            let mut inside = self.0.lock();
            if inside.doors == Doors::Open {
                inside.doors = Doors::Closing;
            }
        }
        // Calls let go of the value before they are counted out.
        self.when_empty(|inside| inside.value.take()).await.and_then(Arc::into_inner)
    }

    /// Nothing waits for the calls in flight any more: they are dropped at their present await, and the value with
    /// the last of them.
    ///
    /// # Errors
    ///
    /// The text of the first panic of what was dropped; everything else was dropped all the same.
    fn give_up(&self) -> Result<(), String> {
        let (calls, value) = {
            let mut inside = self.0.lock();
            inside.doors = Doors::GivenUp;
            (inside.calls.all(), inside.value.take())
        };
        let mut dropped = Ok(());
        for call in calls {
            if let GivenUp::Dropped(result) = call.give_up() {
                self.ended(|calls| calls.end(&call));
                dropped = dropped.and(result);
            }
        }
        dropped.and(unwind::caught(|| drop(value)))
    }

    /// Waits until no call holds the value, after [`Cell::give_up`]: for calls that a thread was running then.
    async fn emptied(&self) {
        self.when_empty(|_| ()).await;
    }
}

fn was_closed(name: &str) -> Error {
    Error::runtime(format!("`{name}` was closed and cannot be called any more"))
}

/// A shared component never sees what is per-user, whoever calls it.
fn context_for(scope: Scope, ctx: &Context) -> Option<Context> {
    match scope {
        Scope::Shared => ctx.narrowed(),
        Scope::PerUser => None,
    }
}

pub(crate) fn wrong_payload(name: &str) -> Error {
    Error::type_error(format!("`{name}` was called with an input of another type"))
}

/// A built function, which answers in the manner `M`.
pub(crate) struct FunctionCell<F, M> {
    label: Arc<Label>,
    value: Cell<F>,
    manner: PhantomData<fn() -> M>,
}

impl<F: Send + Sync + 'static, M: Manner<F>> FunctionCell<F, M> {
    /// # Panics
    ///
    /// When the label is that of a group.
    pub(crate) fn new(label: Arc<Label>, value: F) -> Self {
        assert!(label.interface.is_some(), "a function registration has an interface");
        Self { label, value: Cell::new(value), manner: PhantomData }
    }

    fn answer(self: Arc<Self>, ctx: Context, input: Payload) -> Result<Calling> {
        let function = self.value.begin().ok_or_else(|| was_closed(&self.label.name))?;
        let ctx = context_for(self.label.scope, &ctx).unwrap_or(ctx);
        let label = self.label.clone();
        let work = Box::pin(async move { M::call(&function, &ctx, &label.name, input).await });
        Ok(Calling::new(Work::Answer(work), self))
    }

    fn chunks(self: Arc<Self>, ctx: Context, input: Payload) -> impl Stream<Item = Result<Payload>> + Send {
        try_stream! {
            let function = self.value.begin().ok_or_else(|| was_closed(&self.label.name))?;
            let ctx = context_for(self.label.scope, &ctx).unwrap_or(ctx);
            let label = self.label.clone();
            let work = Box::pin(stream! {
                let mut chunks = pin!(M::stream(&function, &ctx, &label.name, input));
                while let Some(chunk) = chunks.next().await {
                    yield chunk;
                }
            });
            let mut chunks = Calling::new(Work::Chunks(work), self);
            while let Some(chunk) = chunks.next().await {
                yield chunk?;
            }
        }
    }
}

impl<F: Send + Sync + 'static, M: Manner<F>> Owner for FunctionCell<F, M> {
    fn park(&self, work: Work, waker: Option<Waker>) -> Result<Arc<InFlight>, Work> {
        self.value.park(work, waker)
    }

    fn ended_fresh(&self) {
        self.value.ended(Calls::end_fresh);
    }

    fn ended(&self, call: &InFlight) {
        self.value.ended(|calls| calls.end(call));
    }

    fn was_closed(&self) -> Error {
        was_closed(&self.label.name)
    }
}

impl<F: Send + Sync + 'static, M: Manner<F>> ErasedFunction for FunctionCell<F, M> {
    fn name(&self) -> &str {
        &self.label.name
    }

    fn description(&self) -> &'static str {
        self.label.description
    }

    fn number(&self) -> FunctionNumber {
        self.label.number
    }

    fn interface(&self) -> &Arc<Interface> {
        self.label.interface.as_ref().expect("it was there when the cell was made")
    }

    fn call(self: Arc<Self>, ctx: Context, input: Payload) -> Call {
        if ctx.listener().is_none() {
            return Call::of(self.answer(ctx, input));
        }
        Call::Told(Box::pin(async move {
            if let Some(listener) = ctx.listener() {
                listener.yield_to_reader().await;
            }
            let shown = |budget: &Arc<Budget>| budget.show(&self.interface().shown_input(&*input));
            let span = ctx.function_span(&self.label.name, shown);
            let output = self.clone().answer(span.context().clone(), input)?.await?;
            span.finish_with(|budget| budget.show(&self.interface().shown(Given::Output, &*output)));
            Ok(output)
        }))
    }

    fn stream(self: Arc<Self>, ctx: Context, input: Payload) -> BoxStream<'static, Result<Payload>> {
        if ctx.listener().is_none() {
            return Box::pin(self.chunks(ctx, input));
        }
        let what = What::Function(self.label.name.clone());
        let told = Told { what, interface: self.interface().clone(), given: Given::Chunk };
        Box::pin(streamed(ctx, told, input, move |ctx, input| self.chunks(ctx, input)))
    }

    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match self.value.take().await {
                Some(function) => M::close(function, reason).await,
                None => Ok(()),
            }
        })
    }

    fn give_up(&self) -> Result<(), String> {
        self.value.give_up()
    }

    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.value.emptied())
    }
}

/// A built function group.
pub(crate) struct GroupCell<G> {
    label: Arc<Label>,
    members: Arc<[Member]>,
    value: Cell<G>,
}

impl<G: FunctionGroup> GroupCell<G> {
    pub(crate) fn new(label: Arc<Label>, members: Arc<[Member]>, value: G) -> Self {
        Self { label, members, value: Cell::new(value) }
    }
}

impl<G: FunctionGroup> Owner for GroupCell<G> {
    fn park(&self, work: Work, waker: Option<Waker>) -> Result<Arc<InFlight>, Work> {
        self.value.park(work, waker)
    }

    fn ended_fresh(&self) {
        self.value.ended(Calls::end_fresh);
    }

    fn ended(&self, call: &InFlight) {
        self.value.ended(|calls| calls.end(call));
    }

    fn was_closed(&self) -> Error {
        was_closed(&self.label.name)
    }
}

impl<G: FunctionGroup> ErasedGroup for GroupCell<G> {
    fn name(&self) -> &str {
        &self.label.name
    }

    fn first_number(&self) -> FunctionNumber {
        self.label.number
    }

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn call(self: Arc<Self>, index: usize, ctx: Context, input: Payload) -> Call {
        if ctx.listener().is_none() {
            return self.call_untold(index, ctx, input);
        }
        Call::Told(Box::pin(async move {
            if let Some(listener) = ctx.listener() {
                listener.yield_to_reader().await;
            }
            let member = &self.members[index];
            let shown = |budget: &Arc<Budget>| budget.show(&member.interface.shown_input(&*input));
            let span = ctx.function_span(&member.full_name, shown);
            let output = self.clone().call_untold(index, span.context().clone(), input).await?;
            span.finish_with(|budget| budget.show(&member.interface.shown(Given::Output, &*output)));
            Ok(output)
        }))
    }

    fn call_untold(self: Arc<Self>, index: usize, ctx: Context, input: Payload) -> Call {
        let Some(group) = self.value.begin() else { return Call::of(Err(was_closed(&self.label.name))) };
        let ctx = context_for(self.label.scope, &ctx).unwrap_or(ctx);
        let work = Box::pin(async move {
            let function: &GroupFunction<G> = &G::FUNCTIONS[index];
            function.call(&group, &ctx, input).await
        });
        Call::of(Ok(Calling::new(Work::Answer(work), self)))
    }

    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match self.value.take().await {
                Some(group) => group.close(reason).await,
                None => Ok(()),
            }
        })
    }

    fn give_up(&self) -> Result<(), String> {
        self.value.give_up()
    }

    fn emptied(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.value.emptied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Single;
    use super::*;

    /// Every user has one of each component. The blocks of glibc hold 24, 40, 56, 72, 88 bytes, and an `Arc` counts with 16.
    #[test]
    fn cells_are_small() {
        struct Nothing;
        let function = size_of::<FunctionCell<Nothing, Single>>() + 16;
        assert!(function <= 72, "{function}");
        let group = size_of::<Arc<Label>>() + size_of::<Arc<[Member]>>() + size_of::<Cell<Nothing>>() + 16;
        assert!(group <= 88, "{group}");
    }
}
