//! A client for a server of a test.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A client with headers of its own. Each request uses a connection of its own; a clone sends the same headers.
///
/// A request that fails, for example because the server is gone, is an [`io::Error`]; an answer with any status is a
/// [`TestResponse`].
#[derive(Clone, Debug)]
pub struct TestClient {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct TestResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer that is read event by event, as a browser reads `text/event-stream`. Dropping it closes the connection.
#[derive(Debug)]
pub struct TestEvents {
    status: StatusCode,
    headers: HeaderMap,
    body: Incoming,
    unread: BytesMut,
}

impl TestClient {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new() }
    }

    /// Adds a header to each request. A second `cookie` header is sent as a further cookie.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let (name, value) = (name.as_ref().to_ascii_lowercase(), value.into());
        match self.headers.iter_mut().find(|(known, _)| name == "cookie" && *known == name) {
            Some((_, cookies)) => *cookies = format!("{cookies}; {value}"),
            None => self.headers.push((name, value)),
        }
        self
    }

    /// Sets the conversation id (header `conversation-id`).
    #[must_use]
    pub fn conversation(self, id: impl Into<String>) -> Self {
        self.header("conversation-id", id)
    }

    /// Sends a POST with a JSON body.
    ///
    /// # Errors
    ///
    /// The connection failed, or a header or the path cannot be sent.
    pub async fn post_json(&self, path: &str, body: impl Into<Value>) -> io::Result<TestResponse> {
        self.send("POST", path, Some(body.into())).await
    }

    /// Sends a GET. A query is written into the path.
    ///
    /// # Errors
    ///
    /// As [`TestClient::post_json`].
    pub async fn get(&self, path: &str) -> io::Result<TestResponse> {
        self.send("GET", path, None).await
    }

    /// Sends a request with any method.
    ///
    /// # Errors
    ///
    /// As [`TestClient::post_json`].
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> io::Result<TestResponse> {
        let (head, body) = self.begin(method, path, body).await?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(TestResponse { status: head.status, headers: head.headers, body })
    }

    /// Sends a POST with a JSON body to a route that streams.
    ///
    /// # Errors
    ///
    /// As [`TestClient::post_json`].
    pub async fn post_for_events(&self, path: &str, body: impl Into<Value>) -> io::Result<TestEvents> {
        let (head, body) = self.begin("POST", path, Some(body.into())).await?.into_parts();
        Ok(TestEvents { status: head.status, headers: head.headers, body, unread: BytesMut::new() })
    }

    async fn begin(&self, method: &str, path: &str, body: Option<Value>) -> io::Result<http::Response<Incoming>> {
        let method = Method::from_bytes(method.as_bytes()).map_err(io::Error::other)?;
        let mut request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Full::from(body.to_string())
            }
            None => Full::default(),
        };
        let request: Request<Full<Bytes>> = request.body(body).map_err(io::Error::other)?;
        let stream = TokioIo::new(TcpStream::connect(self.address).await?);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(io::Error::other)?;
        // It ends with the answer, or when the answer is dropped.
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(io::Error::other)
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl TestResponse {
    /// The status, such as 200.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The first value of a header; `None` when it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON, with the status and the body.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the answer is not JSON ({error}): {self:?}"),
        }
    }

    /// The body as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }
}

impl TestEvents {
    /// The status, such as 200.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The first value of a header; `None` when it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The next event as it was sent, without the empty line behind it, such as `data: {"value":1}`; `None` at the end.
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// The connection failed, or ended within an event.
    pub async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let event = self.unread.split_to(end);
                let _ = self.unread.split_to(2);
                return Ok(Some(String::from_utf8_lossy(&event).into_owned()));
            }
            match self.body.frame().await {
                Some(frame) => {
                    if let Ok(data) = frame.map_err(io::Error::other)?.into_data() {
                        self.unread.extend_from_slice(&data);
                    }
                }
                None if self.unread.is_empty() => return Ok(None),
                None => {
                    let rest = String::from_utf8_lossy(&self.unread).into_owned();
                    return Err(io::Error::other(format!("the stream ended within an event: {rest:?}")));
                }
            }
        }
    }

    /// All events that are left.
    ///
    /// # Errors
    ///
    /// As [`TestEvents::next`].
    pub async fn collect(mut self) -> io::Result<Vec<String>> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await? {
            events.push(event);
        }
        Ok(events)
    }
}

impl fmt::Debug for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text())
    }
}
