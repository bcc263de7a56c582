//! Which server a request means: the host that it names, and the hosts by which a server may be called.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Version};

/// The hosts that a request may name.
///
/// A server on loopback is safe from web pages as long as they cannot read its answers. A page whose own name is made to
/// resolve to a loopback address (DNS rebinding) is of the same origin as such a server for a browser, and all that tells
/// it apart is that name in `Host`.
#[derive(Clone, Debug)]
pub(crate) enum Hosts {
    /// Something in front decides who comes through.
    Any,
    /// Loopback names, IP addresses and these. No name can be made to resolve to what is an address already.
    Local(Box<[String]>),
}

impl Hosts {
    /// Whether a request may come in by the hosts that it names: `Host`, and the authority of its target, which HTTP/2
    /// and requests to a proxy have. One that names none was not sent by a browser.
    pub(crate) fn admit(&self, request: &Parts, named: &Named<'_>) -> bool {
        let Self::Local(listed) = self else { return true };
        let admits = |host: &str| is_local(host) || listed.iter().any(|listed| is_listed(host, listed));
        let admits_value = |host: &HeaderValue| {
            host.is_empty() || host.to_str().ok().and_then(authority).is_some_and(|host| admits(host.host()))
        };
        let target = request.uri.authority();
        target.is_none_or(|target| admits(target.host()))
            && match named {
                Named::Nothing => true,
                Named::Host(host) => admits(host),
                Named::Value(host) => admits_value(host),
                Named::Several => request.headers.get_all(HOST).iter().all(admits_value),
            }
    }
}

/// What the `Host` of a request says.
pub(crate) enum Named<'a> {
    Nothing,
    /// Letters, digits, dots and hyphens, here without the port: nearly every host is that, and need not be taken apart
    /// as an authority.
    Host(&'a str),
    Value(&'a HeaderValue),
    Several,
}

impl<'a> Named<'a> {
    pub(crate) fn by(headers: &'a HeaderMap) -> Self {
        let mut hosts = headers.get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (None, _) => Self::Nothing,
            (Some(host), None) => usual(host).map_or(Self::Value(host), Self::Host),
            (Some(_), Some(_)) => Self::Several,
        }
    }
}

/// The host of a value in the usual form.
fn usual(value: &HeaderValue) -> Option<&str> {
    let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let bytes = value.as_bytes();
    let (host, port) = bytes.split_at(bytes.iter().position(|byte| !is_usual(*byte)).unwrap_or(bytes.len()));
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    str::from_utf8(host).ok().filter(|host| is_port && !host.is_empty())
}

/// `localhost`, what is below it, and addresses. Names resolve the same with a dot at their end.
fn is_local(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let name = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let split = name.len().checked_sub(b"localhost".len());
    let is_localhost = split.is_some_and(|split| {
        name[split..].eq_ignore_ascii_case(b"localhost") && (split == 0 || name[split - 1] == b'.')
    });
    is_localhost || host.parse::<Ipv4Addr>().is_ok()
}

/// Whether `host` is the name `listed`, or below it where that begins with `*.`.
fn is_listed(host: &str, listed: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let listed = listed.strip_suffix('.').unwrap_or(listed);
    match listed.strip_prefix('*') {
        Some(above) => {
            let split = host.len().checked_sub(above.len()).filter(|split| *split > 0);
            split.is_some_and(|split| host.as_bytes()[split..].eq_ignore_ascii_case(above.as_bytes()))
        }
        None => host.eq_ignore_ascii_case(listed),
    }
}

/// What is wrong with the `Host` of a request, with the suggestion (RFC 9112, section 3.2). HTTP/2 names the host elsewhere,
/// and HTTP/1.0 need not name one.
pub(crate) fn flaw(version: Version, named: &Named<'_>) -> Option<&'static str> {
    if version > Version::HTTP_11 {
        return None;
    }
    match named {
        Named::Nothing if version < Version::HTTP_11 => None,
        Named::Nothing => Some(
            "The request has no Host header: send one with the name of this server, such as `Host: localhost:8000`",
        ),
        Named::Several => Some("The request has more than one Host header: send it once"),
        Named::Host(_) => None,
        Named::Value(host) if names_a_host(host) => None,
        Named::Value(_) => {
            Some("The Host header is not a host with or without a port: send one such as `Host: localhost:8000`")
        }
    }
}

/// The host that the headers name, with its port; `None` where they name none that can be repeated.
pub(crate) fn named(headers: &HeaderMap) -> Option<Authority> {
    authority(headers.get(HOST)?.to_str().ok()?)
}

/// The authority of a target without the user information that it may carry: that is for nobody else to see.
pub(crate) fn without_user(target: &Authority) -> Option<Authority> {
    match target.as_str().rsplit_once('@') {
        Some((_, host)) => authority(host),
        None => Some(target.clone()),
    }
}

/// A host with or without a port, and nothing else.
pub(crate) fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let port = text.strip_prefix(authority.host()).filter(|_| !authority.host().is_empty())?;
    let is_port =
        |port: &str| port.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    (port.is_empty() || is_port(port)).then_some(authority)
}

/// Whether that is the value of a `Host`. An empty one is: it says that there is no host to name.
fn names_a_host(value: &HeaderValue) -> bool {
    value.is_empty() || value.to_str().is_ok_and(|text| authority(text).is_some())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn flaw_of(version: Version, hosts: &[&str]) -> Option<&'static str> {
        let mut request = Request::get("/").version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        flaw(parts.version, &Named::by(&parts.headers))
    }

    #[test]
    fn one_host_is_named() {
        for host in
            ["h", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:80", "a.b-c.example", "a_b", "xn--caf-dma:", ""]
        {
            assert_eq!(flaw_of(Version::HTTP_11, &[host]), None, "{host}");
        }
        for host in ["a b", "a@b", "h:80x", "h/p", "<script>", "é", "[::1", "http://h"] {
            let flaw = flaw_of(Version::HTTP_11, &[host]);
            assert!(flaw.is_some_and(|flaw| flaw.contains("is not a host")), "{host}");
        }
        assert!(flaw_of(Version::HTTP_11, &[]).is_some_and(|flaw| flaw.contains("`Host: localhost:8000`")));
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(flaw_of(version, &["a", "a"]).is_some_and(|flaw| flaw.contains("send it once")));
        }
        assert_eq!((flaw_of(Version::HTTP_10, &[]), flaw_of(Version::HTTP_2, &[])), (None, None));
    }

    /// Whether a server on loopback is called by this host, as `Host` and as the authority of a target, in both protocols.
    fn is_admitted(listed: &[&str], host: &str) -> bool {
        let hosts = Hosts::Local(listed.iter().map(|host| (*host).to_owned()).collect());
        let admits = |uri: &str, headers: &[&str], version| {
            let mut request = Request::get(uri).version(version);
            for host in headers {
                request = request.header(HOST, *host);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            hosts.admit(&parts, &Named::by(&parts.headers))
        };
        let admitted = admits("/", &[host], Version::HTTP_11);
        if !host.contains(['/', ' ']) && !host.starts_with(':') {
            let target = format!("http://{host}/");
            for version in [Version::HTTP_11, Version::HTTP_2] {
                assert_eq!(admits(&target, &[], version), admitted, "{host}");
                assert_eq!(admits(&target, &["localhost"], version), admitted, "{host}");
                assert_eq!(admits("http://localhost/", &[host], version), admitted, "{host}");
            }
        }
        assert_eq!(admits("/", &["localhost", host], Version::HTTP_11), admitted, "{host}");
        admitted
    }

    #[test]
    fn a_local_server_has_local_names() {
        for host in [
            "localhost",
            "localhost:8000",
            "LOCALHOST",
            "localhost.",
            "app.localhost:1",
            "a.b.localhost.",
            "127.0.0.1",
            "127.0.0.1:8000",
            "127.9.9.9",
            "192.168.1.5:80",
            "[::1]",
            "[::1]:8000",
            "[::ffff:127.0.0.1]",
            "[fe80::1]:1",
        ] {
            assert!(is_admitted(&[], host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "xlocalhost",
            "localhost-x",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "evil.example.",
            "app",
            ":8000",
        ] {
            assert!(!is_admitted(&[], host), "{host}");
        }
        for host in ["a b", "localhost/", "user@localhost "] {
            assert!(!is_admitted(&[], host), "{host}");
        }
    }

    #[test]
    fn other_names_are_listed() {
        let listed = ["app.example", "*.wild.example", "dot.example."];
        for host in
            ["app.example", "APP.example:81", "app.example.", "a.wild.example", "a.B.Wild.example:1", "dot.example"]
        {
            assert!(is_admitted(&listed, host), "{host}");
        }
        for host in
            ["x.app.example", "app.example.evil", "wild.example", ".wild.example", "awild.example", "xapp.example"]
        {
            assert!(!is_admitted(&listed, host), "{host}");
        }
    }

    #[test]
    fn a_request_that_names_no_host_is_no_browsers() {
        let hosts = Hosts::Local([].into());
        let admits = |request: http::request::Builder| {
            let (parts, ()) = request.body(()).unwrap().into_parts();
            hosts.admit(&parts, &Named::by(&parts.headers))
        };
        for version in [Version::HTTP_10, Version::HTTP_2] {
            assert!(admits(Request::get("/").version(version)));
            assert!(admits(Request::get("/").version(version).header(HOST, "")));
        }
    }

    #[test]
    fn user_information_is_taken_off() {
        let without = |target: &str| without_user(&target.parse().unwrap()).map(|host| host.to_string());
        for target in ["h:81", "user@h:81", "user:secret@h:81"] {
            assert_eq!(without(target).as_deref(), Some("h:81"), "{target}");
        }
        assert_eq!(without("[::1]:1").as_deref(), Some("[::1]:1"));
    }
}
