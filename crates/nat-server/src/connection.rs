//! One connection: which protocol it speaks, how long it may keep silent, and how it ends.
//!
//! Every phase has a deadline. Waiting for a request (its first byte, its header, or the next one on a
//! kept connection) has [`ConnectionLimits::header_timeout`]; a body is timed by whoever reads it; a
//! client that does not read its answer is cut off by the socket ([`socket`](crate::socket)), or, where it
//! leaves one HTTP/2 stream of several unread, by the stream's own deadline ([`pacing`]). While a
//! function works there is no deadline. One timer for each connection does all of this: it is not
//! touched by requests, and looks when it fires whether there were any. hyper's own header timeout
//! would set and clear a timer for every request, and knows nothing of HTTP/2.
//!
//! A client that has closed its sending direction alone still gets its answer. It has left when its connection is
//! reset, a write fails, or it resets its HTTP/2 stream: what waits for its turn is not begun then.

mod arrivals;
mod driving;
mod opening;
mod pacing;
mod patience;
mod refusal;
mod streaming;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONNECTION, EXPECT};
use hyper::body::{Body as HttpBody, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tracing::{debug, trace};

use crate::app::App;
use crate::body::Tracked;
use crate::pulse::Pulse;
use crate::reply::{Body, Reply};
use crate::socket::{DRAIN_LINGER, LINGER, Socket};
use arrivals::Arrivals;
use driving::{End, drive};
use opening::Version;
use pacing::{Executor, Paced};
use patience::Patience;
use streaming::Streaming;

pub(crate) use {arrivals::end, refusal::is_of_the_parser};
#[cfg(test)]
pub(crate) use {opening::open, pacing::PIECE};

const CLOSE: HeaderValue = HeaderValue::from_static("close");
/// How long a connection that is about to end may take for a request that has begun to arrive, or to hear of the end.
const GRACE: Duration = Duration::from_secs(1);
/// Peers that are gone without a word are noticed by pings they do not answer.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Streams that a client opened and reset before they were looked at; more is an attack.
const MAX_PENDING_RESETS: usize = 20;
/// Streams that this side reset because of what the client sent; more is an attack.
const MAX_ERROR_RESETS: usize = 256;
/// Bytes of an answer that wait for the client's window, for each HTTP/2 stream.
const MAX_SEND_BUFFER: usize = 64 * 1024;

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

/// What serves any number of connections.
#[derive(Debug)]
pub(crate) struct Protocols {
    http1: http1::Builder,
    limits: ConnectionLimits,
}

impl Protocols {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .half_close(true)
            .header_read_timeout(None)
            .max_header_size(limits.max_header_bytes);
        Self { http1, limits }
    }

    /// One for each connection, whose streams share a link.
    fn http2(&self, client: Arc<Client>) -> http2::Builder<Executor> {
        let limits = self.limits;
        let patience = Patience::new(limits.write_timeout, limits.max_concurrent_streams);
        let mut http2 = http2::Builder::new(Executor { client, patience });
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
            .max_concurrent_streams(limits.max_concurrent_streams)
            .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
            .max_local_error_reset_streams(MAX_ERROR_RESETS)
            .max_send_buf_size(MAX_SEND_BUFFER)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        http2
    }

    /// Serves one connection until either side has had enough.
    pub(crate) async fn serve(&self, stream: TcpStream, peer: SocketAddr, app: App, mut phase: watch::Receiver<Phase>) {
        let (stream, client) = (Arc::new(stream), Arc::new(Client::new(app, peer)));
        let header_timeout = self.limits.header_timeout;
        let deadline = client.pulse.silent_since() + header_timeout;
        let (version, first) = match opening::open(&stream, deadline, &mut phase).await {
            Ok(opened) => opened,
            Err(error) => return trace!(%peer, %error, "no request"),
        };
        let io = TokioIo::new(Socket::new(stream.clone(), first, client.clone(), self.limits.write_timeout));
        let ended = match version {
            Version::Http1 => {
                let service = {
                    let client = client.clone();
                    service_fn(move |request| client.clone().answer(request, Client::keep))
                };
                let connection = self.http1.serve_connection(io, service).with_upgrades();
                drive(connection, &stream, &client, phase.clone(), header_timeout).await
            }
            Version::Http2 => {
                let service = {
                    let client = client.clone();
                    service_fn(move |request| client.clone().answer(request, Paced::new))
                };
                let connection = self.http2(client.clone()).serve_connection(io, service);
                drive(connection, &stream, &client, phase.clone(), header_timeout).await
            }
        };
        match ended {
            End::Closed(Ok(())) => trace!(%peer, "closed"),
            End::Closed(Err(error)) => {
                debug!(%peer, %error, "the connection broke");
                if let Some(kept) = client.refusal.get() {
                    let answer = refusal::answer(kept, &error);
                    // Boxed, as it is seldom needed: every connection would have the room for it.
                    let told = Box::pin(refuse(&answer, stream, client.clone(), self.limits.write_timeout));
                    tokio::select! {
                        biased;
                        _ = phase.wait_for(|phase| *phase == Phase::Over) => {}
                        () = told => {}
                    }
                }
            }
            End::Reset => debug!(%peer, "the connection was reset"),
            End::Silent => debug!(%peer, "closed: no request for too long"),
            End::Over => debug!(%peer, "dropped at the end of the drain"),
        }
    }
}

/// Writes the last answer of a connection, whose head nobody could read to its end: what follows it is no request.
async fn refuse(answer: &[u8], stream: Arc<TcpStream>, client: Arc<Client>, limit: Duration) {
    client.sends_on.store(true, Ordering::Relaxed);
    let mut socket = Socket::new(stream, Bytes::new(), client, limit);
    // A client that is gone needs no answer.
    if socket.write_all(answer).await.is_ok() {
        socket.shutdown().await.ok();
    }
}

/// What all requests of one connection share.
pub(crate) struct Client {
    app: App,
    peer: SocketAddr,
    pub(crate) pulse: Pulse,
    /// What the socket has taken of all answers.
    pub(crate) sent: Sent,
    /// Whether an answer was given while the client may still have been sending its request.
    sends_on: AtomicBool,
    pub(crate) arrivals: Arrivals,
    /// The answer of the parser's own that was kept back, and is the last of the connection.
    pub(crate) refusal: OnceLock<Bytes>,
}

/// How the writing to a connection goes on.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    bytes: AtomicU64,
    is_blocked: AtomicBool,
}

impl Sent {
    /// Counts what was written. Only the socket does, so no sum gets lost.
    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.store(self.bytes.load(Ordering::Relaxed) + bytes as u64, Ordering::Relaxed);
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Relaxed)
    }

    /// Says whether the system takes nothing more at present.
    pub(crate) fn block(&self, is_blocked: bool) {
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
    }
}

impl Client {
    fn new(app: App, peer: SocketAddr) -> Self {
        Self {
            app,
            peer,
            pulse: Pulse::new(),
            sent: Sent::default(),
            sends_on: AtomicBool::new(false),
            arrivals: Arrivals::default(),
            refusal: OnceLock::new(),
        }
    }

    /// How long the socket reads on after the last answer, so that what the client sends meanwhile does not reset the
    /// connection and with it the answer.
    pub(crate) fn linger(&self) -> Option<Duration> {
        match self.sends_on.load(Ordering::Relaxed) {
            true => Some(LINGER),
            false => self.app.drain().has_begun().then_some(DRAIN_LINGER),
        }
    }

    fn answer<B>(
        self: Arc<Self>,
        request: http::Request<Incoming>,
        send: fn(Body, Arc<Self>) -> B,
    ) -> impl Future<Output = Result<http::Response<B>, Infallible>> {
        let (head, body) = request.into_parts();
        let has_body = !body.is_end_stream();
        if !has_body {
            self.arrivals.end_of_lines();
        }
        let has_length = body.size_hint().exact().is_some();
        let version = head.version;
        // To read the body of this one would be to ask for it.
        let holds_back = has_body && head.headers.contains_key(EXPECT);
        let received = self.app.receive(head, self.peer);
        // Where its body ends is nothing to rely on, and neither is what follows it.
        let is_the_last = received.is_framed_otherwise() && version != http::Version::HTTP_2;
        async move {
            let busy = self.pulse.busy();
            let mut body = Tracked::new(body);
            let mut reply = self.app.respond(received, &mut body).await;
            if version != http::Version::HTTP_2 && self.app.drain().has_begun() {
                reply.headers_mut().insert(CONNECTION, CLOSE);
            }
            match body.is_end_stream() {
                true if has_body && has_length => self.arrivals.end_of_body(body.ends_at()),
                true if has_body => self.arrivals.end_of_lines(),
                true => {}
                false => {
                    if !holds_back {
                        // Boxed, as all that is seldom needed: the connection moves this future twice.
                        Box::pin(body.read_what_came()).await;
                    }
                    self.let_finish(body, version, &mut reply);
                }
            }
            if is_the_last {
                self.sends_on.store(true, Ordering::Relaxed);
                reply.headers_mut().insert(CONNECTION, CLOSE);
            }
            drop(busy);
            Ok(reply.map(|body| send(body, self)))
        }
    }

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

    /// A body that is a stream keeps its connection busy to the last byte.
    fn keep(body: Body, client: Arc<Self>) -> Body {
        body.map_stream(|frames| Box::pin(Streaming::new(frames, client)))
    }
}
