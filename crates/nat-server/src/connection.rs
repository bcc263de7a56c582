//! One connection: which protocol it speaks, how long it may keep silent, and how it ends.
//!
//! Every phase has a deadline. Waiting for a request (its first byte, its header, or the next one on a
//! kept connection) has [`ConnectionLimits::header_timeout`]; a body is timed by whoever reads it; a
//! client that does not read its answer is cut off by the socket ([`socket`](crate::socket)). While a
//! function works there is no deadline. One timer for each connection does all of this: it is not
//! touched by requests, and looks when it fires whether there were any. hyper's own header timeout
//! would set and clear a timer for every request, and knows nothing of HTTP/2.

mod streaming;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderValue;
use http::header::{CONNECTION, EXPECT};
use hyper::body::{Body as HttpBody, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, trace};

use crate::app::App;
use crate::body::Tracked;
use crate::pulse::Pulse;
use crate::reply::{Body, Reply};
use crate::socket::Socket;
use streaming::{Streaming, hurried};

/// The bytes with which HTTP/2 begins.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// How long a connection without a request may go on once the drain has begun.
const DRAIN_GRACE: Duration = Duration::from_secs(1);
/// Peers that are gone without a word are noticed by pings they do not answer.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams that a client opened and reset before they were looked at; more is an attack.
const MAX_PENDING_RESETS: usize = 20;
/// Streams that this side reset because of what the client sent; more is an attack.
const MAX_ERROR_RESETS: usize = 256;
/// Bytes of an answer that wait for the client's window, for each HTTP/2 stream.
const MAX_SEND_BUFFER: usize = 128 * 1024;

/// Where the server is in its life, as its connections see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Serving,
    /// No new requests; running ones may finish.
    Draining,
    /// Nothing goes on.
    Over,
}

/// What one connection may ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    pub(crate) header_timeout: Duration,
    pub(crate) max_header_bytes: usize,
    pub(crate) max_concurrent_streams: u32,
    /// How long a client may leave its answer unread.
    pub(crate) write_timeout: Duration,
}

/// Both protocols, ready for any number of connections.
#[derive(Debug)]
pub(crate) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    limits: ConnectionLimits,
}

impl Protocols {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        let mut http1 = http1::Builder::new();
        http1.timer(TokioTimer::new()).header_read_timeout(None).max_header_size(limits.max_header_bytes);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(limits.max_concurrent_streams)
            .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
            .max_local_error_reset_streams(MAX_ERROR_RESETS)
            .max_send_buf_size(MAX_SEND_BUFFER)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self { http1, http2, limits }
    }

    /// Serves one connection until either side has had enough.
    pub(crate) async fn serve(&self, stream: TcpStream, peer: SocketAddr, app: App, mut phase: watch::Receiver<Phase>) {
        let version = tokio::select! {
            biased;
            version = sniff(&stream) => version,
            // Nothing has been asked for yet, so nobody is waiting for an answer.
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => return,
            () = sleep(self.limits.header_timeout) => return trace!(%peer, "sent nothing for too long"),
        };
        let client = Arc::new(Client { app, peer, pulse: Pulse::new(), sends_on: AtomicBool::new(false) });
        let io = TokioIo::new(Socket::new(stream, client.clone(), self.limits.write_timeout));
        let service = {
            let (client, write_timeout) = (client.clone(), self.limits.write_timeout);
            service_fn(move |request: http::Request<Incoming>| {
                let client = client.clone();
                let (head, body) = request.into_parts();
                let version = head.version;
                // To read the body of this one would be to ask for it.
                let holds_back = !body.is_end_stream() && head.headers.contains_key(EXPECT);
                let received = client.app.receive(head, client.peer);
                async move {
                    let _busy = client.pulse.busy();
                    let mut body = Tracked::new(body);
                    let mut reply = client.app.respond(received, &mut body).await;
                    if !body.is_end_stream() {
                        if !holds_back {
                            body.read_what_came().await;
                        }
                        client.let_finish(body, version, &mut reply);
                    }
                    Ok::<_, Infallible>(reply.map(|body| client.keep(body, version, write_timeout)))
                }
            })
        };
        let ended = match version {
            Ok(Version::Http1) => {
                let connection = self.http1.serve_connection(io, service).with_upgrades();
                drive(connection, &client.pulse, phase, self.limits.header_timeout).await
            }
            Ok(Version::Http2) => {
                let connection = self.http2.serve_connection(io, service);
                drive(connection, &client.pulse, phase, self.limits.header_timeout).await
            }
            Err(error) => return trace!(%peer, %error, "said nothing"),
        };
        match ended {
            End::Closed(Ok(())) => trace!(%peer, "closed"),
            End::Closed(Err(error)) => debug!(%peer, %error, "the connection broke"),
            End::Silent => debug!(%peer, "closed: no request for too long"),
            End::Over => debug!(%peer, "dropped at the end of the drain"),
        }
    }
}

/// What all requests of one connection share.
pub(crate) struct Client {
    app: App,
    peer: SocketAddr,
    pub(crate) pulse: Pulse,
    /// Whether an answer was given while the client may still have been sending its request.
    pub(crate) sends_on: AtomicBool,
}

impl Client {
    /// Gives a client that has its answer before its request has ended the time to read it. On HTTP/1 the connection
    /// ends with this answer, and the socket listens on for a while; on HTTP/2 the other streams go on.
    fn let_finish(self: &Arc<Self>, body: Tracked<Incoming>, version: http::Version, reply: &mut Reply) {
        if body.is_end_stream() {
            return;
        }
        if version == http::Version::HTTP_2 {
            let client = self.clone();
            tokio::spawn(async move {
                let _busy = client.pulse.busy();
                body.hear_out().await;
            });
        } else {
            self.sends_on.store(true, Ordering::Relaxed);
            reply.headers_mut().insert(CONNECTION, CLOSE);
        }
    }

    /// A body that is a stream keeps its connection busy to the last byte, and gives up on a client who
    /// does not read. On HTTP/1 the socket sees to that; on HTTP/2 a client can read the connection and leave
    /// one stream alone.
    fn keep(self: &Arc<Self>, body: Body, version: http::Version, write_timeout: Duration) -> Body {
        body.map_stream(|frames| {
            let frames = Box::pin(Streaming::new(frames, self.clone()));
            if version == http::Version::HTTP_2 { hurried(frames, write_timeout) } else { frames }
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// Looks at the first bytes without taking them. No HTTP/1 method begins like the preface of HTTP/2,
/// and nearly all differ in the second byte.
async fn sniff(stream: &TcpStream) -> io::Result<Version> {
    let mut seen = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut seen).await?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if seen[..length] != PREFACE[..length] {
            return Ok(Version::Http1);
        }
        if length == PREFACE.len() {
            return Ok(Version::Http2);
        }
        // Part of a preface, in a packet of its own: what was seen would be seen again at once.
        sleep(Duration::from_millis(5)).await;
    }
}

enum End {
    Closed(hyper::Result<()>),
    Silent,
    Over,
}

/// A connection that can be asked to end after what it is doing.
trait Graceful: Future<Output = hyper::Result<()>> {
    /// How a connection ends whose client has been silent for too long.
    const WHEN_SILENT: WhenSilent;

    fn finish(self: Pin<&mut Self>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WhenSilent {
    Drop,
    /// Answers may be under way that the client reads slowly; it is told first, and dropped later.
    FinishFirst,
}

impl<I, S> Graceful for http1::UpgradeableConnection<I, S>
where
    Self: Future<Output = hyper::Result<()>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = crate::reply::Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    const WHEN_SILENT: WhenSilent = WhenSilent::Drop;

    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, E> Graceful for http2::Connection<I, S, E>
where
    Self: Future<Output = hyper::Result<()>>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = crate::reply::Body>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, crate::reply::Body>,
{
    const WHEN_SILENT: WhenSilent = WhenSilent::FinishFirst;

    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

async fn drive<C: Graceful>(
    connection: C,
    pulse: &Pulse,
    mut phase: watch::Receiver<Phase>,
    mut silence: Duration,
) -> End {
    let mut connection = pin!(connection);
    let mut timer = pin!(sleep_until(pulse.silent_since() + silence));
    let mut last_chance = C::WHEN_SILENT == WhenSilent::Drop;
    // What happened before this receiver was looked at must be seen too.
    phase.mark_changed();
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => return End::Closed(ended),
            changed = phase.changed() => match changed.map(|()| *phase.borrow_and_update()) {
                Ok(Phase::Serving) => {}
                Ok(Phase::Draining) => {
                    connection.as_mut().finish();
                    (silence, last_chance) = (DRAIN_GRACE, true);
                    timer.as_mut().reset(Instant::now() + silence);
                }
                Ok(Phase::Over) | Err(_) => return End::Over,
            },
            () = timer.as_mut() => {
                let now = Instant::now();
                match pulse.silent_until(now, silence) {
                    deadline if deadline > now => timer.as_mut().reset(deadline),
                    _ if last_chance => return End::Silent,
                    _ => {
                        connection.as_mut().finish();
                        last_chance = true;
                        timer.as_mut().reset(now + silence);
                    }
                }
            }
        }
    }
}
