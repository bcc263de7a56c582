//! Requests that were on their way when the server was told to stop: none is begun, and all are answered.
//!
//! The tests send and stop without letting the server run in between, so that it learns of both at once.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::frames::{Client, DATA, GOAWAY, HEADERS, request};
use super::sockets::{HOLD, PUPPET, Running, post, read_answer, read_to_end, serve};
use crate::testing::until;

const TAP: &str = "workflow: {_type: tap, lab: LAB}";
const SHARED: &str = "workflow: {_type: shared_puppet, lab: LAB}";

fn begun(server: &Running) -> usize {
    server.lab.begun.load(Ordering::SeqCst)
}

fn refused(answer: &str) {
    let text = answer.to_lowercase();
    assert!(text.starts_with("http/1.1 503"), "{answer:?}");
    assert!(text.contains("\r\nconnection: close\r\n") && text.contains("\r\nretry-after: 1\r\n"), "{answer}");
    assert!(answer.ends_with(r#""details":"ShuttingDown"}"#), "{answer}");
}

/// Connects and sends, and lets nobody else run meanwhile.
fn send_now(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream.set_nonblocking(true).unwrap();
    TcpStream::from_std(stream).unwrap()
}

/// Writes to a connection, and lets nobody else run meanwhile.
fn write_now(stream: &TcpStream, bytes: &[u8]) {
    assert_eq!(stream.try_write(bytes).unwrap(), bytes.len());
}

async fn kept(server: &Running, user: &str) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(post("/generate", "", "{}").replace("alice", user).as_bytes()).await.unwrap();
    assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    stream
}

#[tokio::test(start_paused = true)]
async fn requests_that_have_just_been_sent_are_refused_and_not_cut() {
    for workflow in [PUPPET, SHARED] {
        let mut server = serve("", "", workflow).await;
        let kept = kept(&server, "alice").await;
        let fresh = server.connect().await;
        sleep(Duration::from_millis(10)).await;
        let request = post("/generate", "", "{}");
        write_now(&kept, request.as_bytes());
        write_now(&fresh, request.as_bytes());
        // Both wait in the queue of the socket: with a request, and with one that comes a little later.
        let queued = send_now(server.address, &request);
        let late = send_now(server.address, "");
        let row = send_now(server.address, &request.repeat(3));
        server.stop();
        sleep(Duration::from_millis(100)).await;
        write_now(&late, request.as_bytes());
        for mut stream in [kept, fresh, queued, late, row] {
            refused(&read_to_end(&mut stream).await);
        }
        assert_eq!(begun(&server), 1);
        let report = server.end().await;
        assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_needs_no_function_is_answered_as_ever_and_the_connection_closed() {
    let mut server = serve("", "", PUPPET).await;
    let stream = server.connect().await;
    sleep(Duration::from_millis(10)).await;
    server.stop();
    write_now(&stream, b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n");
    let mut stream = stream;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_of_connections_those_who_wait_are_refused_too() {
    let mut server = serve("", "limits: {max_connections: 1}", PUPPET).await;
    let mut running = server.connect().await;
    running.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    until("the call has begun", || begun(&server) == 1).await;
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut stream = server.connect().await;
        stream.write_all(post("/generate", "", "{}").as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    sleep(Duration::from_secs(1)).await;
    server.stop();
    for stream in &mut waiting {
        refused(&read_to_end(stream).await);
    }
    server.lab.gate.add_permits(1);
    assert!(read_to_end(&mut running).await.starts_with("HTTP/1.1 200"));
    assert!(TcpStream::connect(server.address).await.is_err(), "a new connection was accepted");
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_are_refused_when_the_drain_begins() {
    let mut server = serve("max_running_calls: 1,", "", PUPPET).await;
    let mut running = server.connect().await;
    running.write_all(post("/generate", "", HOLD).as_bytes()).await.unwrap();
    until("the call has begun", || begun(&server) == 1).await;
    let mut waiting = Vec::new();
    for path in ["/generate", "/generate/stream"] {
        let mut stream = server.connect().await;
        stream.write_all(post(path, "", "{}").as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    let mut http2 = Client::connect(&server, 65_535).await;
    http2.send(&request(1, "POST", "/generate", "alice", "{}")).await;
    sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    server.stop();
    for stream in &mut waiting {
        refused(&read_to_end(stream).await);
    }
    let head = http2.until(HEADERS, 1).await;
    assert!(!head.ends_stream());
    let body = http2.until(DATA, 1).await;
    assert!(body.payload.starts_with(br#"{"code":"workflow_error""#), "{body:?}");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    server.lab.gate.add_permits(1);
    assert!(read_to_end(&mut running).await.starts_with("HTTP/1.1 200"));
    assert_eq!(begun(&server), 1);
    let report = server.end().await;
    assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_refused_when_the_drain_begins() {
    let mut server = serve("", "", PUPPET).await;
    let request = post("/generate", "", r#"{"deed":"count"}"#);
    let (most, rest) = request.split_at(request.len() - 5);
    let mut stream = server.connect().await;
    stream.write_all(most.as_bytes()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let started = Instant::now();
    server.stop();
    refused(&read_answer(&mut stream).await);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    // What is sent on is heard, so that the answer is not lost.
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
    assert_eq!(begun(&server), 0);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_has_begun_may_end_within_a_second() {
    let mut server = serve("", "", PUPPET).await;
    let request = post("/generate", "", "{}");
    let mut halves = Vec::new();
    let (mut kept, fresh) = (kept(&server, "alice").await, server.connect().await);
    kept.write_all(request.as_bytes()).await.unwrap();
    read_answer(&mut kept).await;
    let preface = server.connect().await;
    for (stream, length) in [(kept, 30), (fresh, 30), (preface, 1)] {
        write_now(&stream, &request.as_bytes()[..length]);
        halves.push((stream, length));
    }
    let mut never = server.connect().await;
    write_now(&never, &request.as_bytes()[..30]);
    sleep(Duration::from_millis(10)).await;
    let started = Instant::now();
    server.stop();
    sleep(Duration::from_millis(800)).await;
    for (stream, length) in &mut halves {
        write_now(stream, &request.as_bytes()[*length..]);
        refused(&read_to_end(stream).await);
    }
    assert_eq!(read_to_end(&mut never).await, "");
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
    assert_eq!(begun(&server), 2);
}

/// Requests that end in every way, and are answered with 200.
fn whole() -> [String; 5] {
    let chunked = post("/generate", "", "{}");
    let chunked = chunked.replace("content-length: 2\r\n\r\n{}", "transfer-encoding: chunked\r\n\r\n");
    [
        "GET /health HTTP/1.1\r\nhost: h\r\n\r\n".to_owned(),
        "GET /health HTTP/1.1\nhost: h\n\n".to_owned(),
        post("/generate", "", "{}"),
        chunked.clone() + "2\r\n{}\r\n0\r\n\r\n",
        chunked + "1\r\n{\r\n1\r\n}\r\n0\r\nx-trailer: y\r\n\r\n",
    ]
}

/// Read together with the request before it, which was answered.
#[tokio::test(start_paused = true)]
async fn a_head_that_has_begun_behind_another_request_has_its_second_too() {
    let next = post("/generate", "", "{}");
    for first in whole() {
        // In one piece, and with the end of the first request.
        for cut in [0, first.len() / 2, first.len() - 1] {
            let mut server = serve("", "", PUPPET).await;
            let mut stream = server.connect().await;
            stream.write_all(&first.as_bytes()[..cut]).await.unwrap();
            sleep(Duration::from_millis(10)).await;
            stream.write_all(format!("{}{}", &first[cut..], &next[..30]).as_bytes()).await.unwrap();
            assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"), "{first}");
            sleep(Duration::from_millis(10)).await;
            server.stop();
            sleep(Duration::from_millis(800)).await;
            stream.write_all(&next.as_bytes()[30..]).await.ok();
            refused(&read_to_end(&mut stream).await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_end_at_once() {
    for request in whole() {
        for cut in [0, request.len() / 2, request.len() - 1] {
            let mut server = serve("", "", PUPPET).await;
            let mut stream = server.connect().await;
            for _ in 0..2 {
                for piece in [&request[..cut], &request[cut..]] {
                    stream.write_all(piece.as_bytes()).await.unwrap();
                    sleep(Duration::from_millis(10)).await;
                }
                assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"), "{request}");
            }
            let started = Instant::now();
            server.stop();
            read_to_end(&mut stream).await;
            assert!(started.elapsed() < Duration::from_millis(600), "{:?}: {request}", started.elapsed());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn on_http2_requests_that_have_just_been_sent_are_refused_and_the_rest_told_so() {
    let mut server = serve("", "", TAP).await;
    let mut client = Client::connect(&server, 65_535).await;
    client.send(&request(1, "POST", "/generate/stream", "alice", r#"{"chunks":1}"#)).await;
    client.until(DATA, 1).await;
    write_now(&client.stream, &request(3, "POST", "/generate", "alice", "{}"));
    server.stop();
    let mut answered = Vec::new();
    let mut last = None;
    while let Some(frame) = client.next().await {
        match frame.kind {
            DATA if frame.stream == 3 => answered.extend_from_slice(&frame.payload),
            GOAWAY => last = Some(u32::from_be_bytes(*frame.payload.first_chunk().unwrap())),
            _ => {}
        }
    }
    assert!(answered.ends_with(br#""details":"ShuttingDown"}"#), "{answered:?}");
    // The last GOAWAY names the last request that has an answer: what comes after it can be sent again elsewhere.
    assert_eq!(last, Some(3));
    let report = server.end().await;
    assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
}

/// What a client has sent behind the request that ends its connection does not reset the answer.
#[tokio::test]
async fn an_answer_of_the_drain_is_not_lost_to_what_was_sent_behind_it() {
    let mut server = serve("", "", PUPPET).await;
    let request = post("/generate", "", "{}");
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(send_now(server.address, &(request.clone() + &"x".repeat(100_000))));
    }
    server.stop();
    for stream in &mut streams {
        stream.write_all(&[b'x'; 1000]).await.ok();
        refused(&read_to_end(stream).await);
    }
}
