//! Sockets: binding all addresses of a host, and accepting without ever spinning.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use crate::server::BindError;

/// How long accepting rests when the system has no more sockets to give.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the same trouble is worth a line in the log.
const COMPLAINT_INTERVAL: Duration = Duration::from_secs(10);
/// How many connections a queue of the system may hold: tokio asks for 1,024.
const MAX_QUEUED: usize = 1024;
/// How often a free port is looked for that is free on all addresses.
const ATTEMPTS: usize = 8;

/// The addresses that `host` stands for.
///
/// # Errors
///
/// [`BindError::Resolve`].
pub(crate) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, BindError> {
    if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |reason: String| BindError::Resolve { host: host.to_owned(), reason };
    let found = lookup_host((host, port)).await.map_err(|error| unresolved(error.to_string()))?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(unresolved("it has no address".to_owned())) } else { Ok(addresses) }
}

/// Listens on all of `addresses`. Port 0 becomes one free port, the same for all.
///
/// # Errors
///
/// Any address that cannot be bound, save that of several one may be missing on this machine.
pub(crate) async fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let any_port = addresses.iter().any(|address| address.port() == 0);
    let mut attempt = 1;
    loop {
        match listen_once(addresses).await {
            // The port that was free on one address was not on the next.
            Err(BindError::InUse { .. }) if any_port && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

async fn listen_once(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    let mut port = None;
    for address in addresses {
        let mut address = *address;
        address.set_port(port.unwrap_or(address.port()));
        match TcpListener::bind(address).await {
            Ok(listener) => {
                port = listener.local_addr().ok().map(|bound| bound.port());
                listeners.push(listener);
            }
            Err(error) if is_missing(&error) => {
                debug!(%address, %error, "this machine does not have the address");
                missing = Some(BindError::Io { address, error: error.into() });
            }
            // Another program on one of the addresses would get some of the requests.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(BindError::InUse { address }),
            Err(error) => return Err(BindError::Io { address, error: error.into() }),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

/// No such address, or no such protocol: IPv6 is often switched off.
fn is_missing(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own.
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(97)
}

/// Accepts until `stop` is ready, and then what has been waiting. At the limit nothing is accepted until a connection
/// ends: further clients wait in the system's queue. Those who still wait there in the end are served without a place,
/// because a queue that is closed resets them.
pub(crate) async fn accept(
    listener: TcpListener,
    places: Arc<Semaphore>,
    stop: impl Future<Output = ()>,
    serve: impl Fn(TcpStream, SocketAddr, Option<OwnedSemaphorePermit>),
) {
    tokio::select! {
        biased;
        () = stop => {}
        () = accept_within(&listener, places, &serve) => {}
    }
    if let Err(error) = accept_queued(listener, &serve) {
        debug!(%error, "clients that had not been accepted are not answered");
    }
}

async fn accept_within(
    listener: &TcpListener,
    places: Arc<Semaphore>,
    serve: &impl Fn(TcpStream, SocketAddr, Option<OwnedSemaphorePermit>),
) {
    let mut complaints = Complaints::default();
    loop {
        if places.available_permits() == 0 {
            complaints.say(|| warn!("the limit of connections is reached (general.front_end.limits.max_connections)"));
        }
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(stream) = prepared(stream, peer) {
                    serve(stream, peer, Some(place));
                }
            }
            Err(error) if is_clients_doing(&error) => debug!(%error, "a client left before it was accepted"),
            Err(error) => {
                complaints.say(|| warn!(%error, "no connection can be accepted; raise the limit of open files"));
                drop(place);
                sleep(PAUSE).await;
            }
        }
    }
}

/// Accepts what the system has queued, asking it each time: the runtime may not have been told of all of it yet.
fn accept_queued(
    listener: TcpListener,
    serve: &impl Fn(TcpStream, SocketAddr, Option<OwnedSemaphorePermit>),
) -> io::Result<()> {
    let listener = listener.into_std()?;
    // Nobody keeps a server from stopping by connecting again and again.
    for _ in 0..MAX_QUEUED {
        let (stream, peer) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if is_clients_doing(&error) => continue,
            Err(error) => return Err(error),
        };
        stream.set_nonblocking(true)?;
        if let Some(stream) = prepared(TcpStream::from_std(stream)?, peer) {
            serve(stream, peer, None);
        }
    }
    Ok(())
}

/// The stream with what all have set; `None` where that fails.
fn prepared(stream: TcpStream, peer: SocketAddr) -> Option<TcpStream> {
    // Answers are written whole, and waiting for more to send only delays them.
    match stream.set_nodelay(true) {
        Ok(()) => Some(stream),
        Err(error) => {
            debug!(%peer, %error, "the connection is gone already");
            None
        }
    }
}

/// The next connection may well be a good one.
fn is_clients_doing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Says the same thing once in a while only.
#[derive(Default)]
struct Complaints(Option<Instant>);

impl Complaints {
    fn say(&mut self, complaint: impl FnOnce()) {
        if self.0.is_none_or(|last| last.elapsed() >= COMPLAINT_INTERVAL) {
            self.0 = Some(Instant::now());
            complaint();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hosts_are_resolved() {
        for (host, expected) in [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("[::1]", "[::1]:80")] {
            assert_eq!(resolve(host, 80).await.unwrap(), [expected.parse().unwrap()]);
        }
        assert!(resolve("localhost", 80).await.unwrap().iter().all(|address| address.ip().is_loopback()));
        assert!(matches!(resolve("", 80).await, Err(BindError::Resolve { .. })));
    }

    #[tokio::test]
    async fn a_free_port_is_the_same_on_all_addresses() {
        let addresses = ["127.0.0.1:0", "127.0.0.2:0", "192.0.2.1:0"].map(|address| address.parse().unwrap());
        let listeners = listen(&addresses).await.unwrap();
        let bound: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        // 192.0.2.1 is no address of any machine.
        assert_eq!(bound.len(), 2);
        assert!(bound[0].port() != 0 && bound[0].port() == bound[1].port());
    }

    #[tokio::test]
    async fn a_port_in_use_is_an_error_on_any_address() {
        let taken = TcpListener::bind("127.0.0.2:0").await.unwrap().local_addr().unwrap();
        let held = TcpListener::bind(taken).await.unwrap();
        let both = [SocketAddr::new([127, 0, 0, 1].into(), taken.port()), taken];
        let error = listen(&both).await.unwrap_err();
        assert!(matches!(error, BindError::InUse { address } if address == taken), "{error}");
        drop(held);
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_an_error() {
        let error = listen(&["192.0.2.1:0".parse().unwrap()]).await.unwrap_err();
        assert!(matches!(error, BindError::Io { .. }), "{error}");
    }
}
