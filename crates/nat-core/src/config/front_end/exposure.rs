//! Addresses that may not be listened on while clients choose who they are.

use std::net::{IpAddr, SocketAddr};

use super::{FastApi, FrontEnd, SessionMode};
use nat_config::Mistake;

/// The host of a file that would be refused when it is bound, as far as that is known without asking for names.
/// Its path begins with the front end.
pub(crate) fn mistake(front_end: &FrontEnd) -> Option<Mistake> {
    let FrontEnd::FastApi(server) = front_end else { return None };
    let address = refused(server)?;
    let message = format!(
        "refusing to listen on {address}: clients choose who they are \
         (general.front_end.session.mode: client), so everybody who reaches this address could be any user"
    );
    let mend = "write `localhost`, where only programs on this machine get in; or let a proxy verify users and set \
                `identity_header` (with `trusted_proxies`); or, if something in front vouches for every session, \
                `session.trust_client_sessions: true`";
    let mistake = Mistake::new(["front_end", "host"], message).expected("an address of this machine alone");
    Some(mistake.mend(mend).replaced("localhost"))
}

fn refused(server: &FastApi) -> Option<SocketAddr> {
    let is_open = server.session.mode == SessionMode::Client
        && server.identity_header.is_none()
        && !server.session.trust_client_sessions;
    let host: IpAddr = server.host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    (is_open && !host.to_canonical().is_loopback()).then(|| SocketAddr::new(host, server.port))
}
