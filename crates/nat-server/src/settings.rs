//! What the configuration means to this server: its limits, who may reach it, what it warns about.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::{self, Credential, HttpConfig, SessionMode};
use http::HeaderName;
use nat_core::{Config, Runtime};
use nat_schema::Segment;
use tracing::warn;

use crate::app::{App, Inner};
use crate::body::BodyLimits;
use crate::connection::ConnectionLimits;
use crate::cors::Cors;
use crate::detach::Afterlife;
use crate::drain::Drain;
use crate::error::Exposure;
use crate::identity::{CredentialKind, Credentials, Identity, TrustedHeader};
use crate::openapi::Document;
use crate::request::host::Hosts;
use crate::routes::Plan;
use crate::server::BindError;

/// How long a client may leave its answer unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// The parts of a configuration that this server uses, checked as far as that goes without sockets.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) front_end: HttpConfig,
    pub(crate) shutdown_timeout: Duration,
    routes: Plan,
    cors: Cors,
}

/// From where the server can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// By programs on this machine.
    Loopback,
    Network,
    /// Another program brings the connections, and says nothing of where they come from.
    Unknown,
}

impl Settings {
    pub(crate) fn new(config: &Config) -> Result<Self, BindError> {
        let general = &config.general;
        // A file written for another front end can be served all the same.
        let front_end = HttpConfig::of(config);
        let routes = Plan::new(&front_end, general.enable_per_user_monitoring).map_err(BindError::Routes)?;
        let cors = Cors::new(&front_end.cors).map_err(BindError::Cors)?;
        Ok(Self { front_end, shutdown_timeout: general.shutdown_timeout, routes, cors })
    }

    /// Whether all of `addresses` are loopback. Others are refused while clients choose who they are.
    pub(crate) fn reach(&self, addresses: &[SocketAddr]) -> Result<Reach, BindError> {
        let Some(address) = addresses.iter().find(|address| !address.ip().to_canonical().is_loopback()) else {
            return Ok(Reach::Loopback);
        };
        if self.clients_choose_who_they_are() && !self.front_end.session.trust_client_sessions {
            return Err(BindError::ClientSessionsExposed { address: *address });
        }
        Ok(Reach::Network)
    }

    fn clients_choose_who_they_are(&self) -> bool {
        self.front_end.session.mode == SessionMode::Client && self.front_end.identity_header.is_none()
    }

    pub(crate) fn connection_limits(&self) -> ConnectionLimits {
        let limits = &self.front_end.limits;
        ConnectionLimits {
            header_timeout: limits.header_timeout,
            max_header_bytes: limits.max_header_bytes,
            max_concurrent_streams: limits.max_concurrent_streams,
            write_timeout: WRITE_TIMEOUT,
        }
    }

    /// The front end over `runtime`.
    ///
    /// # Panics
    ///
    /// When `runtime` runs another configuration.
    pub(crate) fn app(self, runtime: Runtime, reach: Reach) -> App {
        let limits = &self.front_end.limits;
        let (identity, exposure, hosts) = (self.identity(), self.exposure(reach), self.hosts());
        let routes = self.routes.open(&runtime);
        App::new(Inner {
            cors: self.cors,
            document: Document::new(&routes, &self.front_end),
            body_limits: BodyLimits { max_bytes: limits.max_body_bytes, timeout: limits.body_timeout },
            identity,
            exposure,
            routes,
            runtime,
            afterlife: Afterlife::default(),
            drain: Drain::default(),
            keep_alive_interval: limits.keep_alive_interval,
            proxies: self.front_end.trusted_proxies.clone(),
            hosts,
        })
    }

    /// Any web page could call a server on loopback as a user of its choice, if it could take the server's name.
    fn hosts(&self) -> Hosts {
        let is_vouched_for = !self.clients_choose_who_they_are() || self.front_end.session.trust_client_sessions;
        if is_vouched_for { Hosts::Any } else { Hosts::Local(self.front_end.allowed_hosts.clone().into_boxed_slice()) }
    }

    fn exposure(&self, reach: Reach) -> Exposure {
        let by_default = self.clients_choose_who_they_are() && reach == Reach::Loopback;
        match self.front_end.expose_errors.unwrap_or(by_default) {
            true => Exposure::Everything,
            false => Exposure::PublicMessages,
        }
    }

    fn identity(&self) -> Identity {
        let front_end = &self.front_end;
        if let Some(shown) = &front_end.identity_header {
            let name = HeaderName::from_bytes(shown.as_bytes()).expect("the configuration checks the header's name");
            let proxies = front_end.trusted_proxies.clone().into_boxed_slice();
            return Identity::TrustedHeader(TrustedHeader::new(shown.clone(), name, proxies));
        }
        let kind = |credential: &Credential| match credential {
            Credential::SessionCookie => CredentialKind::SessionCookie,
            Credential::Jwt => CredentialKind::Jwt,
            Credential::ApiKey => CredentialKind::ApiKey,
            Credential::Basic => CredentialKind::Basic,
        };
        let accepted = front_end.accepted_identity_credentials.as_ref();
        Identity::Credentials(Credentials {
            cookie_names: front_end.session.cookie_names.clone().into_boxed_slice(),
            accepted: accepted.map(|accepted| accepted.iter().map(kind).collect()),
        })
    }

    /// Says once what an operator should know.
    pub(crate) fn warn(&self, reach: Reach) {
        let are_unbounded = reach == Reach::Unknown && !self.front_end.session.trust_client_sessions;
        if self.clients_choose_who_they_are() && are_unbounded {
            warn!(
                "clients choose who they are (general.front_end.session.mode: client), and the program that embeds this \
                 app brings the connections: everybody who reaches it could be any user; listen on loopback only, or \
                 let a proxy verify users and set general.front_end.identity_header, or state with \
                 general.front_end.session.trust_client_sessions that something in front vouches for every session"
            );
        } else if self.clients_choose_who_they_are() {
            warn!(
                "clients choose who they are (general.front_end.session.mode: client): credentials are names and not \
                 verified; put a proxy in front and set general.front_end.identity_header where users must not be \
                 able to pose as others"
            );
        }
        let unserved = self.unserved();
        if !unserved.is_empty() {
            warn!("configured, but not served by this version: {}", unserved.join(", "));
        }
    }

    /// What the file asks for and this version does not have yet. Defaults are not asked for.
    fn unserved(&self) -> Vec<String> {
        let line = |one: config::Unserved| {
            let path: String = one.path.iter().fold("front_end".to_owned(), |path, segment| match segment {
                Segment::Key(key) => format!("{path}.{key}"),
                Segment::Index(index) => format!("{path}.{index}"),
            });
            one.url.map_or_else(|| path.clone(), |url| format!("{path} `{url}`"))
        };
        config::unserved(&self.front_end).into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::config;

    fn unserved(general: &str) -> Vec<String> {
        let yaml = format!("general: {{{general}}}\nfunctions: {{f: {{_type: echo}}}}\nworkflow: {{_type: echo}}");
        Settings::new(&config(&yaml).0).unwrap().unserved()
    }

    #[test]
    fn what_is_asked_for_and_not_served_is_named() {
        assert!(unserved("").is_empty());
        assert!(
            unserved("front_end: {_type: fastapi, port: 81, workflow: {method: POST, path: /x, description: d}}")
                .is_empty()
        );
        let paths = "front_end: {_type: fastapi, object_store: files, workflow: {method: POST, openai_api_path: /c, description: d},
            endpoints: [{method: POST, path: /x, websocket_path: /ws, description: d, function_name: f}]}";
        assert_eq!(unserved(paths), ["front_end.endpoints.0.websocket_path `/ws`", "front_end.object_store"]);
    }
}
