//! What stands before a function: who asks, and what they say.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper::body::Body;
use nat_core::{InvalidInput, UserId, Workflow};

use crate::app::App;
use crate::body::{self, BodyError};
use crate::reply::{self, Reply};
use crate::request::ReceivedRequest;
use crate::unpanicked::unpanicked;
use crate::{error, validation};

/// The way to a function.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub(crate) workflow: Workflow,
    pub(crate) takes: Takes,
}

/// Whether requests carry an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Body,
    /// The function is called with an empty object.
    Nothing,
}

/// A request that may call the function.
pub(crate) struct Admitted<T> {
    pub(crate) user: Option<UserId>,
    pub(crate) request: Arc<ReceivedRequest>,
    pub(crate) input: T,
}

impl Entrance {
    /// Who asks, and whether the body can be read, is settled before any of it is read; the input before anything is
    /// built.
    pub(crate) async fn admit<B: Body<Data = Bytes>, T>(
        &self,
        app: &App,
        request: Arc<ReceivedRequest>,
        body: B,
        decode: impl FnOnce(&[u8]) -> Result<T, InvalidInput>,
    ) -> Result<Admitted<T>, Reply> {
        let headers = &request.parts.headers;
        let user = app.identify(headers, request.peer.map(|peer| peer.ip()), self.workflow.scope())?;
        let body = self.body(app, headers, body).await?;
        // A type of the workflow reads itself here, and may panic like any other code of its author.
        let decoded = unpanicked(|| decode(without_mark(&body)));
        let input = decoded.map_err(error::internal_error)?.map_err(|invalid| validation::refused(&invalid))?;
        Ok(Admitted { user, request, input })
    }

    async fn body<B: Body<Data = Bytes>>(&self, app: &App, headers: &HeaderMap, body: B) -> Result<Bytes, Reply> {
        let body = match self.takes {
            Takes::Body if is_compressed(headers) => return Err(compressed()),
            Takes::Body => {
                let read = app.drain().unless_begun(body::read(body, app.body_limits())).await;
                read.ok_or_else(error::shutting_down)?.map_err(BodyError::reply)?
            }
            Takes::Nothing => return Ok(Bytes::from_static(b"{}")),
        };
        if body.is_empty() {
            return Err(validation::missing_body());
        }
        if !says_json(headers) {
            return Err(validation::not_json(&body));
        }
        Ok(body)
    }
}

/// Whether the body is said to be JSON: `application/json` or `application/*+json`, with any parameters.
/// Of several headers all must say so, or two readers of this request could disagree.
fn says_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter().peekable();
    types.peek().is_some() && types.all(is_json)
}

fn is_json(value: &HeaderValue) -> bool {
    let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let Some((kind, subtype)) = essence.split_at_checked(b"application/".len()) else { return false };
    let suffix = subtype.len().checked_sub(b"+json".len()).map(|start| &subtype[start..]);
    kind.eq_ignore_ascii_case(b"application/")
        && (subtype.eq_ignore_ascii_case(b"json") || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case(b"+json")))
}

/// Whether the body is said to be in a coding: any `Content-Encoding` but `identity`.
fn is_compressed(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let codings = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    codings.into_iter().any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

/// The refusal of a compressed body, with the coding that would do (RFC 9110, section 12.5.3).
fn compressed() -> Reply {
    let text = "The body is compressed (Content-Encoding), and this server reads none that is: send it as it is";
    let mut reply = reply::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    reply.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    reply
}

/// The body without the mark that some editors put in front of UTF-8.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_that_it_is() {
        let says = |types: &[&str]| {
            let header = |one: &&str| (CONTENT_TYPE, HeaderValue::from_str(one).unwrap());
            says_json(&types.iter().map(header).collect())
        };
        for json in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"utf-8\"",
            " application/json ",
            "application/problem+json",
            "application/vnd.api+JSON; v=1",
        ] {
            assert!(says(&[json]), "{json}");
        }
        for other in [
            "",
            "text/plain",
            "text/json",
            "application/jsonx",
            "application/",
            "json",
            "application/x-www-form-urlencoded",
            "+json",
        ] {
            assert!(!says(&[other]), "{other}");
        }
        assert!(!says(&[]));
        assert!(says(&["application/json", "application/json"]));
        assert!(!says(&["application/json", "text/plain"]));
    }

    #[test]
    fn a_coding_but_identity_is_a_compression() {
        let is = |codings: &[&str]| {
            let header = |one: &&str| (CONTENT_ENCODING, HeaderValue::from_str(one).unwrap());
            is_compressed(&codings.iter().map(header).collect())
        };
        for plain in [&[][..], &["identity"], &["Identity", "identity"], &[" identity , IDENTITY"], &[""], &[","]] {
            assert!(!is(plain), "{plain:?}");
        }
        for coded in
            [&["gzip"][..], &["br"], &["zstd"], &["identity, gzip"], &["identity", "deflate"], &["identity;q=1"]]
        {
            assert!(is(coded), "{coded:?}");
        }
    }
}
