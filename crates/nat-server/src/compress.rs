//! Smaller answers for clients that ask for them.
//!
//! Whole answers get gzip or brotli once they are large enough for that to pay. A stream gets gzip that
//! is complete after every frame: what a function has said must not wait in a compressor.

mod accept;
mod deflate;
mod stream;

use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::BodyExt;
use hyper::body::Body as HttpBody;

pub(crate) use accept::Accepted;
use stream::Gzipped;

use crate::reply::{Body, Form, Reply};

/// Below this a packet carries the answer as it is.
const THRESHOLD: u64 = 1024;
/// More than this is compressed on a thread of its own, where no other request waits for it.
const LARGE: usize = 64 * 1024;
/// Beyond these levels seconds are paid for bytes.
const GZIP_LEVEL: u32 = 5;
const BROTLI_QUALITY: i32 = 4;

pub(crate) const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("Accept-Encoding");

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// As headers name it; `None` for a body as it is.
    pub(crate) fn name(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Brotli => Some(HeaderValue::from_static("br")),
        }
    }
}

/// The reply in the coding that its reader likes best, where it is worth one.
pub(crate) async fn fitted(reply: Reply, accepted: Accepted) -> Reply {
    let size = reply.body().size_hint().exact();
    // Nearly every answer ends here, for the price of one look.
    if size.is_some_and(|bytes| bytes < THRESHOLD) || !is_text(reply.headers()) {
        return reply;
    }
    // Boxed, so that the usual request carries no more than it needs.
    Box::pin(recoded(reply, accepted)).await
}

async fn recoded(reply: Reply, accepted: Accepted) -> Reply {
    let whole = reply.body().size_hint().exact();
    let (mut head, body) = reply.into_parts();
    varies_by(&mut head.headers, ACCEPT_ENCODING);
    let coding = if whole.is_some() { accepted.for_whole() } else { accepted.for_stream() };
    let Some(name) = coding.name() else { return Response::from_parts(head, body) };
    let body = match body.into_form() {
        Form::Stream(frames) => {
            head.headers.insert(CONTENT_ENCODING, name);
            Form::Stream(Box::pin(Gzipped::new(frames)))
        }
        Form::Whole(whole) => {
            let Ok(plain) = whole.collect().await.map(http_body_util::Collected::to_bytes);
            match compressed(plain.clone(), coding).await {
                Some(smaller) if smaller.len() < plain.len() => {
                    head.headers.insert(CONTENT_ENCODING, name);
                    weaken(&mut head.headers);
                    Form::Whole(smaller.into())
                }
                _ => Form::Whole(plain.into()),
            }
        }
    };
    Response::from_parts(head, Body::from(body))
}

/// What gzip made of something of ours.
pub(crate) fn inflated(gzip: &[u8]) -> io::Result<Bytes> {
    let mut plain = Vec::with_capacity(gzip.len() * 4);
    GzDecoder::new(gzip).read_to_end(&mut plain)?;
    Ok(plain.into())
}

/// Says that the answer depends on this header of the request too. All of them stand in one header, since some
/// caches look no further.
pub(crate) fn varies_by(headers: &mut HeaderMap, name: HeaderValue) {
    let value = match headers.get(VARY) {
        None => name,
        Some(known) if names(known, &name) => return,
        Some(known) => {
            let both = [known.as_bytes(), b", ", name.as_bytes()].concat();
            HeaderValue::from_bytes(&both).expect("two header values and a comma are one")
        }
    };
    headers.insert(VARY, value);
}

fn names(list: &HeaderValue, name: &HeaderValue) -> bool {
    list.as_bytes().split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}

/// Text that is not compressed yet.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim_ascii();
    !headers.contains_key(CONTENT_ENCODING)
        && (essence == "application/json" || essence == "text/html" || essence == "text/event-stream")
}

async fn compressed(plain: Bytes, coding: Coding) -> Option<Bytes> {
    let is_large = plain.len() > LARGE;
    let work = move || match coding {
        Coding::Identity => Ok(plain),
        Coding::Gzip => gzip(&plain),
        Coding::Brotli => brotli(&plain),
    };
    let done = match is_large {
        true => tokio::task::spawn_blocking(work).await.ok()?,
        false => work(),
    };
    // Writing into memory does not fail; if it does, the answer goes out as it is.
    done.ok()
}

fn gzip(plain: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::new(GZIP_LEVEL));
    encoder.write_all(plain)?;
    Ok(encoder.finish()?.into())
}

fn brotli(plain: &[u8]) -> io::Result<Bytes> {
    // A window beyond the text would be memory for nothing.
    let window = (plain.len().ilog2() + 1).clamp(10, 22);
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: window as i32,
        size_hint: plain.len(),
        ..Default::default()
    };
    let mut small = Vec::with_capacity(plain.len() / 3);
    brotli::BrotliCompress(&mut &plain[..], &mut small, &parameters)?;
    Ok(small.into())
}

/// The bytes are others now, so a tag that promises the same bytes must promise the same meaning only.
fn weaken(headers: &mut HeaderMap) {
    let strong = headers.get(ETAG).and_then(|tag| tag.to_str().ok()).filter(|tag| !tag.starts_with("W/"));
    if let Some(weak) = strong.and_then(|tag| HeaderValue::from_str(&format!("W/{tag}")).ok()) {
        headers.insert(ETAG, weak);
    }
}
