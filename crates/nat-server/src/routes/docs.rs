//! `/docs` and `/redoc`: pages that describe the server to people, and let them try it.
//!
//! Everything they load comes from this server, so that they work where there is no internet, and a
//! policy tells browsers to load nothing else.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::compress::{self, Accepted, Coding};
use crate::reply::{self, Reply};
use crate::routes::tag;

/// What Swagger UI loads comes from here, but for small pictures that its style carries in its own text.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Redoc makes its styles, and the worker that searches, while it runs.
const REDOC_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
/// Not for long: another version of the server brings others under the same names.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=600");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const CSS: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A page of text, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    html: Bytes,
    policy: HeaderValue,
}

/// The pages, by what they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageName {
    SwaggerUi,
    Redoc,
    /// Where an OAuth provider sends a person who identifies for Swagger UI.
    OAuthRedirect,
}

/// A file that pages load.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    kind: HeaderValue,
    content: Content,
    tag: LazyLock<HeaderValue>,
}

#[derive(Debug)]
enum Content {
    Plain(&'static [u8]),
    Gzip(&'static [u8]),
}

macro_rules! asset {
    ($path:literal, $kind:expr, $form:ident, $file:literal) => {{
        const CONTENT: &[u8] = include_bytes!(concat!("../../assets/", $file));
        Asset {
            path: concat!("/docs/assets/", $path),
            kind: $kind,
            content: Content::$form(CONTENT),
            tag: LazyLock::new(|| tag::weak(CONTENT)),
        }
    }};
}

/// Everything that the pages load.
pub(crate) static ASSETS: [Asset; 6] = [
    asset!("swagger-ui-bundle.js", JAVASCRIPT, Gzip, "swagger-ui-bundle.js.gz"),
    asset!("swagger-ui.css", CSS, Gzip, "swagger-ui.css.gz"),
    asset!("oauth2-redirect.js", JAVASCRIPT, Gzip, "oauth2-redirect.js.gz"),
    asset!("docs.js", JAVASCRIPT, Plain, "docs.js"),
    asset!("redoc.standalone.js", JAVASCRIPT, Gzip, "redoc.standalone.js.gz"),
    asset!("redoc.js", JAVASCRIPT, Plain, "redoc.js"),
];

impl PageName {
    pub(crate) const ALL: [Self; 3] = [Self::SwaggerUi, Self::Redoc, Self::OAuthRedirect];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::SwaggerUi => "/docs",
            Self::Redoc => "/redoc",
            Self::OAuthRedirect => "/docs/oauth2-redirect",
        }
    }
}

impl Page {
    /// The page of a server that is reached under `root_path`.
    pub(crate) fn new(name: PageName, root_path: &str) -> Self {
        let root = escaped(root_path);
        let assets = format!("{root}/docs/assets");
        let (title, style, body) = match name {
            PageName::SwaggerUi => (
                "API",
                format!(r#"<link rel="stylesheet" href="{assets}/swagger-ui.css">"#),
                format!(
                    r#"<div id="swagger-ui" data-description="{root}/openapi.json" data-redirect="{root}/docs/oauth2-redirect"></div>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="{assets}/docs.js"></script>"#
                ),
            ),
            PageName::Redoc => (
                "API",
                String::new(),
                format!(
                    r#"<div id="redoc" data-description="{root}/openapi.json"></div>
<script src="{assets}/redoc.standalone.js"></script>
<script src="{assets}/redoc.js"></script>"#
                ),
            ),
            PageName::OAuthRedirect => {
                ("Redirect", String::new(), format!(r#"<script src="{assets}/oauth2-redirect.js"></script>"#))
            }
        };
        let html = format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
{style}
</head>
<body>
{body}
</body>
</html>
"#
        );
        let policy = if name == PageName::Redoc { REDOC_POLICY } else { POLICY };
        Self { html: html.into(), policy }
    }

    pub(crate) fn answer(&self) -> Reply {
        let mut reply = reply::bytes(StatusCode::OK, HTML, self.html.clone());
        let headers = reply.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        reply
    }
}

impl Asset {
    pub(crate) fn answer(&self, asked: &HeaderMap) -> Reply {
        if tag::is_known(asked, &self.tag) {
            return tag::not_modified(&self.tag);
        }
        let mut reply = match self.content {
            Content::Plain(bytes) => reply::bytes(StatusCode::OK, self.kind.clone(), bytes),
            Content::Gzip(bytes) => self.packed(bytes, Accepted::of(asked)),
        };
        let headers = reply.headers_mut();
        tag::put(headers, &self.tag);
        headers.insert(CACHE_CONTROL, CACHE);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        reply
    }

    fn packed(&self, bytes: &'static [u8], accepted: Accepted) -> Reply {
        let mut reply = match accepted.for_stream() {
            Coding::Identity => match compress::inflated(bytes) {
                Ok(plain) => reply::bytes(StatusCode::OK, self.kind.clone(), plain),
                // A file that is built in and was read by a test.
                Err(_) => return reply::not_found(),
            },
            _ => {
                let mut reply = reply::bytes(StatusCode::OK, self.kind.clone(), bytes);
                reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                reply
            }
        };
        compress::varies_by(reply.headers_mut(), compress::ACCEPT_ENCODING);
        reply
    }
}

/// Text inside of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_files_can_be_unpacked() {
        for asset in &ASSETS {
            if let Content::Gzip(bytes) = asset.content {
                let plain = compress::inflated(bytes).unwrap();
                assert!(plain.len() > bytes.len(), "{}", asset.path);
            }
        }
    }

    #[test]
    fn a_root_path_stays_inside_of_its_attribute() {
        let page = Page::new(PageName::SwaggerUi, r#"/a"><script>&"#);
        let page = std::str::from_utf8(&page.html).unwrap();
        assert!(page.contains(r#"data-description="/a&quot;&gt;&lt;script&gt;&amp;/openapi.json""#), "{page}");
    }
}
