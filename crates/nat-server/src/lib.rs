//! The HTTP front end of a workflow runtime.
//!
//! A [`Server`] holds the sockets and runs until it is told to stop; an [`App`] is everything of it but
//! the sockets. The way of a request:
//!
//! ```text
//! config       the settings of `general.front_end`, and their checks
//! listener     accept, within the limit of connections
//! connection   HTTP/1.1 or HTTP/2; deadlines; drain
//! app          Vary, redirects, 404, 405
//! routes       one table for all paths, drawn from the configuration
//! identity     credentials → UserId, or 401 before any body is read or instance built
//! body         read within its limits
//! validation   the 422 for an input that core refuses
//! drain        whether requests are still begun
//! detach       the call, which outlives its client
//! sse          the stream, which owns the session to its last byte
//! error, reply what is sent, what is logged
//! cors         which pages may read it; compress: in which coding
//! openapi      the description of all of this, for programs and for the pages at `/docs`
//! ```
//!
//! Core types stay plain: the JSON shapes of errors and of the monitor live here, and nothing here knows
//! a function's types.

mod app;
mod body;
mod compress;
pub mod config;
mod connection;
mod cors;
mod detach;
mod drain;
mod error;
mod identity;
mod listener;
mod open_files;
mod openapi;
mod overview;
mod payload;
mod pulse;
mod reply;
mod request;
mod request_id;
mod routes;
mod server;
mod settings;
mod socket;
mod sse;
mod unpanicked;
mod validation;

pub use app::{App, Peer};
pub use config::HttpConfig;
pub use overview::{example_request, route_lines};
pub use reply::Body;
pub use server::{BindError, ServeReport, Server, Traffic};

use nat_core::{Config, Runtime};

/// The front end of `config` over `runtime`, without sockets: for tests, and for programs that bring their own
/// connections. Others want a [`Server`].
///
/// Where a request comes from decides what it is trusted with, so each needs its peer: a [`Peer`] among its extensions,
/// or the argument of [`App::answer`]. A request without one is trusted with nothing: `identity_header` is refused,
/// forwarding headers are passed over, and functions see no client address. A route of axum passes the peer on like
/// this, where `app` is the result of this function:
///
/// ```ignore
/// use std::net::SocketAddr;
///
/// use axum::extract::{ConnectInfo, Request};
/// use axum::middleware::{Next, from_fn};
/// use axum::response::Response;
///
/// async fn peer(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
///     request.extensions_mut().insert(nat_server::Peer(peer));
///     next.run(request).await
/// }
///
/// let router = axum::Router::new().fallback_service(app).layer(from_fn(peer));
/// axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
/// ```
///
/// Nothing is known of where the program listens. While clients choose who they are (`session.mode: client` without
/// `identity_header`) a warning says so once, the texts of foreign errors reach nobody unless `expose_errors` is set, and
/// requests from loopback or from an unknown peer must name a loopback host, an IP address or one of `allowed_hosts`.
///
/// # Errors
///
/// Everything that would keep a server from starting, save what sockets have to do with.
///
/// # Panics
///
/// When `runtime` was not started with `config`.
pub fn app(config: &Config, runtime: Runtime) -> Result<App, BindError> {
    let settings = settings::Settings::new(config)?;
    settings.warn(settings::Reach::Unknown);
    Ok(settings.app(runtime, settings::Reach::Unknown))
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
