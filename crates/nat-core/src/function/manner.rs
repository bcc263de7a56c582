//! How a value answers: with one output, with a stream of chunks, or with either.

use std::future::Future;

use futures_util::{Stream, StreamExt, stream};

use super::cell::wrong_payload;
use super::erased::Payload;
use super::{Chunks, CloseReason, Function, StreamingFunction};
use crate::{Context, Result};

/// The calls of an `F` without its types. `name` is for errors.
pub(crate) trait Manner<F>: Send + Sync + 'static {
    fn call(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Future<Output = Result<Payload>> + Send;

    fn stream(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Stream<Item = Result<Payload>> + Send;

    fn close(f: F, reason: CloseReason) -> impl Future<Output = Result<()>> + Send;
}

/// A [`Function`]: a stream of it is one chunk.
pub(crate) struct Single;

/// A [`StreamingFunction`]: one output of it is what it folds its chunks to.
pub(crate) struct Streaming;

/// Both, each asked for what it is made for.
pub(crate) struct Both;

fn taken<I: 'static>(name: &str, input: Payload) -> Result<I> {
    input.downcast::<I>().map(|input| *input).map_err(|_| wrong_payload(name))
}

async fn call<F: Function>(f: &F, ctx: &Context, name: &str, input: Payload) -> Result<Payload> {
    let output = f.call(ctx, taken::<F::Input>(name, input)?).await?;
    Ok(Box::new(output))
}

fn chunks<F: StreamingFunction>(
    f: &F,
    ctx: &Context,
    name: &str,
    input: Payload,
) -> impl Stream<Item = Result<Payload>> + Send {
    let erased = |input| f.stream(ctx, input).map(|chunk| Ok(Box::new(chunk?) as Payload));
    match taken::<F::Input>(name, input) {
        Ok(input) => erased(input).left_stream(),
        Err(error) => stream::iter([Err(error)]).right_stream(),
    }
}

impl<F: Function> Manner<F> for Single {
    fn call(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Future<Output = Result<Payload>> + Send {
        call(f, ctx, name, input)
    }

    fn stream(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Stream<Item = Result<Payload>> + Send {
        stream::once(call(f, ctx, name, input))
    }

    fn close(f: F, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        f.close(reason)
    }
}

impl<F: StreamingFunction> Manner<F> for Streaming {
    async fn call(f: &F, ctx: &Context, name: &str, input: Payload) -> Result<Payload> {
        let input = taken::<F::Input>(name, input)?;
        let whole = f.fold(ctx, Chunks::new(f.stream(ctx, input))).await?;
        Ok(Box::new(whole))
    }

    fn stream(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Stream<Item = Result<Payload>> + Send {
        chunks(f, ctx, name, input)
    }

    fn close(f: F, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        f.close(reason)
    }
}

impl<F: Function + StreamingFunction> Manner<F> for Both {
    fn call(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Future<Output = Result<Payload>> + Send {
        call(f, ctx, name, input)
    }

    fn stream(f: &F, ctx: &Context, name: &str, input: Payload) -> impl Stream<Item = Result<Payload>> + Send {
        chunks(f, ctx, name, input)
    }

    fn close(f: F, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        Function::close(f, reason)
    }
}
