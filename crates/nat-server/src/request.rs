//! The received request, as functions may look at it.

pub(crate) mod flaw;
pub(crate) mod forwarded;
pub(crate) mod host;

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::OnceLock;

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};
use nat_core::RequestInfo;

use crate::identity::{cookies, text};

/// The head of a request, as it was received. Nothing of it is copied before a function asks.
#[derive(Debug)]
pub(crate) struct ReceivedRequest {
    pub(crate) parts: Parts,
    pub(crate) path_params: Vec<(String, String)>,
    /// Where it came from; `None` where nobody has said so.
    pub(crate) peer: Option<SocketAddr>,
    trust: Trust,
    /// Header values beyond ASCII as text, made when the first of them is asked for.
    foreign: OnceLock<Box<HeaderMap<String>>>,
}

/// Whether the peer is believed what it says of the client behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    Nobody,
    Proxy,
}

impl ReceivedRequest {
    pub(crate) fn new(
        parts: Parts,
        path_params: Vec<(String, String)>,
        peer: Option<SocketAddr>,
        trust: Trust,
    ) -> Self {
        Self { parts, path_params, peer, trust, foreign: OnceLock::new() }
    }

    /// The host by which the client knows this server; `None` where none is named that can be repeated.
    pub(crate) fn host(&self) -> Option<Authority> {
        let forwarded = match self.trust {
            Trust::Proxy => forwarded::host(&self.parts.headers),
            Trust::Nobody => None,
        };
        let target = || self.parts.uri.authority().and_then(host::without_user);
        forwarded.or_else(target).or_else(|| host::named(&self.parts.headers))
    }

    fn foreign(&self) -> &HeaderMap<String> {
        self.foreign.get_or_init(|| {
            let headers = &self.parts.headers;
            let first = |name| Some((name, headers.get(name)?));
            let texts = headers.keys().filter_map(first).map(|(name, value)| (name, text(value)));
            let foreign = texts.filter_map(|(name, text)| match text {
                Cow::Borrowed(_) => None,
                Cow::Owned(text) => Some((name.clone(), text)),
            });
            Box::new(foreign.collect())
        })
    }

    /// The same in memory of its own. What was received is in slices of the connection's read buffer, and a stream
    /// would keep all of the buffer for as long as it lives.
    pub(crate) fn detached(&self) -> Self {
        let mut parts = self.parts.clone();
        for value in parts.headers.values_mut() {
            if let Ok(mut own) = HeaderValue::from_bytes(value.as_bytes()) {
                own.set_sensitive(value.is_sensitive());
                *value = own;
            }
        }
        if let Ok(own) = Uri::try_from(parts.uri.to_string()) {
            parts.uri = own;
        }
        Self::new(parts, self.path_params.clone(), self.peer, self.trust)
    }
}

impl RequestInfo for ReceivedRequest {
    fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    fn path(&self) -> &str {
        self.parts.uri.path()
    }

    fn scheme(&self) -> &str {
        let forwarded = match self.trust {
            Trust::Proxy => forwarded::scheme(&self.parts.headers),
            Trust::Nobody => None,
        };
        forwarded.unwrap_or("http")
    }

    fn port(&self) -> Option<u16> {
        let from_uri = self.parts.uri.authority().and_then(Authority::port_u16);
        from_uri.or_else(|| self.header(HOST.as_str())?.parse::<Authority>().ok()?.port_u16())
    }

    /// Bytes beyond ASCII count as Latin-1, as they do in cookies and credentials.
    fn header(&self, name: &str) -> Option<&str> {
        let value = self.parts.headers.get(name)?;
        value.to_str().ok().or_else(|| self.foreign().get(name).map(String::as_str))
    }

    fn headers(&self) -> Vec<(String, String)> {
        let headers = self.parts.headers.iter();
        headers.map(|(name, value)| (name.as_str().to_owned(), text(value).into_owned())).collect()
    }

    fn query(&self) -> Vec<(String, String)> {
        let query = form_urlencoded::parse(self.parts.uri.query().unwrap_or_default().as_bytes());
        last_of_each(query.into_owned())
    }

    fn cookies(&self) -> Vec<(String, String)> {
        last_of_each(cookies(&self.parts.headers))
    }

    fn path_params(&self) -> Vec<(String, String)> {
        self.path_params.clone()
    }

    fn client(&self) -> Option<SocketAddr> {
        self.peer
    }
}

/// Of a repeated name the last value, at the place of the first.
fn last_of_each(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut unique: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match places.entry(name.clone()) {
            Entry::Occupied(place) => unique[*place.get()].1 = value,
            Entry::Vacant(place) => {
                place.insert(unique.len());
                unique.push((name, value));
            }
        }
    }
    unique
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn received(uri: &str, headers: &[(&str, &str)]) -> ReceivedRequest {
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        ReceivedRequest::new(parts, vec![], Some(([127, 0, 0, 1], 4711).into()), Trust::Nobody)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn functions_see_what_was_sent() {
        let request = received(
            "/generate?q=1&z=&q=2&a+b=c%20d&bad=%ff",
            &[
                ("host", "localhost:8000"),
                ("cookie", r#"a=1; nat-session="alice"; a=2; empty=; nothing"#),
                ("cookie", "b=3"),
                ("X-Conf", "seen"),
                ("conversation-id", "conv"),
                ("workflow-trace-id", "t1"),
            ],
        );
        assert_eq!((request.method(), request.path(), request.scheme()), ("POST", "/generate", "http"));
        assert_eq!(request.port(), Some(8000));
        assert_eq!(request.query(), pairs(&[("q", "2"), ("z", ""), ("a b", "c d"), ("bad", "\u{fffd}")]));
        assert_eq!(request.cookies(), pairs(&[("a", "2"), ("nat-session", "alice"), ("empty", ""), ("b", "3")]));
        assert_eq!(request.header("x-CONF"), Some("seen"));
        assert_eq!(request.header("no such\nname"), None);
        assert_eq!(request.headers().len(), 6);
        assert_eq!((request.conversation_id(), request.trace_id()), (Some("conv"), Some("t1")));
        assert_eq!(request.client(), Some(([127, 0, 0, 1], 4711).into()));
        let (headers, uri) = (request.parts.headers.clone(), request.parts.uri.clone());
        let detached = request.detached();
        assert_eq!((&detached.parts.headers, &detached.parts.uri), (&headers, &uri));
    }

    /// The same bytes are the same text, wherever a function or the identity looks for them.
    #[test]
    fn bytes_beyond_ascii_are_latin_1() {
        let request = Request::post("/").header("x-conf", "seen");
        let request = request.header("x-latin", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        let request = request.header("x-utf-8", HeaderValue::from_bytes("é".as_bytes()).unwrap());
        let request = request.header("cookie", HeaderValue::from_bytes(b"a=\xe9; b=\xc3\xa9").unwrap());
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let request = ReceivedRequest::new(parts, vec![], Some(([127, 0, 0, 1], 4711).into()), Trust::Nobody);
        let (latin, utf_8) = ("caf\u{e9}", "\u{c3}\u{a9}");
        for (name, expected) in [("x-conf", "seen"), ("X-Latin", latin), ("x-utf-8", utf_8)] {
            assert_eq!(request.header(name), Some(expected));
            assert!(request.headers().contains(&(name.to_lowercase(), expected.to_owned())), "{:?}", request.headers());
        }
        assert_eq!(request.cookies(), pairs(&[("a", "\u{e9}"), ("b", utf_8)]));
        assert_eq!((request.headers().len(), request.header("x-none")), (4, None));
    }

    #[test]
    fn a_proxy_is_believed_only_if_it_is_trusted() {
        let headers = [("host", "h:81"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "shown.example")];
        let mut request = received("/", &headers);
        assert_eq!((request.scheme(), request.host()), ("http", Some(Authority::from_static("h:81"))));
        request.trust = Trust::Proxy;
        assert_eq!((request.scheme(), request.host()), ("https", Some(Authority::from_static("shown.example"))));
        let detached = request.detached();
        assert_eq!((detached.scheme(), detached.host()), (request.scheme(), request.host()));
    }

    #[test]
    fn a_port_that_nobody_named_is_none() {
        assert_eq!(received("/", &[("host", "localhost")]).port(), None);
        assert_eq!(received("http://[::1]:81/", &[]).port(), Some(81));
    }
}
