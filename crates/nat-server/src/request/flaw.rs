//! What a request is refused for wherever it goes, before anything of its body is read.

use http::header::TRANSFER_ENCODING;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use percent_encoding::percent_decode_str;

use super::host::{self, Hosts, Named};

/// Why a request is refused, in a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) status: StatusCode,
    pub(crate) text: &'static str,
}

/// Who has read the head of a request from its connection, and so decides which host of several is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadBy {
    ThisServer,
    /// A program that embeds the app.
    Embedder,
}

/// Also of heads that the parser refuses by itself.
pub(crate) const CODED: &str = "This server knows no Transfer-Encoding but `chunked`: send the body with that alone, or \
                                with a Content-Length";
pub(crate) const CODED_BEFORE_ITS_TIME: &str = "HTTP/1.0 has no Transfer-Encoding: send the body with a Content-Length, \
                                                or as `chunked` with HTTP/1.1";
const UNKNOWN_HOST: &str = "This server is not called by the host that the request names (Host, or the authority of its \
                            target): use `localhost` or an IP address, or list the host in \
                            general.front_end.allowed_hosts";
const PATH_WITHOUT_TEXT: &str = "The path's percent escapes are not UTF-8: encode its text as UTF-8 and escape that";

/// The flaw of a request, if it has one.
pub(crate) fn of(request: &Parts, read_by: ReadBy, hosts: &Hosts) -> Option<Flaw> {
    let flaw = |status, text| Some(Flaw { status, text });
    let named = Named::by(&request.headers);
    if let Some(text) = host::flaw(request.version, &named).filter(|_| read_by == ReadBy::ThisServer) {
        return flaw(StatusCode::BAD_REQUEST, text);
    }
    if !is_framing_known(&request.headers) {
        return flaw(StatusCode::NOT_IMPLEMENTED, CODED);
    }
    if !hosts.admit(request, &named) {
        return flaw(StatusCode::MISDIRECTED_REQUEST, UNKNOWN_HOST);
    }
    // Replacement characters would make one path, and one parameter of a function, of several.
    if !is_text(request.uri.path()) {
        return flaw(StatusCode::BAD_REQUEST, PATH_WITHOUT_TEXT);
    }
    None
}

/// Whether the transfer codings are none, or `chunked` once: a body in another one would be taken for what it is not.
fn is_framing_known(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(only), None) => only.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

fn is_text(path: &str) -> bool {
    !path.contains('%') || percent_decode_str(path).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn flaw_of(uri: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::post(uri).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let flaw = of(&parts, ReadBy::ThisServer, &Hosts::Local([].into()));
        flaw.map(|flaw| flaw.status.as_u16())
    }

    #[test]
    fn one_transfer_coding_is_known() {
        let of = |values: &[&str]| {
            let headers: Vec<_> = values.iter().map(|value| ("transfer-encoding", *value)).collect();
            flaw_of("/", &headers)
        };
        for known in [&[][..], &["chunked"], &["Chunked"], &["CHUNKED"], &[" chunked\t"]] {
            assert_eq!(of(known), None, "{known:?}");
        }
        for other in [
            &["gzip"][..],
            &["identity"],
            &["gzip, chunked"],
            &["chunked, chunked"],
            &["chunked, gzip"],
            &["chunked;q=1"],
            &["chunked,"],
            &["xchunked"],
            &["\"chunked\""],
            &[""],
            &["gzip", "chunked"],
            &["chunked", "chunked"],
            &["chunked", "identity"],
        ] {
            assert_eq!(of(other), Some(501), "{other:?}");
        }
    }

    #[test]
    fn paths_have_a_text() {
        for path in ["/", "/a%20b", "/%C3%A9", "/100%", "/%zz"] {
            assert_eq!(flaw_of(path, &[]), None, "{path}");
        }
        for path in ["/%ff", "/%c3", "/a/%E9/b", "/%ED%A0%80"] {
            assert_eq!(flaw_of(path, &[]), Some(400), "{path}");
        }
    }

    /// What an embedding server has read has one host, however it found it.
    #[test]
    fn an_embedder_has_settled_the_host() {
        let (parts, ()) = Request::post("/").header("transfer-encoding", "gzip").body(()).unwrap().into_parts();
        let of = |read_by| of(&parts, read_by, &Hosts::Any).map(|flaw| flaw.status.as_u16());
        assert_eq!((of(ReadBy::ThisServer), of(ReadBy::Embedder)), (Some(400), Some(501)));
    }
}
