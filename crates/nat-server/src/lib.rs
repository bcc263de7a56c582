//! The HTTP front end of a workflow runtime.
//!
//! A [`Server`] holds the sockets and runs until it is told to stop; an [`App`] is everything of it but
//! the sockets. The way of a request:
//!
//! ```text
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
mod connection;
mod cors;
mod detach;
mod drain;
mod error;
mod identity;
mod listener;
mod openapi;
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

pub use app::App;
pub use reply::Body;
pub use server::{BindError, ServeReport, Server, Traffic};

use nat_core::{Config, Runtime};

/// The front end of `config` over `runtime`, without sockets. [`Server`] is what people want; this is for
/// tests and for programs that bring their own connections.
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
    Ok(settings.app(runtime, settings::Reach::Loopback))
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
