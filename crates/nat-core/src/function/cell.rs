//! Where a built value lives: calls borrow it, closing takes it.

use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_stream::try_stream;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use tokio::sync::{RwLock, RwLockReadGuard};

use super::erased::{ErasedFunction, ErasedGroup, Member, Payload};
use super::group::{FunctionGroup, GroupFunction};
use super::{CloseReason, Manner, Scope};
use crate::interface::{Given, Interface};
use crate::steps::{Told, What, streamed};
use crate::{Context, Error, Result};

/// What the plan knows of a component, the same for all of its instances.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) name: Arc<str>,
    pub(crate) scope: Scope,
}

/// The value and its doors. The lock is never contended while the component lives: calls share it,
/// and only closing takes it whole, after which everybody finds it empty.
struct Cell<T> {
    value: RwLock<Option<T>>,
    /// Set for good when closing begins, so that a close that was given up opens no door again.
    closing: AtomicBool,
}

impl<T> Cell<T> {
    fn new(value: T) -> Self {
        Self { value: RwLock::new(Some(value)), closing: AtomicBool::new(false) }
    }

    fn borrow(&self, name: &str) -> Result<RwLockReadGuard<'_, T>> {
        let open = (!self.closing.load(Ordering::Acquire)).then(|| self.value.try_read().ok()).flatten();
        open.and_then(|guard| RwLockReadGuard::try_map(guard, Option::as_ref).ok())
            .ok_or_else(|| Error::runtime(format!("`{name}` was closed and cannot be called any more")))
    }

    /// Waits for the calls in flight, and takes the value.
    async fn take(&self) -> Option<T> {
        self.closing.store(true, Ordering::Release);
        self.value.write().await.take()
    }
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
        M::call(&function, narrowed.as_ref().unwrap_or(ctx), &self.label.name, input).await
    }

    fn chunks(self: Arc<Self>, ctx: Context, input: Payload) -> impl Stream<Item = Result<Payload>> + Send {
        try_stream! {
            let function = self.value.borrow(&self.label.name)?;
            let ctx = context_for(self.label.scope, &ctx).unwrap_or(ctx);
            let mut chunks = pin!(M::stream(&function, &ctx, &self.label.name, input));
            while let Some(chunk) = chunks.next().await {
                yield chunk?;
            }
        }
    }
}

impl<F: Send + Sync + 'static, M: Manner<F>> ErasedFunction for FunctionCell<F, M> {
    fn name(&self) -> &str {
        &self.label.name
    }

    fn interface(&self) -> &Arc<Interface> {
        &self.interface
    }

    fn call<'a>(&'a self, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        let Some(listener) = ctx.listener() else {
            return Box::pin(self.answer(ctx, input));
        };
        Box::pin(async move {
            listener.room().await;
            let span = ctx.function_span(&self.label.name, || self.interface.input_value(&*input));
            let output = self.answer(span.context(), input).await?;
            span.finish_with(|| self.interface.shown_value(Given::Output, &*output));
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

    fn members(&self) -> &[Member] {
        &self.members
    }

    fn call<'a>(&'a self, index: usize, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        let Some(listener) = ctx.listener() else {
            return self.call_untold(index, ctx, input);
        };
        Box::pin(async move {
            listener.room().await;
            let member = &self.members[index];
            let span = ctx.function_span(&member.full_name, || member.interface.input_value(&*input));
            let output = self.call_untold(index, span.context(), input).await?;
            span.finish_with(|| member.interface.shown_value(Given::Output, &*output));
            Ok(output)
        })
    }

    fn call_untold<'a>(&'a self, index: usize, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        Box::pin(async move {
            let group = self.value.borrow(&self.label.name)?;
            let function: &GroupFunction<G> = &G::FUNCTIONS[index];
            let narrowed = context_for(self.label.scope, ctx);
            function.call(&group, narrowed.as_ref().unwrap_or(ctx), input).await
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
}
