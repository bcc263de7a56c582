//! The trait of functions that answer piece by piece.

use std::future::{Future, ready};

use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Chunks, CloseReason};
use crate::{Context, Error, Result};

/// A function that answers with a stream of chunks.
///
/// As [`Function`](crate::Function), the value is the state. A type may implement both, with the same `Input`: then a
/// single call is answered by `call`, and a stream by `stream`.
///
/// The reader pulls: between two chunks the function runs only as far as somebody waits for the next
/// one, so a slow reader slows the function down and no chunk waits in a queue.
///
/// # Cancellation
///
/// A reader that goes away drops the stream at its present await; what has to be cleaned up then
/// belongs into a value whose `Drop` does it.
///
/// ```
/// use nat_core::{Context, Result, Stream, StreamingFunction, stream};
///
/// struct Countdown;
///
/// impl StreamingFunction for Countdown {
///     type Input = u32;
///     type Chunk = u32;
///
///     fn stream(&self, _ctx: &Context, from: u32) -> impl Stream<Item = Result<u32>> + Send {
///         stream! {
///             for number in (0..=from).rev() {
///                 yield number;
///             }
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a streaming function of the workflow runtime",
    label = "this must implement `nat::StreamingFunction`",
    note = "`streaming_output_type` says that the function streams: implement `nat::StreamingFunction` for it, or \
            make it with `nat::from_stream_fn`"
)]
pub trait StreamingFunction: Send + Sync + Sized + 'static {
    /// What a call takes.
    type Input: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// One piece of the answer.
    type Chunk: Serialize + JsonSchema + Send + 'static;

    /// Answers one call. Nothing should happen before the stream is read: write the body as one
    /// [`stream!`](crate::stream).
    ///
    /// # Errors
    ///
    /// An error is the stream's last item; chunks before it have been sent. A panic is caught and
    /// ends the stream with an internal error; the instance lives on.
    fn stream(&self, ctx: &Context, input: Self::Input) -> impl Stream<Item = Result<Self::Chunk>> + Send;

    /// Makes one output of all chunks, for callers that want a single one. Not asked of a type that
    /// is a [`Function`](crate::Function) too, and the way to go when the single output has another type than a chunk.
    ///
    /// # Errors
    ///
    /// As written here, a `ValueError` that says there is no single output; nothing is streamed then.
    ///
    /// ```
    /// # use nat_core::{Chunks, Context, Result, Stream, StreamingFunction, stream};
    /// # struct Words;
    /// impl StreamingFunction for Words {
    /// #   type Input = String;
    /// #   type Chunk = String;
    /// #   fn stream(&self, _ctx: &Context, text: String) -> impl Stream<Item = Result<String>> + Send {
    /// #       stream! { for word in text.split_whitespace() { yield word.to_owned(); } }
    /// #   }
    ///     // …
    ///     async fn fold(&self, _ctx: &Context, chunks: Chunks<'_, String>) -> Result<String> {
    ///         Ok(chunks.all().await?.concat())
    ///     }
    /// }
    /// ```
    fn fold(&self, ctx: &Context, chunks: Chunks<'_, Self::Chunk>) -> impl Future<Output = Result<Self::Chunk>> + Send {
        drop(chunks);
        let _ = ctx;
        ready(Err(Error::value("Cannot get a single output value for streaming workflows")))
    }

    /// Runs once, when the instance ends; see [`Function::close`](crate::Function::close). A type that
    /// is a `Function` too closes by that one, and this is not called.
    ///
    /// # Errors
    ///
    /// An error is logged and changes nothing.
    fn close(self, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        drop((self, reason));
        ready(Ok(()))
    }
}
