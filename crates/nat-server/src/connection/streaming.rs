//! Streamed answers, as their connection sees them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::timeout;
use tracing::debug;

use super::Client;
use crate::reply::{Cut, Frames};

/// A stream that keeps its connection busy as long as it lives.
pub(super) struct Streaming {
    frames: Frames,
    client: Arc<Client>,
}

impl Streaming {
    pub(super) fn new(frames: Frames, client: Arc<Client>) -> Self {
        client.pulse.begin();
        Self { frames, client }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.client.pulse.end();
    }
}

impl HttpBody for Streaming {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        self.frames.as_mut().poll_frame(cx)
    }
}

/// What a hurried stream has to say.
enum Message {
    Frame(Result<Frame<Bytes>, Cut>),
    End,
}

/// The same stream on a task of its own, where it is dropped when the client leaves a frame unread for `limit`.
/// Otherwise nobody would notice: a body whose client opens no window is not polled.
pub(super) fn hurried(frames: Frames, limit: Duration) -> Frames {
    // One frame in advance; more would let the function run ahead of its reader.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(pump(frames, sender, limit));
    Box::pin(Hurried(Some(receiver)))
}

async fn pump(mut frames: Frames, sender: Sender<Message>, limit: Duration) {
    loop {
        let frame = tokio::select! {
            biased;
            () = sender.closed() => return,
            frame = frames.frame() => frame,
        };
        let last = frame.is_none();
        match timeout(limit, sender.send(frame.map_or(Message::End, Message::Frame))).await {
            Ok(Ok(())) if last => break,
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => return debug!("a stream was dropped: its client does not read it"),
        }
    }
    // The session lives in `frames`, and is held until what was sent has been taken.
    timeout(limit, sender.closed()).await.ok();
}

struct Hurried(Option<Receiver<Message>>);

impl HttpBody for Hurried {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let Some(receiver) = &mut self.0 else { return Poll::Ready(None) };
        let frame = match std::task::ready!(receiver.poll_recv(cx)) {
            Some(Message::Frame(frame)) => return Poll::Ready(Some(frame)),
            Some(Message::End) => None,
            // The task ended before the stream did.
            None => Some(Err(Cut)),
        };
        self.0 = None;
        Poll::Ready(frame)
    }
}
