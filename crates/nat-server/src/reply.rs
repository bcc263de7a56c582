//! What is sent: JSON bodies, the fixed ones made once.

mod body;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Body as HttpBody;
use serde::Serialize;

pub use body::Body;
pub(crate) use body::{Form, Frames};

/// An answer on its way out.
pub(crate) type Reply = Response<Body>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// `{"detail":…}`, the form of errors that no function had a part in.
#[derive(Serialize)]
struct Detail<T> {
    detail: T,
}

/// `{"code":…,"message":…,"details":…}`, the form of errors on the routes of functions.
#[derive(Debug, Serialize)]
pub(crate) struct WorkflowError<'a> {
    pub(crate) code: &'static str,
    pub(crate) message: &'a str,
    pub(crate) details: &'a str,
}

/// A body of a kind that is known.
pub(crate) fn bytes(status: StatusCode, kind: HeaderValue, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Body::whole(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, kind);
    reply
}

/// A line for people.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Reply {
    bytes(status, TEXT, text)
}

/// Nothing but a status.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Body::default());
    *reply.status_mut() = status;
    reply
}

/// A body that is JSON already.
pub(crate) fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    bytes(status, JSON, body)
}

/// A body that is written as JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    let mut bytes = Vec::with_capacity(256);
    match serde_json::to_writer(&mut bytes, body) {
        Ok(()) => json_bytes(status, bytes),
        // The shapes of this crate are plain structs and JSON values: all of them can be written.
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            json_bytes(StatusCode::INTERNAL_SERVER_ERROR, r#"{"detail":"Internal Server Error"}"#)
        }
    }
}

/// `{"detail":…}`
pub(crate) fn detail(status: StatusCode, detail: impl Serialize) -> Reply {
    json(status, &Detail { detail })
}

pub(crate) fn not_found() -> Reply {
    json_bytes(StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#)
}

pub(crate) fn method_not_allowed(allow: &HeaderValue) -> Reply {
    let mut reply = json_bytes(StatusCode::METHOD_NOT_ALLOWED, r#"{"detail":"Method Not Allowed"}"#);
    reply.headers_mut().insert(ALLOW, allow.clone());
    reply
}

/// 307 with nothing but the new address.
pub(crate) fn redirect(location: HeaderValue) -> Reply {
    let mut reply = empty(StatusCode::TEMPORARY_REDIRECT);
    reply.headers_mut().insert(LOCATION, location);
    reply
}

/// The answer to a HEAD: without the body, and with its length.
pub(crate) fn head_only(reply: Reply) -> Reply {
    let (mut head, body) = reply.into_parts();
    // A 304 has no body, and zero would not be the length of the one that it stands for.
    let length = body.size_hint().exact().filter(|_| head.status != StatusCode::NOT_MODIFIED);
    if let Some(length) = length {
        head.headers.insert(CONTENT_LENGTH, length.into());
    }
    Response::from_parts(head, Body::default())
}

/// Names the way to identify oneself that the server would take.
pub(crate) fn with_challenge(mut reply: Reply, challenge: HeaderValue) -> Reply {
    reply.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    reply
}

/// Whole seconds, rounded up, at least one: a client that comes back any earlier comes for nothing.
pub(crate) fn with_retry_after(mut reply: Reply, wait: std::time::Duration) -> Reply {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    reply
}
