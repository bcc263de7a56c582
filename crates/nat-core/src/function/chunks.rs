//! A function's stream, as another function reads it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt};

use crate::Result;

/// The chunks of one call, in order. An error is the last item.
///
/// # Cancellation
///
/// Dropping it drops the function's stream at its present await.
pub struct Chunks<'a, C> {
    stream: BoxStream<'a, Result<C>>,
}

impl<'a, C> Chunks<'a, C> {
    /// The items of any such stream, say of one's own [`stream`](crate::StreamingFunction::stream) in a `call` that
    /// gives the whole of it.
    pub fn new(stream: impl Stream<Item = Result<C>> + Send + 'a) -> Self {
        Self { stream: Box::pin(stream) }
    }

    /// The next chunk; `None` after the last one.
    ///
    /// # Errors
    ///
    /// The function's own.
    pub async fn next(&mut self) -> Option<Result<C>> {
        self.stream.next().await
    }

    /// Waits for all of them.
    ///
    /// # Errors
    ///
    /// The function's own; the chunks before it are dropped.
    pub async fn all(self) -> Result<Vec<C>> {
        self.stream.try_collect().await
    }
}

impl<C> Stream for Chunks<'_, C> {
    type Item = Result<C>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(cx)
    }
}

impl<C> fmt::Debug for Chunks<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks")
    }
}
