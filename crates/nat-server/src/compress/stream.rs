//! A body of frames, compressed one by one.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use super::deflate::Frames;

/// A body as gzip. Every frame leaves as one frame, which its reader can have at once.
pub(crate) struct Gzipped<B> {
    body: B,
    gzip: Frames,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Ended,
}

impl<B> Gzipped<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { body, gzip: Frames::new(), state: State::Open }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Gzipped<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        if this.state == State::Ended {
            return Poll::Ready(None);
        }
        Pin::new(&mut this.body).poll_frame(cx).map(|frame| match frame {
            Some(frame) => Some(frame.map(|frame| frame.map_data(|plain| this.gzip.frame(&plain)))),
            None => {
                this.state = State::Ended;
                Some(Ok(Frame::data(this.gzip.end())))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.state == State::Ended
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    #[tokio::test]
    async fn frames_stay_frames() {
        let frames = ["data: 1\n\n", "data: 2\n\n"]
            .map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from_static(text.as_bytes()))));
        let mut body = Gzipped::new(StreamBody::new(stream::iter(frames)));
        let mut sent = Vec::new();
        while let Some(Ok(frame)) = body.frame().await {
            sent.push(frame.into_data().unwrap());
        }
        assert!(body.is_end_stream() && body.frame().await.is_none());
        assert_eq!(sent.len(), 3);
        assert_eq!(crate::compress::inflated(&sent.concat()).unwrap(), "data: 1\n\ndata: 2\n\n");
    }
}
