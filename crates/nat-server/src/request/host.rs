//! Which server a request means: the host that it names.

use http::header::HOST;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Version};

/// What is wrong with the `Host` of a request, with the mend (RFC 9112, section 3.2). HTTP/2 names the host elsewhere,
/// and HTTP/1.0 need not name one.
pub(crate) fn flaw(request: &Parts) -> Option<&'static str> {
    if request.version > Version::HTTP_11 {
        return None;
    }
    let mut hosts = request.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version < Version::HTTP_11 => None,
        (None, _) => Some(
            "The request has no Host header: send one with the name of this server, such as `Host: localhost:8000`",
        ),
        (Some(_), Some(_)) => Some("The request has more than one Host header: send it once"),
        (Some(host), None) if names_a_host(host) => None,
        (Some(_), None) => {
            Some("The Host header is not a host with or without a port: send one such as `Host: localhost:8000`")
        }
    }
}

/// The host that the headers name, with its port; `None` where they name none that can be repeated.
pub(crate) fn named(headers: &HeaderMap) -> Option<Authority> {
    authority(headers.get(HOST)?.to_str().ok()?)
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
    let bytes = value.as_bytes();
    let is_usual = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.".contains(byte);
    let colon = bytes.iter().rposition(|byte| *byte == b':');
    let colon = colon.filter(|colon| bytes[colon + 1..].iter().all(u8::is_ascii_digit));
    // Nearly every host is seen to be one without being taken apart.
    bytes[..colon.unwrap_or(bytes.len())].iter().all(is_usual)
        || value.to_str().is_ok_and(|text| authority(text).is_some())
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
        flaw(&request.body(()).unwrap().into_parts().0)
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
}
