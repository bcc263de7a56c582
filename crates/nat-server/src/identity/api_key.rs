//! `X-API-Key`.

use std::borrow::Cow;

use http::HeaderMap;

use super::{Refusal, bounded, latin_1, trimmed};

/// The key, unless it is absent or empty.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, Refusal> {
    let key = headers.get("x-api-key").map(|value| trimmed(value.as_bytes()));
    key.filter(|key| !key.is_empty()).map(|key| bounded(key).map(latin_1)).transpose()
}
