//! What is left of a request's body when the answer is there.
//!
//! To stop listening to a client that is still sending resets its connection, or its stream on HTTP/2, and the reset can
//! overtake the answer that says why.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::connection;
use crate::socket::{LINGER, MAX_LINGER_BYTES};

/// As much is read for the sake of a connection that can be kept then.
const WORTH_READING: usize = 64 * 1024;

/// A body that knows how far it was read.
pub(crate) struct Tracked<B> {
    body: B,
    progress: Progress,
    /// The address behind the last byte that was passed on.
    ends_at: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Open,
    Ended,
    /// There is an end to it that nobody will find.
    Broken,
}

impl<B: Body<Data = Bytes> + Unpin> Tracked<B> {
    pub(crate) fn new(body: B) -> Self {
        Self { body, progress: Progress::Open, ends_at: 0 }
    }

    /// The address behind the last byte that was read: with others it tells what lies behind the body.
    pub(crate) fn ends_at(&self) -> usize {
        self.ends_at
    }

    /// Reads what has come already, and waits for nothing.
    pub(crate) async fn read_what_came(&mut self) {
        let (mut so_far, mut waited) = (0, false);
        while so_far <= WORTH_READING && self.progress == Progress::Open {
            match poll_fn(|cx| Poll::Ready(Pin::new(&mut *self).poll_frame(cx))).await {
                Poll::Ready(Some(Ok(frame))) => {
                    so_far += length(&frame);
                    waited = false;
                }
                Poll::Ready(_) => return,
                // On HTTP/1 the connection reads only after it was asked, on the same task: this lets it.
                Poll::Pending if !waited => {
                    waited = true;
                    yield_now().await;
                }
                Poll::Pending => return,
            }
        }
    }

    /// Reads on for a while, and not without end.
    pub(crate) async fn hear_out(mut self) {
        let all = async {
            let mut so_far = 0;
            while so_far <= MAX_LINGER_BYTES && self.progress == Progress::Open {
                let Some(Ok(frame)) = self.frame().await else { return };
                so_far += length(&frame);
            }
        };
        // What is not heard then is cut off.
        timeout(LINGER, all).await.ok();
    }
}

fn length(frame: &Frame<Bytes>) -> usize {
    frame.data_ref().map_or(0, Bytes::len)
}

impl<B: Body + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(None) => self.progress = Progress::Ended,
            Poll::Ready(Some(Err(_))) => self.progress = Progress::Broken,
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref().filter(|data| data.has_remaining()) {
                    self.ends_at = connection::end(data.chunk());
                }
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match self.progress {
            Progress::Open => self.body.is_end_stream(),
            Progress::Ended => true,
            Progress::Broken => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream::{self, StreamExt};
    use http_body_util::{Empty, StreamBody};
    use tokio::time::Instant;

    use super::*;

    type Frames = Vec<Result<Frame<Bytes>, std::io::Error>>;

    fn frames(count: usize, size: usize) -> Frames {
        (0..count).map(|_| Ok(Frame::data(Bytes::from(vec![b'x'; size])))).collect()
    }

    /// Whether the body is known to be at its end after what came was read.
    async fn ended(frames: Frames) -> bool {
        let mut body = Tracked::new(StreamBody::new(stream::iter(frames)));
        assert!(!body.is_end_stream());
        body.read_what_came().await;
        body.is_end_stream()
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_is_read_up_to_a_bound() {
        assert!(Tracked::new(Empty::<Bytes>::new()).is_end_stream());
        assert!(ended(frames(0, 0)).await && ended(frames(64, 1024)).await);
        assert!(!ended(frames(66, 1024)).await);
        let broken = frames(1, 1).into_iter().chain([Err(std::io::Error::other("gone"))]).collect();
        assert!(!ended(broken).await);
        let started = Instant::now();
        let never = stream::iter(frames(1, 1)).chain(stream::pending());
        let mut body = Tracked::new(StreamBody::new(never));
        body.read_what_came().await;
        assert!(!body.is_end_stream() && started.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_heard_for_ever() {
        let started = Instant::now();
        let never = stream::pending::<Result<Frame<Bytes>, Infallible>>();
        Tracked::new(StreamBody::new(never)).hear_out().await;
        assert_eq!(started.elapsed(), LINGER);
        let endless = stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; 1 << 20]))));
        let mut pieces = 0;
        Tracked::new(StreamBody::new(endless.inspect(|_| pieces += 1))).hear_out().await;
        assert_eq!((pieces, started.elapsed()), (17, LINGER));
    }
}
