//! Addresses that may not be listened on while clients choose who they are.

use std::net::{IpAddr, SocketAddr};

use super::{HttpConfig, SessionMode};
use nat_config::Mistake;

/// The host of a file that would be refused when it is bound, as far as that is known without asking for names.
pub(super) fn mistake(server: &HttpConfig) -> Option<Mistake> {
    let address = refused(server)?;
    let message = format!(
        "refusing to listen on {address}: clients choose who they are \
         (general.front_end.session.mode: client), so everybody who reaches this address could be any user"
    );
    let mend = "write `localhost`, where only programs on this machine get in; or let a proxy verify users and set \
                `identity_header` (with `trusted_proxies`); or, if something in front vouches for every session, \
                `session.trust_client_sessions: true`";
    let mistake = Mistake::new(["host"], message).expected("an address of this machine alone");
    Some(mistake.mend(mend).replaced("localhost"))
}

fn refused(server: &HttpConfig) -> Option<SocketAddr> {
    let is_open = server.session.mode == SessionMode::Client
        && server.identity_header.is_none()
        && !server.session.trust_client_sessions;
    let host: IpAddr = server.host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    (is_open && !host.to_canonical().is_loopback()).then(|| SocketAddr::new(host, server.port))
}
