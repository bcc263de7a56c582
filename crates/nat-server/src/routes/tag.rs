//! Entity tags: a client that has the bytes already is not sent them again.

use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

use crate::reply::{self, Reply};

/// The tag of these bytes. Weak, because they may travel in more than one coding.
pub(crate) fn weak(bytes: &[u8]) -> HeaderValue {
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_URL, bytes).simple();
    HeaderValue::from_str(&format!("W/\"{digest}\"")).expect("a UUID is header text")
}

/// Whether the client says that it has them.
pub(crate) fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str().map(opaque) else { return false };
    let fields = asked.get_all(IF_NONE_MATCH).iter().filter_map(|field| field.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|known| known.trim() == "*" || opaque(known) == tag)
}

pub(crate) fn put(headers: &mut HeaderMap, tag: &HeaderValue) {
    headers.insert(ETAG, tag.clone());
}

pub(crate) fn not_modified(tag: &HeaderValue) -> Reply {
    let mut reply = reply::empty(StatusCode::NOT_MODIFIED);
    put(reply.headers_mut(), tag);
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_by_what_they_mean() {
        let tag = weak(b"x");
        let text = tag.to_str().unwrap();
        let strong = text.trim_start_matches("W/");
        for (known, expected) in [
            (text, true),
            (strong, true),
            (&format!("\"a\", {text}"), true),
            ("*", true),
            ("\"a\"", false),
            ("", false),
            (strong.trim_matches('"'), false),
        ] {
            let asked = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_str(known).unwrap())]);
            assert_eq!(is_known(&asked, &tag), expected, "{known}");
        }
        assert!(!is_known(&HeaderMap::new(), &tag));
        assert_ne!(weak(b"x"), weak(b"y"));
    }
}
