//! The answer to a head of HTTP/1 that the parser refuses by itself.
//!
//! hyper answers such a head with a status and no text, before this server sees anything of the request, and says why
//! only when the connection ends. Most of these answers are as good as any. Where the reason is the `Transfer-Encoding`
//! the status must be another one: so the [socket](crate::socket) keeps back what [`is_of_the_parser`] recognises, and
//! the answer is written when the reason is known. Either way nothing more is read as a request.

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;

use crate::request::flaw;

/// Headers of an answer that is the parser's own. Every answer of this server has a `Vary` as well.
const HEADERS: [&[u8]; 3] = [b"connection", b"content-length", b"date"];

/// Whether `bytes` are a whole answer by which the parser refuses a head as malformed.
pub(crate) fn is_of_the_parser(bytes: &[u8]) -> bool {
    bytes.get(9..12) == Some(b"400") && has_nothing_to_say(bytes)
}

#[cold]
fn has_nothing_to_say(bytes: &[u8]) -> bool {
    let Some(head) = bytes.strip_suffix(b"\r\n\r\n").filter(|head| head.starts_with(b"HTTP/1.")) else { return false };
    let mut lines = head.split(|byte| *byte == b'\n').skip(1);
    lines.all(|line| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// What is written in place of `kept`, which the parser would have answered: another answer where the reason is the
/// `Transfer-Encoding`, else the same.
pub(super) fn answer(kept: &Bytes, reason: &hyper::Error) -> Bytes {
    // The kinds of errors of the parser are private, their descriptions are not.
    let text = match reason.to_string().as_str() {
        "invalid transfer-encoding parsed" => flaw::CODED,
        "unexpected transfer-encoding parsed" => flaw::CODED_BEFORE_ITS_TIME,
        _ => return kept.clone(),
    };
    let kept = String::from_utf8_lossy(kept);
    let version = kept.get(..8).unwrap_or("HTTP/1.1");
    let date = kept.lines().find(|line| line.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("date:")));
    let date = date.map(|line| format!("{line}\r\n")).unwrap_or_default();
    let (status, body) = (StatusCode::NOT_IMPLEMENTED, json!({ "detail": text }).to_string());
    let length = body.len();
    let answer = format!(
        "{version} {status}\r\ncontent-type: application/json\r\nvary: Origin\r\nconnection: close\r\n\
         content-length: {length}\r\n{date}\r\n{body}"
    );
    answer.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_function_is_never_taken_for_the_parsers() {
        let bare = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: now\r\n\r\n";
        assert!(is_of_the_parser(bare.as_bytes()));
        assert!(is_of_the_parser(bare.replace("1.1", "1.0").as_bytes()));
        for other in [
            bare.replace("400", "200"),
            bare.replace("date", "vary: Origin\r\ndate"),
            bare.replace("date", "x: y\r\ndate"),
            format!("{bare}{{}}"),
            bare.replace("HTTP/1", "HTTP/3"),
            bare[..bare.len() - 2].to_owned(),
            String::new(),
            "400".repeat(4),
        ] {
            assert!(!is_of_the_parser(other.as_bytes()), "{other:?}");
        }
    }
}
