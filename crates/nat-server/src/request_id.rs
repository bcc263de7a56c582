//! The id by which a client, a proxy and the log speak of one request.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids say nothing more, and stand in every line of a log.
const MAX_BYTES: usize = 128;

/// The id that came with a request, if it is one that can stand in a log and a header as it is.
pub(crate) fn received(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(&X_REQUEST_ID).filter(|id| is_sane(id.as_bytes())).cloned()
}

/// A new one.
pub(crate) fn new() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = Uuid::new_v4().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("a UUID is header text")
}

fn is_sane(id: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@~".contains(byte);
    !id.is_empty() && id.len() <= MAX_BYTES && id.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_forge_a_log_line_are_passed_over() {
        for sane in ["1", "a-b_c.d", "Root=1-67891233-abcdef012345678912345678", &"x".repeat(128)] {
            assert!(is_sane(sane.as_bytes()), "{sane}");
        }
        for other in ["", "a b", "a\"b", "é", "{}", &"x".repeat(129)] {
            assert!(!is_sane(other.as_bytes()), "{other}");
        }
        assert!(is_sane(new().as_bytes()));
    }
}
