//! The received request, as functions may look at it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Uri};
use nat_core::RequestInfo;

use crate::identity::cookies;

/// The head of a request, as it was received. Nothing of it is copied before a function asks.
#[derive(Debug)]
pub(crate) struct ReceivedRequest {
    pub(crate) parts: Parts,
    pub(crate) path_params: Vec<(String, String)>,
    pub(crate) peer: SocketAddr,
}

impl ReceivedRequest {
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
        Self { parts, path_params: self.path_params.clone(), peer: self.peer }
    }
}

impl RequestInfo for ReceivedRequest {
    fn method(&self) -> &str {
        self.parts.method.as_str()
    }

    fn path(&self) -> &str {
        self.parts.uri.path()
    }

    fn port(&self) -> Option<u16> {
        let from_uri = self.parts.uri.authority().and_then(Authority::port_u16);
        from_uri.or_else(|| self.header(HOST.as_str())?.parse::<Authority>().ok()?.port_u16())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }

    fn headers(&self) -> Vec<(String, String)> {
        let text = |value: &http::HeaderValue| std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned);
        let headers = self.parts.headers.iter();
        headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?))).collect()
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
        Some(self.peer)
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
        ReceivedRequest { parts, path_params: vec![], peer: ([127, 0, 0, 1], 4711).into() }
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

    #[test]
    fn a_port_that_nobody_named_is_none() {
        assert_eq!(received("/", &[("host", "localhost")]).port(), None);
        assert_eq!(received("http://[::1]:81/", &[]).port(), Some(81));
    }
}
