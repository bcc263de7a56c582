//! The write deadline of HTTP/2, which holds for each stream.
//!
//! A client that reads its connection may leave single answers unread, by opening no window for them. hyper hands a frame
//! of a body to h2 as soon as the window has room for one byte of it, and does not look at the body again before it has
//! room for the next one: what has been handed over waits in h2 without a deadline. So bodies are handed over in pieces
//! ([`Paced`]), of which h2 holds two at most that the window does not cover, and each stream is dropped, which resets
//! it, when it waits for its window for too long ([`Executor`]).
//!
//! A piece also waits where nothing is wrong with its stream: the streams of a connection share its link, and h2 sends one
//! frame of each in turn. With many streams a turn takes longer than the deadline, whatever their client reads. So a stream
//! whose deadline has passed is given more time while the connection as a whole goes on and its turn may still come
//! ([`patience`](super::patience)).

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::debug;

use super::Client;
use super::patience::{Patience, Wait};
use crate::reply::Body;

/// As much of an answer is to be taken within each write deadline: the size of one DATA frame.
pub(crate) const PIECE: usize = 16 * 1024;

tokio::task_local! {
    /// Of the stream that is being polled.
    static HANDOVER: Cell<Handover>;
}

/// How far the body of a stream has been handed over.
#[derive(Clone, Copy, Default)]
struct Handover {
    pieces: u64,
    /// Whether nobody has asked for the next piece.
    waits: bool,
}

/// The body of an answer in pieces. On HTTP/2 the last byte of each frame is a piece of its own: it is taken when the
/// window covers all before it, and so nothing is left behind in h2 when the body has ended. On HTTP/1, which has no
/// windows, a small answer is one piece, and leaves with its head.
pub(super) struct Paced {
    body: Body,
    /// What is left of the present frame.
    rest: Bytes,
    client: Arc<Client>,
}

impl Paced {
    /// The connection of `client` counts as busy as long as the value lives.
    pub(super) fn new(body: Body, client: Arc<Client>) -> Self {
        client.pulse.begin();
        Self { body, rest: Bytes::new(), client }
    }

    fn piece(&mut self, protocol: Protocol) -> Bytes {
        let length = match protocol {
            Protocol::Http1 => self.rest.len(),
            Protocol::Http2 => self.rest.len().saturating_sub(1).max(1),
        };
        match length.min(PIECE) {
            piece if piece >= self.rest.len() => std::mem::take(&mut self.rest),
            piece => self.rest.split_to(piece),
        }
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        self.client.pulse.end();
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        hand_over(|now| now.waits = false);
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)?) {
                None => return Poll::Ready(None),
                Some(frame) => match frame.into_data() {
                    // An empty one ends the body, or says nothing.
                    Ok(data) if data.is_empty() && self.body.is_end_stream() => return Poll::Ready(None),
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
        let protocol = hand_over(|now| *now = Handover { pieces: now.pieces + 1, waits: true });
        Poll::Ready(Some(Ok(Frame::data(self.piece(protocol)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

/// What the body of an answer is polled for.
#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
}

/// Notes it for the stream that the body is polled in; there is one on HTTP/2 only.
fn hand_over(change: impl FnOnce(&mut Handover)) -> Protocol {
    let noted = HANDOVER.try_with(|cell| {
        let mut now = cell.get();
        change(&mut now);
        cell.set(now);
    });
    if noted.is_ok() { Protocol::Http2 } else { Protocol::Http1 }
}

/// Runs each stream of a connection on a task of its own, with a deadline for each piece of its answer.
#[derive(Clone)]
pub(super) struct Executor {
    pub(super) client: Arc<Client>,
    pub(super) patience: Patience,
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(HANDOVER.scope(Cell::default(), timed(stream, self.client.clone(), self.patience)));
    }
}

/// `stream` to its end, or until a piece of its body has been waiting for too long. A stream that is dropped before its
/// end is reset by h2, which drops what it holds of it.
async fn timed(stream: impl Future<Output = ()>, client: Arc<Client>, patience: Patience) {
    let mut stream = pin!(stream);
    let mut timed = 0;
    let mut timer: Option<Pin<Box<Sleep>>> = None;
    let mut wait = Wait::new(&client.sent);
    poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Handover { pieces, waits } = HANDOVER.with(Cell::get);
        if !waits {
            return Poll::Pending;
        }
        let limit = patience.limit;
        let timer = match &mut timer {
            Some(timer) if timed == pieces => timer,
            begun => {
                wait = Wait::new(&client.sent);
                match begun {
                    Some(timer) => {
                        timer.as_mut().reset(Instant::now() + limit);
                        timer
                    }
                    none => none.insert(Box::pin(sleep_until(Instant::now() + limit))),
                }
            }
        };
        timed = pieces;
        loop {
            ready!(timer.as_mut().poll(cx));
            if patience.is_over(&mut wait, &client.sent) {
                break;
            }
            timer.as_mut().reset(Instant::now() + limit);
        }
        debug!("a stream was reset: its client does not read it");
        Poll::Ready(())
    })
    .await;
}
