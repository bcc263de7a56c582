//! Where a built value lives: calls borrow it, closing takes it.

use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;

use async_stream::try_stream;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream, StreamExt};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::erased::{ErasedFunction, ErasedGroup, Member, Payload};
use super::group::{FunctionGroup, GroupFunction};
use super::{CloseReason, Manner, Scope};
use crate::context::FunctionNumber;
use crate::interface::{Given, Interface};
use crate::steps::{Budget, Told, What, streamed};
use crate::{Context, Error, Result};

/// What the plan knows of a component, the same for all of its instances.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) name: Arc<str>,
    pub(crate) scope: Scope,
    /// Of the function, or of the group's first one.
    pub(crate) number: FunctionNumber,
}

/// The value and its doors. Calls borrow it; closing refuses new ones, waits for those in flight, and takes it.
/// A close that is given up drops the calls, wherever they are, and the value with them.
struct Cell<T>(Mutex<Inside<T>>);

struct Inside<T> {
    /// `None` once it was taken.
    value: Option<Arc<T>>,
    calls: u32,
    doors: Doors,
}

/// Rung when the last call of a cell that is closing has ended, and when a cell was given up. Cells share them, since
/// every user has several cells and hardly any ever rings: who hears one looks whether it was for them.
static BELLS: [Notify; 64] = [const { Notify::const_new() }; 64];

/// They open only once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doors {
    Open,
    Closing,
    GivenUp,
}

impl<T> Cell<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(Inside { value: Some(Arc::new(value)), calls: 0, doors: Doors::Open }))
    }

    fn bell(&self) -> &'static Notify {
        // Cells lie in blocks of their own, and blocks at multiples of 16.
        &BELLS[std::ptr::from_ref(self).addr() / 64 % BELLS.len()]
    }

    fn borrow(&self, name: &str) -> Result<Borrowed<'_, T>> {
        let mut inside = self.0.lock();
        match &inside.value {
            Some(value) if inside.doors == Doors::Open => {
                let value = value.clone();
                inside.calls += 1;
                Ok(Borrowed { value: Some(value), cell: self })
            }
            _ => Err(was_closed(name)),
        }
    }

    /// Waits for the calls in flight, and takes the value.
    async fn take(&self) -> Option<T> {
        loop {
            let changed = self.bell().notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut inside = self.0.lock();
                if inside.doors == Doors::Open {
                    inside.doors = Doors::Closing;
                }
                if inside.calls == 0 {
                    // Whoever borrowed it has let go of it before they were counted out.
                    return inside.value.take().and_then(Arc::into_inner);
                }
            }
            changed.await;
        }
    }

    /// Nobody waits for the calls in flight any more: they are dropped at their present await, and what is left
    /// of the value with the last of them.
    fn give_up(&self) {
        let mut inside = self.0.lock();
        inside.doors = Doors::GivenUp;
        let value = inside.value.take();
        drop(inside);
        self.bell().notify_waiters();
        drop(value);
    }

    /// Runs one call of the value to its end, unless the cell is given up meanwhile.
    async fn unless_given_up<O>(&self, name: &str, call: impl Future<Output = Result<O>>) -> Result<O> {
        let given_up = async {
            loop {
                let changed = self.bell().notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if self.0.lock().doors == Doors::GivenUp {
                    return;
                }
                changed.await;
            }
        };
        tokio::select! {
            // A call that does not wait is never asked about.
            biased;
            ended = call => ended,
            () = given_up => Err(was_closed(name)),
        }
    }
}

/// A call's share of the value.
struct Borrowed<'a, T> {
    value: Option<Arc<T>>,
    cell: &'a Cell<T>,
}

impl<T> Deref for Borrowed<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_deref().expect("it is there until it is dropped")
    }
}

impl<T> Drop for Borrowed<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        let mut inside = self.cell.0.lock();
        inside.calls -= 1;
        let awaited = inside.calls == 0 && inside.doors != Doors::Open;
        drop(inside);
        if awaited {
            self.cell.bell().notify_waiters();
        }
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
    interface: Arc<Interface>,
    value: Cell<F>,
    manner: PhantomData<fn() -> M>,
}

impl<F: Send + Sync + 'static, M: Manner<F>> FunctionCell<F, M> {
    pub(crate) fn new(label: Arc<Label>, interface: Arc<Interface>, value: F) -> Self {
        Self { label, interface, value: Cell::new(value), manner: PhantomData }
    }

    async fn answer(&self, ctx: &Context, input: Payload) -> Result<Payload> {
        let function = self.value.borrow(&self.label.name)?;
        let narrowed = context_for(self.label.scope, ctx);
        let call = M::call(&function, narrowed.as_ref().unwrap_or(ctx), &self.label.name, input);
        self.value.unless_given_up(&self.label.name, call).await
    }

    fn chunks(self: Arc<Self>, ctx: Context, input: Payload) -> impl Stream<Item = Result<Payload>> + Send {
        try_stream! {
            let function = self.value.borrow(&self.label.name)?;
            let ctx = context_for(self.label.scope, &ctx).unwrap_or(ctx);
            let mut chunks = pin!(M::stream(&function, &ctx, &self.label.name, input));
            let name = &self.label.name;
            while let Some(chunk) = self.value.unless_given_up(name, chunks.next().map(Ok)).await? {
                yield chunk?;
            }
        }
    }
}

impl<F: Send + Sync + 'static, M: Manner<F>> ErasedFunction for FunctionCell<F, M> {
    fn name(&self) -> &str {
        &self.label.name
    }

    fn number(&self) -> FunctionNumber {
        self.label.number
    }

    fn interface(&self) -> &Arc<Interface> {
        &self.interface
    }

    fn call<'a>(&'a self, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        let Some(listener) = ctx.listener() else {
            return Box::pin(self.answer(ctx, input));
        };
        Box::pin(async move {
            listener.yield_to_reader().await;
            let shown = |budget: &Arc<Budget>| budget.show(&self.interface.shown_input(&*input));
            let span = ctx.function_span(&self.label.name, shown);
            let output = self.answer(span.context(), input).await?;
            span.finish_with(|budget| budget.show(&self.interface.shown(Given::Output, &*output)));
            Ok(output)
        })
    }

    fn stream(self: Arc<Self>, ctx: Context, input: Payload) -> BoxStream<'static, Result<Payload>> {
        if ctx.listener().is_none() {
            return Box::pin(self.chunks(ctx, input));
        }
        let what = What::Function(self.label.name.clone());
        let told = Told { what, interface: self.interface.clone(), given: Given::Chunk };
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

    fn give_up(&self) {
        self.value.give_up();
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

    fn call<'a>(&'a self, index: usize, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        let Some(listener) = ctx.listener() else {
            return self.call_untold(index, ctx, input);
        };
        Box::pin(async move {
            listener.yield_to_reader().await;
            let member = &self.members[index];
            let shown = |budget: &Arc<Budget>| budget.show(&member.interface.shown_input(&*input));
            let span = ctx.function_span(&member.full_name, shown);
            let output = self.call_untold(index, span.context(), input).await?;
            span.finish_with(|budget| budget.show(&member.interface.shown(Given::Output, &*output)));
            Ok(output)
        })
    }

    fn call_untold<'a>(&'a self, index: usize, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        Box::pin(async move {
            let group = self.value.borrow(&self.label.name)?;
            let function: &GroupFunction<G> = &G::FUNCTIONS[index];
            let narrowed = context_for(self.label.scope, ctx);
            let call = function.call(&group, narrowed.as_ref().unwrap_or(ctx), input);
            self.value.unless_given_up(&self.label.name, call).await
        })
    }

    fn close(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match self.value.take().await {
                Some(group) => group.close(reason).await,
                None => Ok(()),
            }
        })
    }

    fn give_up(&self) {
        self.value.give_up();
    }
}
