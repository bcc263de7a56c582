//! `Authorization: Basic`. The password is part of the identity, as in the Python toolkit.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Refusal;

/// The identity key of a Basic credential: `username:password` in base64. What is not UTF-8 is refused, since
/// replacement characters would make one user of several.
pub(super) fn key(credential: &[u8]) -> Result<String, Refusal> {
    let undecodable = |reason: &str| Refusal::from(format!("Failed to decode Basic auth credential: {reason}"));
    let decoded = STANDARD.decode(credential).map_err(|_| undecodable("it is not base64"))?;
    let decoded = String::from_utf8(decoded).map_err(|_| undecodable("it is not UTF-8"))?;
    match decoded.split_once(':') {
        None => Err("Basic auth credential must contain a colon separator (username:password)".into()),
        Some(("", _)) => Err("Basic auth username must not be empty".into()),
        Some(_) => Ok(STANDARD.encode(decoded)),
    }
}
