//! `X-API-Key`.

use std::borrow::Cow;

use http::HeaderMap;

use super::{Refusal, bounded, text};

/// The key, unless it is absent or empty.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, Refusal> {
    let Some(key) = headers.get("x-api-key").map(text).filter(|key| !key.trim().is_empty()) else { return Ok(None) };
    bounded(&key)?;
    Ok(Some(key))
}
