//! An identity header that a proxy sets.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use nat_core::UserId;
use nat_schema::network::Network;

use super::{Refusal, bounded, latin_1, trimmed};

/// The one header that says who asks, and the addresses from which it counts.
#[derive(Debug)]
pub(crate) struct TrustedHeader {
    /// As the configuration writes it.
    shown: String,
    name: HeaderName,
    proxies: Box<[Network]>,
}

impl TrustedHeader {
    /// `shown` is the header's name as configured; it counts on connections from `proxies` only.
    pub(crate) fn new(shown: String, name: HeaderName, proxies: Box<[Network]>) -> Self {
        Self { shown, name, proxies }
    }

    pub(super) fn user(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Option<UserId>, Refusal> {
        let mut values = headers.get_all(&self.name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let shown = &self.shown;
        let Some(peer) = peer else {
            return Err(format!(
                "Configured identity header '{shown}' is not accepted from an unknown address: \
                 the program that embeds this app must pass the peer of each request (nat_server::Peer)"
            )
            .into());
        };
        if !self.proxies.iter().any(|proxy| proxy.contains(peer)) {
            return Err(format!(
                "Configured identity header '{shown}' is not accepted from this address: \
                 it is not in general.front_end.trusted_proxies"
            )
            .into());
        }
        if values.next().is_some() {
            return Err(format!("Configured identity header '{shown}' must occur exactly once").into());
        }
        let value = bounded(trimmed(value.as_bytes()))?;
        if value.is_empty() {
            return Err(format!("Configured identity header '{shown}' must not be empty").into());
        }
        Ok(Some(UserId::derived(&format!("trusted-header:{}\x1f{}", self.name.as_str(), latin_1(value)))))
    }

    pub(super) fn missing(&self) -> String {
        format!("Configured identity header '{}' is missing", self.shown)
    }

    pub(super) fn challenge(&self) -> HeaderValue {
        // A header's name is a token, and a token is header text.
        let challenge = format!("TrustedHeader name=\"{}\"", self.shown);
        HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("TrustedHeader"))
    }
}
