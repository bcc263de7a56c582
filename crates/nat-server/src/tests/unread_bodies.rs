//! Clients that have their answer while they still send: they get to read it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::sockets::{Running, about, read_answer, serve};
use crate::socket::LINGER;
use crate::testing::soon;

const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";
const LOOK: &str = "endpoints: [{path: /look, method: GET, description: '', function_name: look}],";
const LOOK_AND_PUPPET: &str = "functions: {look: {_type: mirror}}\nworkflow: {_type: puppet, lab: LAB}";

/// Every kind of answer that needs no body: the request's line and headers, and the status.
const BODILESS: [(&str, &str, &str); 9] = [
    ("POST /generate", "cookie: nat-session=alice\r\n", "413"),
    ("POST /generate", "", "401"),
    ("POST /nothing", "", "404"),
    ("POST /generate/", "", "307"),
    ("PUT /generate", "", "405"),
    ("POST /health", "", "405"),
    ("GET /health", "", "200"),
    ("GET /look", "", "200"),
    ("OPTIONS /generate", "origin: http://a\r\naccess-control-request-method: POST\r\n", "400"),
];

/// Without the paused clock: the system's buffers are to be full.
#[tokio::test]
async fn a_client_that_is_answered_while_it_sends_gets_its_answer() {
    let server = serve("", LOOK, LOOK_AND_PUPPET).await;
    let large = "x".repeat(8 * 1024 * 1024);
    for (line, headers, status) in BODILESS {
        let mut stream = server.connect().await;
        let length = large.len();
        let head = format!("{line} HTTP/1.1\r\nhost: h\r\n{headers}content-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(large.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{line}: {answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{line}: {answer}");
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_ends_its_connection_says_so() {
    let server = serve("", LOOK, LOOK_AND_PUPPET).await;
    for (line, headers, status) in BODILESS.into_iter().skip(1) {
        let begin = format!("{line} HTTP/1.1\r\nhost: h\r\n{headers}");
        // Nothing more comes, or the client waits to be asked, or there is more than is worth reading.
        let much = format!("content-length: 200000\r\n\r\n{}", "x".repeat(200_000));
        for rest in ["content-length: 9\r\n\r\nx", "content-length: 9\r\nexpect: 100-continue\r\n\r\n", &much] {
            let answer = server.exchange(&format!("{begin}{rest}")).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{line} {rest}: {answer}");
        }
        // What has come is read, and the connection kept.
        let mut stream = server.connect().await;
        for rest in ["content-length: 9\r\n\r\n123456789", "transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"] {
            stream.write_all(format!("{begin}{rest}").as_bytes()).await.unwrap();
            let answer = read_answer(&mut stream).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
            assert!(!answer.contains("connection:"), "{line} {rest}: {answer}");
        }
    }
}

/// The upload of a client that has its answer already: how many pieces were taken, and whether it was given up or done.
struct Upload {
    taken: Arc<AtomicUsize>,
    gone: oneshot::Receiver<()>,
}

/// Answered with 404 while `pieces` of 64 KiB, and then perhaps nothing for ever, are under way.
async fn refused_upload(server: &Running, pieces: usize, then: Then) -> Upload {
    let stream = TokioIo::new(server.connect().await);
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut client, connection) = builder.handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let taken: Arc<AtomicUsize> = Arc::default();
    let (held, gone) = oneshot::channel();
    let count = taken.clone();
    let pieces = stream::iter(0..pieces);
    let pieces = match then {
        Then::End => pieces.boxed(),
        Then::Stop => pieces.chain(stream::pending()).boxed(),
    };
    let frames = pieces.map(move |_| {
        let _held: &oneshot::Sender<()> = &held;
        count.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Infallible>(Frame::data(bytes::Bytes::from(vec![b'x'; 64 * 1024])))
    });
    let request = http::Request::post("http://h/nothing").body(StreamBody::new(frames)).unwrap();
    let reply = soon("an answer", client.send_request(request)).await.unwrap();
    assert_eq!(reply.status(), 404);
    assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), r#"{"detail":"Not Found"}"#);
    Upload { taken, gone }
}

enum Then {
    End,
    Stop,
}

#[tokio::test]
async fn on_http2_a_client_that_is_answered_while_it_sends_may_finish() {
    let server = serve("", "", PUPPET).await;
    let upload = refused_upload(&server, 48, Then::End).await;
    soon("the end of the upload", upload.gone).await.unwrap_err();
    assert_eq!(upload.taken.load(Ordering::SeqCst), 48);
}

#[tokio::test(start_paused = true)]
async fn on_http2_nobody_is_heard_for_ever() {
    let server = serve("", "", PUPPET).await;
    let started = Instant::now();
    let upload = refused_upload(&server, 1, Then::Stop).await;
    soon("the end of the upload", upload.gone).await.unwrap_err();
    about(started.elapsed(), LINGER);
}
