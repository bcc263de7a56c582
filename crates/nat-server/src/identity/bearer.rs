//! `Authorization: Bearer`: a token with exactly two dots is a JWT, any other an API key.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, PAD_INDIFFERENT};
use serde_json::Value;

use super::{CredentialKind, Key, Refusal, latin_1};

/// The claims that may name a user, the first usable one counts.
const CLAIMS: [&str; 3] = ["sub", "email", "preferred_username"];

/// Tokens come with and without padding, and encoders differ in what they leave in the last bits.
const BASE64_URL: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, PAD_INDIFFERENT.with_decode_allow_trailing_bits(true));

/// The identity key of a bearer token.
pub(super) fn key(token: &[u8]) -> Result<Key<'_>, Refusal> {
    let mut segments = token.split(|byte| *byte == b'.');
    match (segments.next(), segments.next(), segments.next(), segments.next()) {
        (Some(header), Some(payload), Some(signature), None) => {
            let claims =
                claims(header, payload, signature).map_err(|reason| format!("Failed to decode JWT: {reason}"))?;
            Ok((CredentialKind::Jwt, Cow::Owned(identity(&claims)?)))
        }
        _ => Ok((CredentialKind::ApiKey, latin_1(token))),
    }
}

/// The claims of a token that is well-formed. Nothing is verified: here a token is a name.
fn claims(header: &[u8], payload: &[u8], signature: &[u8]) -> Result<serde_json::Map<String, Value>, String> {
    object("header", header)?;
    let claims = object("payload", payload)?;
    BASE64_URL.decode(signature).map_err(|_| "the signature is not base64".to_owned())?;
    Ok(claims)
}

fn object(part: &str, segment: &[u8]) -> Result<serde_json::Map<String, Value>, String> {
    let bytes = BASE64_URL.decode(segment).map_err(|_| format!("the {part} is not base64"))?;
    // What is wrong inside is not said: the parser's words could quote the token.
    serde_json::from_slice(&bytes).map_err(|_| format!("the {part} is not a JSON object"))
}

/// The first claim that is not blank, without the spaces around it. Only spaces are taken off: another character that
/// looks blank may tell two users apart.
fn identity(claims: &serde_json::Map<String, Value>) -> Result<String, Refusal> {
    let texts = CLAIMS.iter().filter_map(|name| claims.get(*name)?.as_str());
    let mut usable = texts.map(|claim| claim.trim_matches(' '));
    let identity = usable.find(|claim| !claim.is_empty());
    identity
        .map(str::to_owned)
        .ok_or_else(|| Refusal::from("JWT contains no usable identity claim (sub, email, preferred_username)"))
}
