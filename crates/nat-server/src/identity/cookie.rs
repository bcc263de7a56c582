//! The session cookie.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::COOKIE;

use super::{Refusal, bounded, latin_1, trimmed};

/// The value of the first cookie of `names` that is present. Names are compared letter by letter; an
/// empty value counts as absent. Of cookies with the same name the last counts, as in the Python toolkit.
pub(super) fn key<'h>(headers: &'h HeaderMap, names: &[String]) -> Result<Option<Cow<'h, str>>, Refusal> {
    for name in names {
        let values = headers.get_all(COOKIE).iter().flat_map(|header| pairs(header.as_bytes()));
        let named = values.filter(|(key, value)| *key == name.as_bytes() && !value.is_empty());
        if let Some((_, value)) = named.last() {
            return bounded(value).map(|value| Some(latin_1(value)));
        }
    }
    Ok(None)
}

/// All cookies of a request, in the order received.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|header| pairs(header.as_bytes()));
    pairs.map(|(name, value)| (latin_1(name).into_owned(), latin_1(value).into_owned()))
}

/// The cookies of one header, without one pair of double quotes around a value, not percent-decoded.
fn pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|byte| *byte == b';').filter_map(|cookie| {
        let equals = cookie.iter().position(|byte| *byte == b'=')?;
        let value = trimmed(&cookie[equals + 1..]);
        let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        Some((trimmed(&cookie[..equals]), unquoted.unwrap_or(value)))
    })
}
