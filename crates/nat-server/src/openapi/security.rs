//! The credentials that this server takes, as OpenAPI names them.

use crate::config::{Credential, HttpConfig};
use serde_json::{Map, Value, json};

/// Ways to say who one is, any one of which does.
pub(super) struct Security(Vec<(String, Value)>);

impl Security {
    pub(super) fn new(front_end: &HttpConfig) -> Self {
        if let Some(header) = &front_end.identity_header {
            let description = "Set by the proxy in front, which has verified the user.";
            let scheme = json!({ "type": "apiKey", "in": "header", "name": header, "description": description });
            return Self(vec![("identityHeader".to_owned(), scheme)]);
        }
        let accepted = front_end.accepted_identity_credentials.as_ref();
        let accepts = |kind| accepted.is_none_or(|accepted| accepted.contains(&kind));
        let mut schemes = Vec::new();
        if accepts(Credential::SessionCookie) {
            for (index, name) in front_end.session.cookie_names.iter().enumerate() {
                let scheme = json!({ "type": "apiKey", "in": "cookie", "name": name });
                let suffix = if index == 0 { String::new() } else { (index + 1).to_string() };
                schemes.push((format!("sessionCookie{suffix}"), scheme));
            }
        }
        if accepts(Credential::Jwt) || accepts(Credential::ApiKey) {
            let description = match (accepts(Credential::Jwt), accepts(Credential::ApiKey)) {
                (true, true) => "A JWT, or an API key.",
                (true, false) => "A JWT.",
                _ => "An API key.",
            };
            schemes
                .push(("bearer".to_owned(), json!({ "type": "http", "scheme": "bearer", "description": description })));
        }
        if accepts(Credential::Basic) {
            schemes.push(("basic".to_owned(), json!({ "type": "http", "scheme": "basic" })));
        }
        if accepts(Credential::ApiKey) {
            schemes.push(("apiKey".to_owned(), json!({ "type": "apiKey", "in": "header", "name": "X-API-Key" })));
        }
        Self(schemes)
    }

    /// Of a function that belongs to somebody.
    pub(super) fn required(&self) -> Value {
        self.0.iter().map(|(name, _)| json!({ name: [] })).collect()
    }

    /// Of a function that runs for anybody, and may look at who it is.
    pub(super) fn optional(&self) -> Value {
        std::iter::once(json!({})).chain(self.0.iter().map(|(name, _)| json!({ name: [] }))).collect()
    }

    pub(super) fn into_schemes(self) -> Map<String, Value> {
        self.0.into_iter().collect()
    }
}
