//! Who asks: the credentials of a request in their order of precedence, and what a client is told
//! whose credentials do not do.
//!
//! A credential is looked at, turned into a [`UserId`] and forgotten: nothing here stores or logs one,
//! and no message quotes one.

mod api_key;
mod basic;
mod bearer;
mod cookie;
mod header;

use std::borrow::Cow;
use std::net::IpAddr;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use nat_core::UserId;

pub(crate) use cookie::cookies;
pub(crate) use header::TrustedHeader;

/// A longer credential is refused before anything is decoded.
const MAX_CREDENTIAL_BYTES: usize = 8 * 1024;

/// How this server finds out who asks.
#[derive(Debug)]
pub(crate) enum Identity {
    /// Whatever credential the client presents, taken at its word.
    Credentials(Credentials),
    /// One header that a proxy sets, and nothing else.
    TrustedHeader(TrustedHeader),
}

/// The credentials of the contract.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The first cookie of these that is present counts.
    pub(crate) cookie_names: Box<[String]>,
    /// `None`: all kinds.
    pub(crate) accepted: Option<Box<[CredentialKind]>>,
}

/// A kind of credential, by the name that configurations know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    SessionCookie,
    Jwt,
    ApiKey,
    Basic,
}

impl CredentialKind {
    fn name(self) -> &'static str {
        match self {
            Self::SessionCookie => "session_cookie",
            Self::Jwt => "jwt",
            Self::ApiKey => "api_key",
            Self::Basic => "basic",
        }
    }
}

/// A credential that was chosen, and does not do. There is no fall-through to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Cow<'static, str>);

impl From<&'static str> for Refusal {
    fn from(message: &'static str) -> Self {
        Self(message.into())
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self(message.into())
    }
}

/// An identity key with the kind of credential it comes from.
type Key<'h> = (CredentialKind, Cow<'h, str>);

impl Identity {
    /// Who asks; `None` when the request says nothing about it. A header that a proxy sets counts from known peers only.
    pub(crate) fn user(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Option<UserId>, Refusal> {
        match self {
            Self::Credentials(credentials) => credentials.user(headers),
            Self::TrustedHeader(header) => header.user(headers, peer),
        }
    }

    /// The `WWW-Authenticate` of a 401.
    pub(crate) fn challenge(&self) -> HeaderValue {
        match self {
            Self::Credentials(credentials) => credentials.challenge(),
            Self::TrustedHeader(header) => header.challenge(),
        }
    }

    /// What a client without identity is told where one is needed.
    pub(crate) fn nobody(&self) -> String {
        match self {
            Self::Credentials(credentials) => format!(
                "user_id is required for per-user workflow but could not be determined. This server takes the first \
                 of these that is present: {}.",
                credentials.accepted_in_words()
            ),
            Self::TrustedHeader(header) => header.missing(),
        }
    }
}

impl Credentials {
    fn user(&self, headers: &HeaderMap) -> Result<Option<UserId>, Refusal> {
        let Some((kind, key)) = self.key(headers)? else { return Ok(None) };
        if !self.accepts(kind) {
            return Err(format!("Identity credential type '{}' is not accepted", kind.name()).into());
        }
        Ok(Some(UserId::derived(&key)))
    }

    fn key<'h>(&self, headers: &'h HeaderMap) -> Result<Option<Key<'h>>, Refusal> {
        if let Some(value) = cookie::key(headers, &self.cookie_names)? {
            return Ok(Some((CredentialKind::SessionCookie, value)));
        }
        if let Some(key) = headers.get(AUTHORIZATION).map(authorization).transpose()?.flatten() {
            return Ok(Some(key));
        }
        Ok(api_key::key(headers)?.map(|key| (CredentialKind::ApiKey, key)))
    }

    fn accepts(&self, kind: CredentialKind) -> bool {
        self.accepted.as_ref().is_none_or(|accepted| accepted.contains(&kind))
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static(if self.accepts(CredentialKind::Jwt) || self.accepts(CredentialKind::ApiKey) {
            r#"Bearer realm="nat""#
        } else if self.accepts(CredentialKind::Basic) {
            r#"Basic realm="nat", charset="UTF-8""#
        } else {
            r#"Cookie realm="nat""#
        })
    }

    /// In the order in which they are looked for.
    fn accepted_in_words(&self) -> String {
        let cookies = || self.cookie_names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let cookie = self.accepts(CredentialKind::SessionCookie).then(|| format!("the cookie {}", cookies()));
        let token = match (self.accepts(CredentialKind::Jwt), self.accepts(CredentialKind::ApiKey)) {
            (true, true) => Some("a JWT or an API key"),
            (true, false) => Some("a JWT"),
            (false, true) => Some("an API key"),
            (false, false) => None,
        };
        let bearer = token.map(|token| format!("`Authorization: Bearer` with {token}"));
        let basic = self.accepts(CredentialKind::Basic).then(|| "`Authorization: Basic`".to_owned());
        let key = self.accepts(CredentialKind::ApiKey).then(|| "the header `X-API-Key`".to_owned());
        [cookie, bearer, basic, key].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// `Bearer` and `Basic` in any letter case; another scheme, or one without credential, is passed over.
fn authorization(value: &HeaderValue) -> Result<Option<Key<'_>>, Refusal> {
    let value = trimmed(value.as_bytes());
    let Some(gap) = value.iter().position(is_blank) else { return Ok(None) };
    let (scheme, credential) = (&value[..gap], trimmed(&value[gap..]));
    if scheme.eq_ignore_ascii_case(b"bearer") {
        bearer::key(bounded(credential)?).map(Some)
    } else if scheme.eq_ignore_ascii_case(b"basic") {
        let key = basic::key(bounded(credential)?)?;
        Ok(Some((CredentialKind::Basic, Cow::Owned(key))))
    } else {
        Ok(None)
    }
}

fn bounded(credential: &[u8]) -> Result<&[u8], Refusal> {
    if credential.len() > MAX_CREDENTIAL_BYTES {
        return Err(format!("The credential is longer than {MAX_CREDENTIAL_BYTES} bytes").into());
    }
    Ok(credential)
}

/// The spaces and tabs around a header's value, which are not part of it (RFC 9110, section 5.6.3).
///
/// No other byte is white space: `str::trim` would take the last byte of a UTF-8 name that ends in `85` or `A0`,
/// and with it make one user of two.
fn trimmed(mut value: &[u8]) -> &[u8] {
    while let Some((_, rest)) = value.split_first().filter(|(first, _)| is_blank(first)) {
        value = rest;
    }
    while let Some((_, rest)) = value.split_last().filter(|(last, _)| is_blank(last)) {
        value = rest;
    }
    value
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The text of a header's bytes: each byte is the character of its number (Latin-1), as in the Python toolkit.
///
/// Different bytes are different texts, so identity keys made of them are different too. UTF-8 would have bytes
/// without a text.
fn latin_1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// A header as text, in Latin-1.
pub(crate) fn text(value: &HeaderValue) -> Cow<'_, str> {
    latin_1(value.as_bytes())
}

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
