//! An answer in pieces, which owns the session it is made in.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use tracing::error;

use super::{Access, CallError, Chunk, Output, failed, panicked};
use crate::activity::{self, Phase};
use crate::function::{ErasedFunction, Payload};
use crate::interface::Given;
use crate::metrics::Outcome;
use crate::steps::{Listener, Step};
use crate::{Context, Result, Usage, unwind};

/// A function at work on a stream, and what it needs for that: the engine of the two streams below.
struct Running {
    /// Dropped before everything else: it ends on the instance that it runs on.
    stream: Option<BoxStream<'static, Result<Payload>>>,
    function: Arc<dyn ErasedFunction>,
    ctx: Context,
    given: Given,
    access: Access,
}

impl Running {
    fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Payload, CallError>>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        let _entered = activity::enter(Phase::Call, self.function.name(), self.ctx.user_id());
        let polled = match catch_unwind(AssertUnwindSafe(|| stream.poll_next_unpin(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(polled)) => polled,
            Err(panic) => {
                let error = panicked(self.function.name(), panic);
                return Poll::Ready(Some(Err(self.end(error))));
            }
        };
        Poll::Ready(match polled {
            Some(Ok(payload)) => Some(Ok(payload)),
            Some(Err(error)) => {
                let error = failed(self.function.name(), error);
                Some(Err(self.end(error)))
            }
            None => {
                self.drop_stream();
                None
            }
        })
    }

    fn end(&mut self, error: CallError) -> CallError {
        self.access.finish(Outcome::Failed);
        self.drop_stream();
        error
    }

    fn drop_stream(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        let _entered = activity::enter(Phase::Call, self.function.name(), self.ctx.user_id());
        if let Err(text) = unwind::caught(|| drop(stream)) {
            let (id, panic) = unwind::to_report(&text);
            error!(%id, function = self.function.name(), panic, "a stream panicked when it was dropped");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.drop_stream();
    }
}

/// The chunks of one call, in order; an error is the last item. It owns the session.
///
/// The function runs only while somebody polls this: a slow reader slows it down. Its stream is dropped
/// at its end, at an error, or together with this value, whichever comes first; the instance stays in
/// use, and one of its user's running calls taken, until this value is dropped. Keep it until the last
/// byte of the answer has left.
///
/// The request is counted then: as failed when the function failed or panicked. A reader who goes away
/// before the end is no failure of the function.
pub struct OutputStream {
    running: Running,
}

impl OutputStream {
    pub(super) fn new(
        stream: BoxStream<'static, Result<Payload>>,
        function: Arc<dyn ErasedFunction>,
        ctx: Context,
        given: Given,
        mut access: Access,
    ) -> Self {
        access.finish(Outcome::Done);
        Self { running: Running { stream: Some(stream), function, ctx, given, access } }
    }

    /// The next chunk; `None` after the last one.
    ///
    /// # Errors
    ///
    /// The function's own error, or that it panicked.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing: what was about to come, comes with the next call.
    pub async fn next(&mut self) -> Option<Result<Chunk, CallError>> {
        StreamExt::next(self).await
    }

    /// Counts the request as failed after all: what the function gave could not be sent.
    pub fn fail(&mut self) {
        self.running.access.finish(Outcome::Failed);
    }

    /// The tokens that were reported so far; `None` when nobody has reported any.
    pub fn usage(&self) -> Option<Usage> {
        self.running.ctx.usage()
    }
}

impl Stream for OutputStream {
    type Item = Result<Chunk, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let running = &mut self.running;
        let interface = running.function.interface().clone();
        running.poll(cx).map(|polled| polled.map(|chunk| Ok(Chunk { chunk: chunk?, interface })))
    }
}

/// What a request tells while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Something began, went on or ended.
    Step(Step),
    /// A piece of the answer, of [`Session::stream_with_steps`](crate::Session::stream_with_steps).
    Chunk(Chunk),
    /// The whole answer, of [`Session::call_with_steps`](crate::Session::call_with_steps).
    Output(Output),
}

/// Steps and the answer of one call, in the order in which they happened. It owns the session, as an
/// [`OutputStream`] does, and counts in the same way.
///
/// An error is the last item: the steps that it ended come before it. A step that a task of the
/// function's own tells after the function has ended may be lost.
///
/// The function is polled again after a few of the steps that wait, its own or those of other tasks, and
/// never waits for them to be read. Each chunk and the answer come after the steps that were told before them, and are not
/// held back by those that were told after. Steps are left out where they are not read as fast as they
/// happen: see [`EventStream::steps_left_out`].
pub struct EventStream {
    running: Running,
    listener: Arc<Listener>,
    progress: Progress,
}

enum Progress {
    /// The function is at work. So many steps have been read since it was last polled.
    AtWork {
        read: usize,
    },
    /// The function gave this, after so many steps that are still to be read.
    Given {
        given: Option<Result<Payload, CallError>>,
        behind: usize,
    },
    Ended,
}

/// Steps that are read before the function is polled again while more of them wait. Small enough for a function whose
/// tasks tell without end; large enough that a function which tells little by little is not polled at each of them.
const STEPS_BETWEEN_TURNS: usize = 8;

impl EventStream {
    pub(super) fn new(output: OutputStream, listener: Arc<Listener>) -> Self {
        Self { running: output.running, listener, progress: Progress::AtWork { read: 0 } }
    }

    /// The next event; `None` after the last one.
    ///
    /// # Errors
    ///
    /// As [`OutputStream::next`].
    ///
    /// # Cancellation
    ///
    /// As [`OutputStream::next`].
    pub async fn next(&mut self) -> Option<Result<Event, CallError>> {
        StreamExt::next(self).await
    }

    /// Forgets the steps that wait, and tells no more of them; from here on they cost nothing. For a
    /// stream that nobody reads any more and that should still come to its end.
    pub fn ignore_steps(&mut self) {
        self.listener.close();
    }

    /// Spans, calls and pieces of answers that were not told so far, since too many steps waited to be read or
    /// they held too much memory. The workflow's last step says it too.
    pub fn steps_left_out(&self) -> u64 {
        self.listener.left_out()
    }

    /// Counts the request as failed after all: what the function gave could not be sent.
    pub fn fail(&mut self) {
        self.running.access.finish(Outcome::Failed);
    }

    /// The tokens that were reported so far; `None` when nobody has reported any.
    pub fn usage(&self) -> Option<Usage> {
        self.running.ctx.usage()
    }

    fn event(&self, payload: Payload) -> Event {
        let interface = self.running.function.interface().clone();
        match self.running.given {
            Given::Chunk => Event::Chunk(Chunk { chunk: payload, interface }),
            Given::Output => Event::Output(Output { output: payload, interface, usage: self.usage() }),
        }
    }
}

#[cfg(test)]
impl EventStream {
    pub(crate) fn context(&self) -> Context {
        self.running.ctx.clone()
    }

    pub(crate) fn listener(&self) -> Arc<Listener> {
        self.listener.clone()
    }
}

impl Stream for EventStream {
    type Item = Result<Event, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let next_step = |listener: &Listener| listener.pop().map(|step| Poll::Ready(Some(Ok(Event::Step(step)))));
        loop {
            match &mut this.progress {
                Progress::AtWork { read } => {
                    if *read < STEPS_BETWEEN_TURNS
                        && let Some(step) = next_step(&this.listener)
                    {
                        *read += 1;
                        return step;
                    }
                    *read = 0;
                    let turn = this.listener.turn();
                    let polled = this.running.poll(cx);
                    drop(turn);
                    match polled {
                        Poll::Ready(given) => {
                            this.progress = Progress::Given { given, behind: this.listener.waiting() };
                        }
                        Poll::Pending => return this.listener.poll(cx).map(|step| Some(Ok(Event::Step(step)))),
                    }
                }
                Progress::Given { behind: behind @ 1.., .. } => {
                    *behind -= 1;
                    match next_step(&this.listener) {
                        Some(step) => return step,
                        // They were forgotten.
                        None => *behind = 0,
                    }
                }
                Progress::Given { given, .. } => {
                    let given = given.take();
                    let goes_on = matches!(given, Some(Ok(_)));
                    this.progress = if goes_on {
                        Progress::AtWork { read: STEPS_BETWEEN_TURNS }
                    } else {
                        // What tasks of the function's own tell from here on comes too late.
                        this.listener.close();
                        Progress::Ended
                    };
                    return Poll::Ready(given.map(|given| given.map(|payload| this.event(payload))));
                }
                Progress::Ended => return Poll::Ready(None),
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.listener.close();
    }
}

impl fmt::Debug for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputStream").field("function", &self.running.function.name()).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("function", &self.running.function.name()).finish_non_exhaustive()
    }
}
