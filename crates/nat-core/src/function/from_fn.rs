//! A function from a state and a closure.

use std::fmt;
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{CloseReason, Function, StreamingFunction};
use crate::{Context, Result};

/// Makes a [`Function`] from a state and an async closure, for functions too small for a type of
/// their own. The closure gets the state, the context and the input by value.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use nat_core::{Builder, Function, Result, from_fn};
///
/// struct Config { greeting: String }
///
/// async fn greeter(config: Config, _builder: &Builder) -> Result<impl Function<Input = String, Output = String>> {
///     let calls = AtomicU64::new(0);
///     Ok(from_fn((config, calls), |state, _ctx, name: String| async move {
///         let number = state.1.fetch_add(1, Ordering::Relaxed) + 1;
///         Ok(format!("{}, {name} #{number}", state.0.greeting))
///     }))
/// }
/// ```
pub fn from_fn<S, F, Fut, I, O>(state: S, call: F) -> FromFn<S, F, I, NoClose>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Context, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O>> + Send,
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    FromFn { state: Arc::new(state), call, close: NoClose(()), input: PhantomData }
}

/// Makes a [`StreamingFunction`] from a state and a closure that returns a stream, as [`from_fn`] does
/// of one that returns a future.
///
/// ```
/// use nat_core::{Builder, Result, StreamingFunction, from_stream_fn, stream};
///
/// async fn words(_config: (), _builder: &Builder) -> Result<impl StreamingFunction<Input = String, Chunk = String>> {
///     Ok(from_stream_fn((), |_state, _ctx, text: String| stream! {
///         for word in text.split_whitespace() {
///             yield word.to_owned();
///         }
///     }))
/// }
/// ```
pub fn from_stream_fn<S, F, St, I, O>(state: S, stream: F) -> FromFn<S, F, I, NoClose>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Context, I) -> St + Send + Sync + 'static,
    St: Stream<Item = Result<O>> + Send,
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    FromFn { state: Arc::new(state), call: stream, close: NoClose(()), input: PhantomData }
}

/// What [`from_fn`] and [`from_stream_fn`] make.
pub struct FromFn<S, F, I, C> {
    state: Arc<S>,
    call: F,
    close: C,
    input: PhantomData<fn(I)>,
}

/// The default: nothing to close.
#[derive(Debug)]
pub struct NoClose(());

impl<S, F, I> FromFn<S, F, I, NoClose> {
    /// Adds what runs once when the instance ends; see [`Function::close`].
    pub fn on_close<C, Fut>(self, close: C) -> FromFn<S, F, I, C>
    where
        C: FnOnce(Arc<S>, CloseReason) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<()>> + Send,
    {
        FromFn { state: self.state, call: self.call, close, input: PhantomData }
    }
}

/// How a [`FromFn`] closes.
pub trait CloseFn<S>: Send + Sync + 'static {
    /// Runs once.
    fn close(self, state: Arc<S>, reason: CloseReason) -> impl Future<Output = Result<()>> + Send;
}

impl<S> CloseFn<S> for NoClose {
    fn close(self, _state: Arc<S>, _reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
}

impl<S, C, Fut> CloseFn<S> for C
where
    C: FnOnce(Arc<S>, CloseReason) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    fn close(self, state: Arc<S>, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        self(state, reason)
    }
}

impl<S, F, Fut, I, O, C> Function for FromFn<S, F, I, C>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Context, I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<O>> + Send,
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
    C: CloseFn<S>,
{
    type Input = I;
    type Output = O;

    fn call(&self, ctx: &Context, input: I) -> impl Future<Output = Result<O>> + Send {
        (self.call)(self.state.clone(), ctx.clone(), input)
    }

    fn close(self, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        self.close.close(self.state, reason)
    }
}

impl<S, F, St, I, O, C> StreamingFunction for FromFn<S, F, I, C>
where
    S: Send + Sync + 'static,
    F: Fn(Arc<S>, Context, I) -> St + Send + Sync + 'static,
    St: Stream<Item = Result<O>> + Send,
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
    C: CloseFn<S>,
{
    type Input = I;
    type Chunk = O;

    fn stream(&self, ctx: &Context, input: I) -> impl Stream<Item = Result<O>> + Send {
        (self.call)(self.state.clone(), ctx.clone(), input)
    }

    fn close(self, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        self.close.close(self.state, reason)
    }
}

impl<S, F, I, C> fmt::Debug for FromFn<S, F, I, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}
