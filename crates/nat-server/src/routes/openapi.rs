//! `/openapi.json`: what this server offers, for programs.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::compress;
use crate::openapi::Document;
use crate::reply::{self, Reply};
use crate::routes::tag;

/// To be asked about again each time: a restart may bring another one.
const CACHE: HeaderValue = HeaderValue::from_static("no-cache");

pub(crate) fn answer(document: &Document, asked: &HeaderMap) -> Reply {
    let mut reply = match tag::is_known(asked, &document.tag) {
        true => tag::not_modified(&document.tag),
        false => reply::json_bytes(StatusCode::OK, document.bytes.clone()),
    };
    // Also on an answer without body: it must not differ in this from the one that it stands for.
    compress::varies_by(reply.headers_mut(), compress::ACCEPT_ENCODING);
    tag::put(reply.headers_mut(), &document.tag);
    reply.headers_mut().insert(CACHE_CONTROL, CACHE);
    reply
}
