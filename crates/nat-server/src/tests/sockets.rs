//! The server over TCP: deadlines, limits, clients that leave, and the drain. Time is tokio's paused clock,
//! which leaps to the next timer whenever nothing else can happen; bytes on loopback count as something.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use nat_core::Runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::testing::{Lab, config, soon, start, until};
use crate::{ServeReport, Server};

const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";
const REPEAT: &str = "workflow: {_type: repeat}";
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Running {
    pub(super) address: SocketAddr,
    pub(super) lab: Arc<Lab>,
    pub(super) runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<ServeReport>,
}

/// A running server; `general` are settings of that section, `front_end` of that one.
pub(super) async fn serve(general: &str, front_end: &str, workflow: &str) -> Running {
    let front_end = format!("front_end: {{_type: fastapi, host: 127.0.0.1, port: 0, {front_end}}}");
    let (config, lab) = config(&format!("general: {{{general} {front_end}}}\n{workflow}"));
    let server = Server::bind(&config).await.unwrap();
    let address = server.addresses()[0];
    let runtime = start(&config).await;
    let (stop, stopped) = oneshot::channel();
    let ended = tokio::spawn(server.run(runtime.clone(), async move {
        stopped.await.ok();
    }));
    Running { address, lab, runtime, stop: Some(stop), ended }
}

impl Running {
    pub(super) async fn connect(&self) -> TcpStream {
        let stream = soon("a connection", TcpStream::connect(self.address)).await.unwrap();
        // What the system holds back for a moment looks to the paused clock as if nothing could happen.
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends `bytes` and reads until the server closes.
    pub(super) async fn exchange(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    pub(super) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(super) async fn end(mut self) -> ServeReport {
        if let Some(stop) = self.stop.take() {
            stop.send(()).unwrap();
        }
        self.ended.await.unwrap()
    }
}

pub(super) fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncookie: nat-session=alice\r\n\
         {headers}content-length: {length}\r\n\r\n{body}"
    )
}

const HOLD: &str = r#"{"deed":"hold"}"#;

pub(super) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut may be reset; what came before counts.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// One answer with a body of known length.
pub(super) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
            if bytes.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap()) {
                return String::from_utf8(bytes).unwrap();
            }
        }
        let read = soon("an answer", stream.read_buf(&mut bytes)).await.unwrap();
        assert_ne!(read, 0, "closed after {text:?}");
    }
}

pub(super) fn about(elapsed: Duration, expected: Duration) {
    assert!(elapsed >= expected && elapsed < expected + Duration::from_secs(1), "{elapsed:?}, not {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_no_whole_header_is_cut_off() {
    let server = serve("", "", REPEAT).await;
    for beginning in
        ["", "P", "POST /generate HTTP/1.1\r\nhost: h\r\nx-slow: ", "PRI * HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"]
    {
        let started = Instant::now();
        assert_eq!(server.exchange(beginning).await, "", "{beginning}");
        about(started.elapsed(), HEADER_TIMEOUT);
    }
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_may_be_silent_as_long_as_a_header_may_take() {
    let server = serve("", "", REPEAT).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(post("/generate", "", r#"{"text":"x"}"#).as_bytes()).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
        tokio::time::sleep(HEADER_TIMEOUT - Duration::from_millis(10)).await;
    }
    let started = Instant::now();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_working_function_has_no_deadline() {
    let server = serve("", "", PUPPET).await;
    let mut stream = server.connect().await;
    stream.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    until("the call has begun", || server.lab.begun.load(Ordering::SeqCst) == 1).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    server.lab.gate.add_permits(1);
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"calls":1}"#), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn large_headers_are_refused() {
    let server = serve("", "limits: {max_header_bytes: 8192}", REPEAT).await;
    let padded =
        |length: usize| post("/generate", &format!("connection: close\r\nx-pad: {}\r\n", "x".repeat(length)), "{}");
    assert!(server.exchange(&padded(7000)).await.starts_with("HTTP/1.1 422"));
    assert!(server.exchange(&padded(8192)).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test(start_paused = true)]
async fn bodies_have_limits_in_size_and_time() {
    let server = serve("", "limits: {max_body_bytes: 100}", REPEAT).await;
    let head = "POST /generate HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\nconnection: close\r\n";
    let announced = server.exchange(&format!("{head}content-length: 101\r\n\r\n")).await;
    assert!(announced.starts_with("HTTP/1.1 413"), "{announced}");
    let chunk = format!("32\r\n{}\r\n", "x".repeat(50));
    let chunked = server.exchange(&format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}")).await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    for framing in ["content-length: 50\r\n\r\n{\"text\"", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let started = Instant::now();
        let slow = server.exchange(&format!("{head}{framing}")).await;
        assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("body_timeout"), "{slow}");
        about(started.elapsed(), BODY_TIMEOUT);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_not_asked_for_before_somebody_is_known() {
    let server = serve("", "", PUPPET).await;
    let head = "POST /generate HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue\r\n";
    let refused = server.exchange(&format!("{head}connection: close\r\n\r\n")).await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let mut stream = server.connect().await;
    stream.write_all(format!("{head}cookie: nat-session=alice\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(read_answer(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    assert!(read_answer(&mut stream).await.ends_with(r#"{"calls":1}"#));
}

#[tokio::test(start_paused = true)]
async fn a_head_has_no_body() {
    let server = serve("", "", PUPPET).await;
    let (mut client, _connection) = http2(&server).await;
    for (path, status, length) in
        [("/health", 200, "20"), ("/nothing", 404, "22"), ("/generate", 405, "31"), ("/health/", 307, "0")]
    {
        let answer = server.exchange(&format!("HEAD {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains(&format!("\r\ncontent-length: {length}\r\n")), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        client.ready().await.unwrap();
        let request = crate::testing::request(&format!("HEAD http://h{path}"), &[], "");
        let reply = client.send_request(request).await.unwrap();
        assert_eq!(reply.status().as_u16(), status);
        assert_eq!(reply.headers()["content-length"], length);
        // A frame of data would be an error of the protocol here.
        assert_eq!(reply.into_body().collect().await.unwrap().to_bytes(), "");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_names_one_host() {
    let server = serve("", "", PUPPET).await;
    for (version, hosts, reason) in [
        ("1.1", "host: h\r\n", ""),
        ("1.1", "host:\r\n", ""),
        ("1.0", "", ""),
        ("1.1", "", "no Host header"),
        ("1.1", "host: a\r\nhost: b\r\n", "more than one Host header"),
        ("1.0", "host: a\r\nhost: a\r\n", "more than one Host header"),
        ("1.1", "host: a b\r\n", "is not a host"),
    ] {
        let answer = server.exchange(&format!("GET /health HTTP/{version}\r\n{hosts}connection: close\r\n\r\n")).await;
        let status = if reason.is_empty() { "200 OK" } else { "400 Bad Request" };
        assert!(answer.starts_with(&format!("HTTP/{version} {status}\r\n")), "{hosts}: {answer}");
        assert!(answer.contains("\r\nvary: Origin\r\n") && answer.contains(reason), "{hosts}: {answer}");
        assert_eq!(answer.contains(r#"{"detail":"The "#), !reason.is_empty(), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_may_have_a_hundred_fields() {
    let server = serve("", "", PUPPET).await;
    for (count, status) in [(98, "200"), (99, "431")] {
        let fields: String = (0..count).map(|number| format!("x-{number}: x\r\n")).collect();
        let head = format!("GET /health HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{fields}\r\n");
        let answer = server.exchange(&head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{count}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_cancels_nothing() {
    let server = serve("", "", PUPPET).await;
    let mut stream = server.connect().await;
    stream.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    until("the call has begun", || server.lab.begun.load(Ordering::SeqCst) == 1).await;
    drop(stream);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(server.runtime.users(None)[0].active_requests, 1);
    server.lab.gate.add_permits(1);
    until("the call has ended", || server.lab.ended.load(Ordering::SeqCst) == 1).await;
    until("the call is counted", || server.runtime.users(None)[0].total_requests == 1).await;
    assert_eq!(server.runtime.users(None)[0].error_count, 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_during_the_build_cancels_nothing() {
    let server = serve("", "", "workflow: {_type: puppet, lab: LAB, on_build: hold}").await;
    let mut stream = server.connect().await;
    stream.write_all(post("/generate", "", "{}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_secs(1)).await;
    server.lab.gate.add_permits(1);
    until("the call has ended", || server.lab.ended.load(Ordering::SeqCst) == 1).await;
    assert_eq!(server.lab.built.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_off() {
    let server = serve("", "", REPEAT).await;
    let mut stream = server.connect().await;
    // More than the system takes for both sides of a loopback connection.
    let body = format!(r#"{{"text":"{}","times":40000}}"#, "x".repeat(1000));
    stream.write_all(post("/generate", "", &body).as_bytes()).await.unwrap();
    let started = Instant::now();
    // Nothing is read, and the paused clock leaps from timer to timer: to the server's write deadline.
    tokio::time::sleep(WRITE_TIMEOUT + Duration::from_secs(1)).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.len() < 40_000_000, "{} bytes", answer.len());
    about(started.elapsed(), WRITE_TIMEOUT + Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_connections_wait() {
    let server = serve("", "limits: {max_connections: 1}", REPEAT).await;
    let mut first = server.connect().await;
    first.write_all(post("/generate", "", r#"{"text":"1"}"#).as_bytes()).await.unwrap();
    read_answer(&mut first).await;
    let mut second = server.connect().await;
    second.write_all(post("/generate", "", r#"{"text":"2"}"#).as_bytes()).await.unwrap();
    let early = tokio::time::timeout(Duration::from_secs(5), second.readable()).await;
    assert!(early.is_err(), "the second connection was served beside the first");
    drop(first);
    assert!(read_answer(&mut second).await.ends_with(r#"{"text":"2","length":1,"tags":[]}"#));
}

#[tokio::test(start_paused = true)]
async fn running_requests_finish_and_silent_connections_do_not_matter() {
    let mut server = serve("", "", PUPPET).await;
    let mut silent = server.connect().await;
    let mut kept = server.connect().await;
    kept.write_all(post("/generate", "", "{}").as_bytes()).await.unwrap();
    read_answer(&mut kept).await;
    let mut half = server.connect().await;
    half.write_all(b"POST /gener").await.unwrap();
    let mut running = server.connect().await;
    running.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    until("the call has begun", || server.lab.begun.load(Ordering::SeqCst) == 2).await;

    let started = Instant::now();
    server.stop();
    for stream in [&mut silent, &mut kept, &mut half] {
        assert_eq!(read_to_end(stream).await, "");
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert!(TcpStream::connect(server.address).await.is_err(), "a new connection was accepted");
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.lab.gate.add_permits(1);
    let answer = read_to_end(&mut running).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"calls":2}"#), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");

    let lab = server.lab.clone();
    let report = server.end().await;
    assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
    assert_eq!((report.runtime.instances.built, report.runtime.instances.closed), (1, 1));
    assert_eq!(lab.closed.load(Ordering::SeqCst), 1);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_finish_in_time_is_dropped() {
    let server = serve("shutdown_timeout: 20,", "", PUPPET).await;
    let mut waiting = server.connect().await;
    waiting.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    let mut left = server.connect().await;
    left.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    until("the calls have begun", || server.lab.begun.load(Ordering::SeqCst) == 2).await;
    drop(left);
    tokio::time::sleep(Duration::from_secs(1)).await;

    let (started, lab) = (Instant::now(), server.lab.clone());
    let report = server.end().await;
    about(started.elapsed(), Duration::from_secs(20));
    assert_eq!((report.dropped_connections, report.dropped_calls), (1, 1));
    assert_eq!(read_to_end(&mut waiting).await, "");
    assert_eq!((lab.ended.load(Ordering::SeqCst), lab.closed.load(Ordering::SeqCst)), (0, 1));
    assert_eq!(report.runtime.instances.closed, 1);
}

pub(super) type Http2 = hyper::client::conn::http2::SendRequest<Full<bytes::Bytes>>;

pub(super) async fn http2(server: &Running) -> (Http2, JoinHandle<hyper::Result<()>>) {
    let stream = TokioIo::new(server.connect().await);
    let mut client = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    client.timer(TokioTimer::new()).max_header_list_size(1 << 20);
    let (sender, connection) = client.handshake(stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

async fn ask(client: &mut Http2, headers: &[&str], body: &str) -> (u16, String) {
    let headers = [&["content-type: application/json", "cookie: nat-session=alice"], headers].concat();
    let request = crate::testing::request("POST http://h/generate", &headers, body);
    client.ready().await.unwrap();
    let reply = client.send_request(request).await.unwrap();
    let status = reply.status().as_u16();
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn http2_has_the_same_answers_and_limits() {
    let server = serve("", "limits: {max_body_bytes: 100}", PUPPET).await;
    let (mut client, connection) = http2(&server).await;
    assert_eq!(ask(&mut client, &[], "{}").await, (200, r#"{"calls":1}"#.to_owned()));
    assert_eq!(ask(&mut client, &[], &"x".repeat(101)).await.0, 413);
    let large = format!("x-pad: {}", "x".repeat(17 * 1024));
    assert_eq!(ask(&mut client, &[&large], "{}").await.0, 431);
    assert_eq!(ask(&mut client, &[], "{}").await, (200, r#"{"calls":2}"#.to_owned()));
    let started = Instant::now();
    soon("the end of a silent connection", connection).await.unwrap().unwrap();
    about(started.elapsed(), HEADER_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn http2_drains() {
    let mut server = serve("", "", PUPPET).await;
    let (mut client, _connection) = http2(&server).await;
    let (_idle, idle_connection) = http2(&server).await;
    let call = tokio::spawn(async move { ask(&mut client, &[], HOLD).await });
    until("the call has begun", || server.lab.begun.load(Ordering::SeqCst) == 1).await;
    server.stop();
    soon("the end of an idle connection", idle_connection).await.unwrap().ok();
    server.lab.gate.add_permits(1);
    assert_eq!(call.await.unwrap(), (200, r#"{"calls":1}"#.to_owned()));
    let report = server.end().await;
    assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
}
