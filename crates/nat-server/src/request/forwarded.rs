//! What a proxy says of the request that came to it: `X-Forwarded-Proto` and `X-Forwarded-Host`, or `Forwarded`
//! (RFC 7239) where those are missing.
//!
//! A client can send these headers too, and a proxy that adds to what it was sent adds at the end: of several values the
//! last counts. What is no scheme or no host is passed over.

use http::uri::Authority;
use http::{HeaderMap, HeaderName};

use super::host;

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// `http` or `https`, whichever the client spoke.
pub(crate) fn scheme(headers: &HeaderMap) -> Option<&'static str> {
    let said = last(headers, X_FORWARDED_PROTO).or_else(|| parameter(headers, "proto"))?;
    ["http", "https"].into_iter().find(|scheme| scheme.eq_ignore_ascii_case(said))
}

/// The host that the client named.
pub(crate) fn host(headers: &HeaderMap) -> Option<Authority> {
    let said = last(headers, X_FORWARDED_HOST).or_else(|| parameter(headers, "host"))?;
    host::authority(said)
}

fn last(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let text = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    text.rsplit(',').next().map(str::trim)
}

/// One parameter of the last `Forwarded`: `for=192.0.2.1;proto=https;host="example.com:81"`.
fn parameter<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    // No scheme and no host has a comma or a semicolon in it, in quotes or not.
    let mut parameters = last(headers, http::header::FORWARDED)?.split(';').filter_map(|one| one.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))?;
    Some(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The scheme and the host, `-` for none.
    fn said(pairs: &[(&'static str, &str)]) -> String {
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let headers: HeaderMap = pairs.iter().map(header).collect();
        let host = host(&headers);
        format!("{} {}", scheme(&headers).unwrap_or("-"), host.as_ref().map_or("-", Authority::as_str))
    }

    #[test]
    fn the_last_word_counts_if_it_is_one() {
        for (pairs, expected) in [
            (&[][..], "- -"),
            (&[("x-forwarded-proto", "https"), ("x-forwarded-host", "a.example:81")], "https a.example:81"),
            (&[("x-forwarded-proto", "HTTP"), ("x-forwarded-host", "[::1]:81")], "http [::1]:81"),
            (&[("x-forwarded-proto", "http, https"), ("x-forwarded-host", "evil, a")], "https a"),
            (&[("x-forwarded-host", "evil"), ("x-forwarded-host", "a")], "- a"),
            (&[("x-forwarded-proto", "javascript"), ("x-forwarded-host", "a@b")], "- -"),
            (&[("x-forwarded-proto", ""), ("x-forwarded-host", "")], "- -"),
            (&[("x-forwarded-host", "a/b"), ("x-forwarded-proto", "é")], "- -"),
            (&[("forwarded", "for=192.0.2.1;Proto=https;host=\"a:81\"")], "https a:81"),
            (&[("forwarded", "host=evil, proto=http ; host = a")], "http a"),
            (&[("forwarded", "host=a;proto=http"), ("x-forwarded-host", "b")], "http b"),
            (&[("forwarded", "nothing")], "- -"),
        ] {
            assert_eq!(said(pairs), expected, "{pairs:?}");
        }
    }
}
