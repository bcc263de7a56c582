//! One request, from its head to its answer. Knows no socket.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Body as HttpBody;
use nat_core::{RequestInfo, Runtime, Scope, UserId};
use nat_schema::network::Network;
use tokio::time::Instant;
use tracing::{Level, debug};

use crate::body::BodyLimits;
use crate::compress::{self, Accepted};
use crate::cors::Cors;
use crate::detach::Afterlife;
use crate::drain::Drain;
use crate::error::Exposure;
use crate::identity::{Identity, Refusal};
use crate::openapi::Document;
use crate::reply::{self, Body, Reply, WorkflowError};
use crate::request::flaw::{self, Flaw, ReadBy};
use crate::request::host::Hosts;
use crate::request::{ReceivedRequest, Trust};
use crate::request_id::{self, X_REQUEST_ID};
use crate::routes::{Found, Handler, Place, Routes, health, mcp, monitor, openapi};

const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// The address that a request came from. A program that embeds an [`App`] puts one among the extensions of each
/// request, or passes it to [`App::answer`].
///
/// Without one a request comes from nobody known: `identity_header` and forwarding headers do not count, and functions
/// see no client address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The whole HTTP front end but its sockets, as a service. A clone is cheap and the same front end.
///
/// The server gives every connection one; other programs make one with [`app`](crate::app()), and tests call it as it
/// is:
///
/// ```no_run
/// # async fn example(app: nat_server::App) {
/// use http_body_util::Full;
/// use tower::ServiceExt;
///
/// let request = http::Request::get("/health").body(Full::from("")).unwrap();
/// let reply = app.oneshot(request).await.unwrap();
/// assert_eq!(reply.status(), 200);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) routes: Routes,
    pub(crate) runtime: Runtime,
    pub(crate) identity: Identity,
    pub(crate) body_limits: BodyLimits,
    pub(crate) exposure: Exposure,
    pub(crate) afterlife: Afterlife,
    pub(crate) drain: Drain,
    pub(crate) cors: Cors,
    pub(crate) document: Document,
    /// How long a stream may be silent.
    pub(crate) keep_alive_interval: Duration,
    /// Peers that are believed what they say of the clients behind them.
    pub(crate) proxies: Vec<Network>,
    /// The hosts that requests of this machine may name.
    pub(crate) hosts: Hosts,
}

/// The head of a request whose place in the routes has been found. It lies behind a pointer from here on: it is large,
/// and every future through which it is handed would have room for it.
pub(crate) struct Received {
    head: Arc<ReceivedRequest>,
    place: Option<Place>,
    /// Why it is refused wherever it goes.
    flaw: Option<Flaw>,
}

impl Received {
    /// Whether it is refused for the coding in which its body is sent.
    pub(crate) fn is_framed_otherwise(&self) -> bool {
        self.flaw.is_some_and(|flaw| flaw.status == StatusCode::NOT_IMPLEMENTED)
    }
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(crate) fn afterlife(&self) -> &Afterlife {
        &self.0.afterlife
    }

    pub(crate) fn drain(&self) -> &Drain {
        &self.0.drain
    }

    pub(crate) fn body_limits(&self) -> BodyLimits {
        self.0.body_limits
    }

    pub(crate) fn keep_alive_interval(&self) -> Duration {
        self.0.keep_alive_interval
    }

    pub(crate) fn exposure(&self) -> Exposure {
        self.0.exposure
    }

    /// Answers a request that came from `peer`; `None` where that is not known, and then it is trusted with nothing.
    ///
    /// # Cancellation
    ///
    /// A call whose answer is dropped runs to its end, as that of a client who left.
    pub async fn answer<B: HttpBody<Data = Bytes>>(
        &self,
        request: Request<B>,
        peer: Option<SocketAddr>,
    ) -> Response<Body> {
        let (head, body) = request.into_parts();
        let received = self.take(head, peer, ReadBy::Embedder);
        self.respond(received, body).await
    }

    /// Takes the head of a request that a connection of this server has read.
    pub(crate) fn receive(&self, parts: Parts, peer: SocketAddr) -> Received {
        self.take(parts, Some(peer), ReadBy::ThisServer)
    }

    fn take(&self, parts: Parts, peer: Option<SocketAddr>, read_by: ReadBy) -> Received {
        let (place, path_params) = match self.0.routes.find(&parts.method, parts.uri.path()) {
            Some(Found { place, params }) => (Some(place), params),
            None => (None, Vec::new()),
        };
        let is_proxy = |peer: SocketAddr| self.0.proxies.iter().any(|proxy| proxy.contains(peer.ip()));
        let trust = if peer.is_some_and(is_proxy) { Trust::Proxy } else { Trust::Nobody };
        // A page of this machine's browser comes from this machine. An unknown peer may.
        let hosts = match peer.is_none_or(|peer| peer.ip().to_canonical().is_loopback()) {
            true => &self.0.hosts,
            false => &Hosts::Any,
        };
        let flaw = flaw::of(&parts, read_by, hosts);
        Received { head: Arc::new(ReceivedRequest::new(parts, path_params, peer, trust)), place, flaw }
    }

    /// Answers it.
    pub(crate) async fn respond<B: HttpBody<Data = Bytes>>(&self, received: Received, body: B) -> Reply {
        let Received { head, place, flaw } = received;
        let seen = tracing::enabled!(Level::DEBUG).then(|| (Instant::now(), head.clone()));
        let headers = &head.parts.headers;
        let accepted = Accepted::of(headers);
        let origin = headers.get(header::ORIGIN).cloned();
        let id = request_id::received(headers);
        let is_head = head.parts.method == Method::HEAD;
        let preflight = || origin.as_ref().and_then(|_| self.0.cors.preflight(&head.parts.method, headers));
        let mut reply = match flaw.map(|flaw| reply::detail(flaw.status, flaw.text)).or_else(preflight) {
            Some(answer) => answer,
            None => self.route(head, body, place).await,
        };
        // What is sent may depend on who may read it: caches must know, also where it makes no difference.
        compress::varies_by(reply.headers_mut(), VARY_ORIGIN);
        if let Some(origin) = origin {
            self.0.cors.allow(origin, reply.headers_mut());
        }
        if let Some((started, head)) = seen {
            let (method, path) = (&head.parts.method, head.parts.uri.path());
            let peer = head.peer.map(tracing::field::display);
            // Without one of its own a request gets one for the log alone: no answer depends on what is logged.
            let id = id.clone().unwrap_or_else(request_id::new);
            let id = id.to_str().unwrap_or_default();
            // The query stays out: it may carry what nobody wants in a log.
            debug!(%method, path, status = reply.status().as_u16(), took = ?started.elapsed(), peer, id, "request");
        }
        if let Some(id) = id {
            reply.headers_mut().insert(X_REQUEST_ID, id);
        }
        let reply = compress::fitted(reply, accepted).await;
        if is_head { reply::head_only(reply) } else { reply }
    }

    async fn route<B: HttpBody<Data = Bytes>>(
        &self,
        request: Arc<ReceivedRequest>,
        body: B,
        place: Option<Place>,
    ) -> Reply {
        let Parts { method, uri, headers, .. } = &request.parts;
        let Some(resource) = place.map(|place| self.0.routes.resource(place)) else {
            return self.elsewhere(&request);
        };
        match resource.handler(method) {
            Some(Handler::Call(route)) => route.answer(self, request, body).await,
            // Boxed, so that the usual request carries no more than it needs.
            Some(Handler::Stream(route)) => Box::pin(route.answer(self, request, body)).await,
            Some(Handler::Chat(route)) => Box::pin(route.answer(self, request, body)).await,
            Some(Handler::Health) => health::answer(),
            Some(Handler::Monitor) => monitor::answer(self.0.runtime.clone(), uri.clone()).await,
            Some(Handler::McpClients) => mcp::answer(),
            Some(Handler::Description) => openapi::answer(&self.0.document, headers),
            Some(Handler::Page(_, page)) => page.answer(),
            Some(Handler::Asset(asset)) => asset.answer(headers),
            None => reply::method_not_allowed(&resource.allow),
        }
    }

    /// Nothing is served here: perhaps it is with a slash more or less.
    fn elsewhere(&self, request: &ReceivedRequest) -> Reply {
        let twin = self.0.routes.slash_twin(request.parts.uri.path());
        let location = twin.and_then(|path| location(request, &path));
        location.map_or_else(reply::not_found, reply::redirect)
    }

    /// Who asks, or the 401 for a request that does not say so well enough.
    pub(crate) fn identify(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
        scope: Scope,
    ) -> Result<Option<UserId>, Reply> {
        match (self.0.identity.user(headers, peer), scope) {
            (Ok(None), Scope::PerUser) => Err(self.unauthorized(&self.0.identity.nobody())),
            (Ok(user), _) => Ok(user),
            (Err(Refusal(message)), _) => Err(self.unauthorized(&message)),
        }
    }

    fn unauthorized(&self, message: &str) -> Reply {
        let reply = match &self.0.identity {
            Identity::TrustedHeader(_) => reply::detail(StatusCode::UNAUTHORIZED, message),
            Identity::Credentials(_) => {
                let body = WorkflowError { code: "workflow_error", message, details: "ValueError" };
                reply::json(StatusCode::UNAUTHORIZED, &body)
            }
        };
        reply::with_challenge(reply, self.0.identity.challenge())
    }
}

/// `http://HOST/path?query`, as the client sees this server; without host where the request names none that can be
/// repeated.
fn location(request: &ReceivedRequest, path: &str) -> Option<HeaderValue> {
    let scheme = request.scheme();
    let origin = request.host().map(|host| format!("{scheme}://{host}")).unwrap_or_default();
    let query = request.parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{origin}{path}{query}")).ok()
}

impl<B> tower_service::Service<Request<B>> for App
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// The peer is the [`Peer`] among the request's extensions, or a `SocketAddr` there; without one it is not known.
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let app = self.clone();
        Box::pin(async move {
            let extensions = request.extensions();
            let peer = extensions.get().map(|Peer(peer)| *peer).or_else(|| extensions.get().copied());
            Ok(app.answer(request, peer).await)
        })
    }
}
