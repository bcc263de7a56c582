//! From a configuration to a running server, and to its end.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nat_core::config::Config;
use nat_core::{Runtime, ShutdownReport};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::app::App;
use crate::connection::{Phase, Protocols};
use crate::settings::{Reach, Settings};
use crate::{listener, open_files};

/// What has been dropped gets this long to be gone: only code that blocks its thread needs any of it.
const DROP_GRACE: Duration = Duration::from_millis(500);

/// A server that holds its sockets and does not serve yet.
///
/// ```no_run
/// # async fn example(config: nat_core::Config, runtime: nat_core::Runtime, stop: impl Future<Output = ()>) -> Result<(), nat_server::BindError> {
/// let server = nat_server::Server::bind(&config).await?;
/// println!("{:?}", server.addresses());
/// let report = server.run(runtime, stop).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    reach: Reach,
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    traffic: Traffic,
}

/// What has come and gone at a server. A clone is the same count.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<AtomicU64>);

impl Traffic {
    /// Connections that have ended since the server began to serve.
    pub fn connections_ended(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a server does not start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BindError {
    /// Clients choose who they are, and not only programs on this machine could reach the server.
    ClientSessionsExposed {
        /// The address that is not loopback.
        address: SocketAddr,
    },
    /// Paths that cannot be served together, each in a sentence.
    Routes(Vec<String>),
    /// Rules for other origins' pages that cannot be kept, in a sentence.
    Cors(String),
    /// The host has no address.
    Resolve {
        /// As configured.
        host: String,
        /// Why.
        reason: String,
    },
    /// Another program listens there.
    InUse {
        /// Where.
        address: SocketAddr,
    },
    /// The system refuses for another reason.
    Io {
        /// Where.
        address: SocketAddr,
        /// Why.
        error: Arc<io::Error>,
    },
}

/// What happened in the end.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ServeReport {
    /// Connections with a request that had not ended when the drain was over.
    pub dropped_connections: usize,
    /// Calls without a client that had not ended when the drain was over.
    pub dropped_calls: usize,
    /// The runtime's part.
    pub runtime: ShutdownReport,
}

impl Server {
    /// Binds the configured host and port. Clients can connect from here on, and wait for [`Server::run`].
    ///
    /// The soft limit of open files is raised to the hard one, for the whole process and the programs that it starts.
    ///
    /// # Errors
    ///
    /// See [`BindError`]. Nothing is bound then.
    pub async fn bind(config: &Config) -> Result<Self, BindError> {
        let settings = Settings::new(config)?;
        let resolved = listener::resolve(&settings.front_end.host, settings.front_end.port).await?;
        let reach = settings.reach(&resolved)?;
        open_files::raise_limit();
        let listeners = listener::listen(&resolved).await?;
        let addresses = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        Ok(Self { settings, reach, listeners, addresses, traffic: Traffic::default() })
    }

    /// Counts for whoever wants to know while the server runs.
    pub fn traffic(&self) -> Traffic {
        self.traffic.clone()
    }

    /// What is bound, with the port that was found if none was given.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Serves until `shutdown` is ready. At most `limits.max_connections` connections are open at once, or fewer where
    /// the limit of open files would not leave `limits.reserved_files` of them free.
    ///
    /// From the shutdown on no call begins: requests that have been sent, and connections that wait to be accepted, are
    /// answered with 503. Running requests may finish for `general.shutdown_timeout`, what is left after that is
    /// dropped, and the runtime is shut down.
    ///
    /// # Panics
    ///
    /// When `runtime` was not started with the configuration of [`Server::bind`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future drops all connections, and closes no instance: end `shutdown` instead.
    pub async fn run(self, runtime: Runtime, shutdown: impl Future<Output = ()>) -> ServeReport {
        let Self { settings, reach, listeners, addresses, traffic } = self;
        settings.warn(reach);
        let drain = settings.shutdown_timeout;
        let limits = &settings.front_end.limits;
        let places = open_files::connections(limits.max_connections, limits.reserved_files).min(Semaphore::MAX_PERMITS);
        let protocols = Arc::new(Protocols::new(settings.connection_limits()));
        let app = settings.app(runtime.clone(), reach);
        let connections = Connections::new(app.clone(), protocols, places, traffic);
        let _ending = Ending(app.clone());
        for address in &addresses {
            info!("listening on http://{address}");
        }
        let mut accepting = JoinSet::new();
        for listener in listeners {
            let (connections, places) = (connections.clone(), connections.places.clone());
            let mut phase = connections.phase.subscribe();
            let stop = async move {
                phase.wait_for(|phase| *phase != Phase::Serving).await.ok();
            };
            accepting.spawn(listener::accept(listener, places, stop, move |stream, peer, place| {
                connections.serve(stream, peer, place);
            }));
        }
        shutdown.await;
        info!("shutting down: running requests have {drain:?} to finish");
        runtime.begin_shutdown();
        connections.drain();
        // Each accepts what waits for it, and closes its socket.
        accepting.join_all().await;
        let deadline = Instant::now() + drain;
        let (dropped_connections, dropped_calls) = connections.finish(&app, deadline).await;
        let left = deadline.saturating_duration_since(Instant::now());
        // Side by side: code that blocks its thread must not take from the time for the closes.
        let (runtime, ()) =
            tokio::join!(runtime.shutdown(left), connections.gone(&app, (dropped_connections, dropped_calls)));
        ServeReport { dropped_connections, dropped_calls, runtime }
    }
}

/// However serving ends, no call goes on without its client afterwards.
struct Ending(App);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.afterlife().end();
    }
}

/// The connections of all sockets.
#[derive(Clone)]
struct Connections {
    app: App,
    protocols: Arc<Protocols>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    phase: Arc<watch::Sender<Phase>>,
    traffic: Traffic,
}

impl Connections {
    fn new(app: App, protocols: Arc<Protocols>, places: usize, traffic: Traffic) -> Self {
        let (tasks, phase) = (TaskTracker::new(), Arc::new(watch::Sender::new(Phase::Serving)));
        Self { app, protocols, places: Arc::new(Semaphore::new(places)), tasks, phase, traffic }
    }

    fn serve(&self, stream: tokio::net::TcpStream, peer: SocketAddr, place: Option<OwnedSemaphorePermit>) {
        let (app, protocols, phase) = (self.app.clone(), self.protocols.clone(), self.phase.subscribe());
        let traffic = self.traffic.clone();
        self.tasks.spawn(async move {
            protocols.serve(stream, peer, app, phase).await;
            traffic.0.fetch_add(1, Ordering::Relaxed);
            drop(place);
        });
    }

    /// Begins no request from here on, and lets running ones finish.
    fn drain(&self) {
        self.app.drain().begin();
        self.phase.send_replace(Phase::Draining);
    }

    /// Lets what runs finish until `deadline`, and drops the rest. Gives how many connections and how many
    /// calls without a client that were.
    async fn finish(&self, app: &App, deadline: Instant) -> (usize, usize) {
        self.tasks.close();
        let all = async {
            self.tasks.wait().await;
            // A connection that ends may leave a call behind, so the calls come second.
            app.afterlife().wait().await;
        };
        if timeout_at(deadline, all).await.is_ok() {
            return (0, 0);
        }
        let left = (self.tasks.len(), app.afterlife().len());
        warn!(connections = left.0, calls = left.1, "the drain is over: what still runs is dropped");
        // In this order: a connection that is dropped must not leave its call behind.
        app.afterlife().end();
        self.phase.send_replace(Phase::Over);
        left
    }

    /// Waits until what was dropped has gone, and says so where it does not.
    async fn gone(&self, app: &App, dropped: (usize, usize)) {
        let gone = async {
            self.tasks.wait().await;
            app.afterlife().wait().await;
        };
        if dropped != (0, 0) && timeout(DROP_GRACE, gone).await.is_err() {
            warn!("some calls block their threads and cannot be dropped");
        }
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientSessionsExposed { address } => write!(
                f,
                "refusing to listen on {address}: clients choose who they are (general.front_end.session.mode: client), so \
                 everybody who reaches this address could be any user\n\
                 help: use one of\n  \
                 - general.front_end.host: localhost, where only programs on this machine get in\n  \
                 - general.front_end.identity_header, set by a proxy that verifies users (with trusted_proxies)\n  \
                 - general.front_end.session.mode: signed, sessions that the server issues (not in this version)\n  \
                 - general.front_end.identity_authentication, verified tokens (not in this version)\n  \
                 - general.front_end.session.trust_client_sessions: true, if something in front vouches for every session"
            ),
            Self::Routes(conflicts) => f.write_str(&conflicts.join("; ")),
            Self::Cors(reason) => f.write_str(reason),
            Self::Resolve { host, reason } => {
                write!(f, "the host `{host}` has no address to listen on: {reason}\nhelp: set general.front_end.host")
            }
            Self::InUse { address } => write!(
                f,
                "cannot listen on {address}: port {} is in use\n\
                 help: stop the program that uses it, or choose another one with --port (0 takes any free one)",
                address.port()
            ),
            Self::Io { address, error } => write!(f, "cannot listen on {address}: {error}"),
        }
    }
}

impl std::error::Error for BindError {}
