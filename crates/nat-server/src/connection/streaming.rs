//! Streamed answers on HTTP/1, as their connection sees them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};

use super::Client;
use crate::reply::Frames;

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
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.frames.as_mut().poll_frame(cx)
    }
}
