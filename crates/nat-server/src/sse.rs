//! Streamed answers: a function's chunks and steps as server-sent events.
//!
//! ```text
//! running      the function's stream with the session; what becomes of it when the client leaves
//! steps        which steps a client gets, and how they look
//! values, chat what a chunk looks like, and how a stream ends
//! frames       the text of one frame
//! body         the HTTP body: one frame at a time, comments in between, the error in the end
//! ```

mod body;
mod chat;
mod frames;
mod running;
mod steps;
mod values;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Response};
use hyper::body::Body as HttpBody;

pub(crate) use body::{EventBody, ResultFrames};
pub(crate) use chat::{ChatFrames, UsageChunk};
pub(crate) use frames::ErrorForm;
pub(crate) use running::open;
pub(crate) use steps::{Filter, StepFrames};
pub(crate) use values::ValueFrames;

use crate::reply::{Body, Reply};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Told to proxies of the nginx family, which otherwise collect an answer before they pass it on.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const NO: HeaderValue = HeaderValue::from_static("no");

/// The answer that streams `body`.
pub(crate) fn reply(
    body: impl HttpBody<Data = bytes::Bytes, Error = std::convert::Infallible> + Send + 'static,
) -> Reply {
    let mut reply = Response::new(Body::stream(body));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, EVENT_STREAM);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(ACCEL_BUFFERING, NO);
    reply
}
