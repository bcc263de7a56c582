//! A stream as an HTTP body.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use nat_core::{CallError, Chunk, Event, Usage};
use tokio::time::{Instant, Sleep, sleep_until};

use super::frames::{self, ErrorForm};
use super::running::Running;
use super::steps::StepFrames;
use crate::error::{self, Exposure};
use crate::unpanicked::unpanicked;

/// What the results of a stream look like.
pub(crate) trait ResultFrames: Send + Unpin + 'static {
    /// The frame of one chunk.
    ///
    /// # Errors
    ///
    /// When the chunk cannot be written.
    fn chunk(&mut self, chunk: Chunk) -> Result<Bytes, CallError>;

    /// What comes after the last chunk of a stream that did not fail; empty for nothing.
    fn end(&mut self, usage: Option<Usage>) -> Bytes;

    /// The JSON of a failure.
    fn failure(&self, error: CallError, exposure: Exposure) -> String {
        error::event(error, exposure)
    }
}

/// Steps passed over in a row before the connection and the comments get their turn: a function that tells without
/// end, and nothing that the client asked for, would keep the thread otherwise.
const PASSED_OVER: usize = 64;

/// The body of a streamed answer. It owns the session until it is dropped.
pub(crate) struct EventBody<R> {
    /// Held until the last frame has been taken.
    running: Option<Running>,
    steps: StepFrames,
    results: R,
    /// Kept back until the last steps have been sent.
    failure: Option<CallError>,
    errors: ErrorForm,
    exposure: Exposure,
    turn: Turn,
    keep_alive: KeepAlive,
}

/// Whose turn it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Function,
    /// A chunk has just been handed over. The function is asked for more when the connection has had a chance to
    /// send it: a function that computes without a pause would hold it back otherwise.
    Connection,
    /// All has been said.
    Nobody,
}

/// The timer of comments. It is not touched by frames, and looks when it fires whether there were any.
struct KeepAlive {
    interval: Duration,
    last_frame: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<R: ResultFrames> EventBody<R> {
    pub(crate) fn new(
        running: Running,
        steps: StepFrames,
        results: R,
        errors: ErrorForm,
        exposure: Exposure,
        keep_alive: Duration,
    ) -> Self {
        let keep_alive = KeepAlive { interval: keep_alive, last_frame: Instant::now(), timer: None };
        Self {
            running: Some(running),
            steps,
            results,
            failure: None,
            errors,
            exposure,
            turn: Turn::Function,
            keep_alive,
        }
    }

    /// The next frame; `None` at the end.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self.turn {
            Turn::Function => {}
            Turn::Connection => {
                self.turn = Turn::Function;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Turn::Nobody => self.running = None,
        }
        for _ in 0..PASSED_OVER {
            let Some(running) = &mut self.running else { return Poll::Ready(None) };
            let event = match running.poll_next(cx) {
                Poll::Ready(event) => event,
                Poll::Pending => return self.keep_alive.poll(cx).map(Some),
            };
            match event {
                Some(Ok(Event::Step(step))) => {
                    if let Some(frame) = self.steps.frame(&step) {
                        return Poll::Ready(Some(frame));
                    }
                }
                Some(Ok(Event::Chunk(chunk))) => match self.chunk(chunk) {
                    Ok(frame) => {
                        self.turn = Turn::Connection;
                        return Poll::Ready(Some(frame));
                    }
                    Err(failure) => {
                        self.running.iter_mut().for_each(Running::fail);
                        return Poll::Ready(Some(self.end(Some(failure))));
                    }
                },
                Some(Ok(_)) => {}
                Some(Err(failure)) => self.failure = Some(failure),
                None => {
                    let failure = self.failure.take();
                    let last = Some(self.end(failure)).filter(|frame| !frame.is_empty());
                    if last.is_none() {
                        self.running = None;
                    }
                    return Poll::Ready(last);
                }
            }
        }
        cx.waker().wake_by_ref();
        self.keep_alive.poll(cx).map(Some)
    }

    fn chunk(&mut self, chunk: Chunk) -> Result<Bytes, CallError> {
        // A type of the function writes itself here, and may panic like any other code of its author.
        let written = unpanicked(|| self.results.chunk(chunk));
        written.unwrap_or_else(|id| Err(CallError::Panicked { id }))
    }

    /// The last frame.
    fn end(&mut self, failure: Option<CallError>) -> Bytes {
        self.turn = Turn::Nobody;
        let usage = self.running.as_ref().and_then(Running::usage);
        match failure {
            Some(failure) => frames::error(self.errors, &self.results.failure(failure, self.exposure)),
            None => self.results.end(usage),
        }
    }
}

impl KeepAlive {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        let due = self.last_frame + self.interval;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        while timer.as_mut().poll(cx).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(frames::COMMENT);
            }
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl<R: ResultFrames> Body for EventBody<R> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = self.poll_bytes(cx);
        if let Poll::Ready(Some(_)) = polled {
            self.keep_alive.last_frame = Instant::now();
        }
        polled.map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.running.is_none()
    }
}
