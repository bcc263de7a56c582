//! Reading a request body within its limits.

mod rest;

use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt;
use hyper::body::Body;

use crate::reply::{self, Reply};

pub(crate) use rest::Tracked;

/// How much is read, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) max_bytes: usize,
    pub(crate) timeout: Duration,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    TooLarge {
        limit: usize,
    },
    TooSlow {
        limit: Duration,
    },
    /// The connection broke, or its framing is wrong: nobody will read the answer.
    Broken,
}

impl BodyError {
    pub(crate) fn reply(self) -> Reply {
        match self {
            Self::TooLarge { limit } => reply::detail(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The body is larger than {limit} bytes (general.front_end.limits.max_body_bytes)"),
            ),
            Self::TooSlow { limit } => reply::detail(
                StatusCode::REQUEST_TIMEOUT,
                format!("The body did not arrive within {limit:?} (general.front_end.limits.body_timeout)"),
            ),
            Self::Broken => reply::detail(StatusCode::BAD_REQUEST, "The body could not be read"),
        }
    }
}

/// The whole body. One that announces too much is refused before any of it is asked for.
pub(crate) async fn read<B: Body<Data = Bytes>>(body: B, limits: BodyLimits) -> Result<Bytes, BodyError> {
    let BodyLimits { max_bytes, timeout } = limits;
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(BodyError::TooLarge { limit: max_bytes });
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut collecting = std::pin::pin!(collect(body, max_bytes));
    // Nearly every body is there with its head. Only one that is waited for needs a timer.
    if let Poll::Ready(collected) = poll_fn(|cx| Poll::Ready(collecting.as_mut().poll(cx))).await {
        return collected;
    }
    let collected = Box::pin(tokio::time::timeout(timeout, collecting)).await;
    collected.unwrap_or(Err(BodyError::TooSlow { limit: timeout }))
}

async fn collect<B: Body<Data = Bytes>>(body: B, max_bytes: usize) -> Result<Bytes, BodyError> {
    let mut body = std::pin::pin!(body);
    let mut first = Bytes::new();
    let mut rest: Option<BytesMut> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        // Trailers are read and mean nothing here.
        let Ok(data) = frame.into_data() else { continue };
        let so_far = rest.as_ref().map_or(first.len(), BytesMut::len);
        if so_far + data.len() > max_bytes {
            return Err(BodyError::TooLarge { limit: max_bytes });
        }
        match &mut rest {
            Some(rest) => rest.extend_from_slice(&data),
            // Nearly every body comes in one piece, which then is passed on without a copy.
            None if first.is_empty() => first = data,
            None => rest.insert(BytesMut::from(first.as_ref())).extend_from_slice(&data),
        }
    }
    Ok(rest.map_or(first, BytesMut::freeze))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::{Empty, Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits { max_bytes: 8, timeout: Duration::from_secs(5) };

    fn chunked(chunks: &'static [&'static str]) -> impl Body<Data = Bytes, Error = Infallible> {
        let frames = chunks.iter().map(|chunk| Ok(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn bodies_are_read_up_to_the_limit() {
        assert_eq!(read(Empty::new(), LIMITS).await.unwrap(), "");
        assert_eq!(read(Full::from("12345678"), LIMITS).await.unwrap(), "12345678");
        assert_eq!(read(chunked(&["123", "", "45", "678"]), LIMITS).await.unwrap(), "12345678");
        let too_large = Err(BodyError::TooLarge { limit: 8 });
        assert_eq!(read(Full::from("123456789"), LIMITS).await, too_large);
        assert_eq!(read(chunked(&["1234", "5678", "9"]), LIMITS).await, too_large);
        assert_eq!(read(chunked(&["123456789"]), LIMITS).await, too_large);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up() {
        let stuck = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
        assert_eq!(read(stuck, LIMITS).await, Err(BodyError::TooSlow { limit: LIMITS.timeout }));
    }

    #[tokio::test]
    async fn a_broken_body_is_said_to_be() {
        let broken = StreamBody::new(stream::iter([Err::<Frame<Bytes>, _>(std::io::Error::other("gone"))]));
        assert_eq!(read(broken, LIMITS).await, Err(BodyError::Broken));
    }
}
