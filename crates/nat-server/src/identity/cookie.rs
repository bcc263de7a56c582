//! The session cookie.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::COOKIE;

use super::{Refusal, bounded, text};

/// The value of the first cookie of `names` that is present. Names are compared letter by letter; an
/// empty value counts as absent.
pub(super) fn key<'h>(headers: &'h HeaderMap, names: &[String]) -> Result<Option<Cow<'h, str>>, Refusal> {
    for name in names {
        let mut found = None;
        for header in headers.get_all(COOKIE) {
            let value = match text(header) {
                Cow::Borrowed(header) => find(header, name).map(Cow::Borrowed),
                Cow::Owned(header) => find(&header, name).map(|value| Cow::Owned(value.to_owned())),
            };
            found = value.or(found);
        }
        if let Some(value) = found {
            bounded(&value)?;
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// Of cookies with the same name the last counts, as in the Python toolkit.
fn find<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let mut cookies = pairs(header).filter(|(key, value)| *key == name && !value.is_empty());
    cookies.next_back().map(|(_, value)| value)
}

/// All cookies of a request, in the order received.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.get_all(COOKIE).iter().flat_map(|header| {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        pairs(&text(header)).map(owned).collect::<Vec<_>>()
    })
}

/// The cookies of one header, without surrounding double quotes, not percent-decoded.
fn pairs(header: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    header.split(';').filter_map(|cookie| {
        let (key, value) = cookie.split_once('=')?;
        let value = value.trim();
        let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        Some((key.trim(), unquoted.unwrap_or(value)))
    })
}
