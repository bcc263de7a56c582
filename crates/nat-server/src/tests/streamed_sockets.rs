//! Streams over TCP: who reads slowly, who leaves, and the drain.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::sockets::{Running, WRITE_TIMEOUT, about, http2, post, read_to_end, reset, serve};
use crate::testing::{soon, until};

const TAP: &str = "workflow: {_type: tap, lab: LAB}";
const DRIP: &str = "workflow: {_type: drip, lab: LAB}";
const FINISH: &str = "workflow: {method: POST, description: '', path: /v1/workflow, on_disconnect: finish},";
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const COMMENT: &str = ": keep-alive\n\n";

/// Sends a request and reads up to the end of the first `frames` results.
async fn half_read(server: &Running, path: &str, body: &str, frames: usize) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(post(path, "", body).as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while String::from_utf8_lossy(&seen).matches("\ndata: ").count() < frames {
        assert_ne!(soon("a frame", stream.read_buf(&mut seen)).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    stream
}

fn open_streams(server: &Running) -> usize {
    server.lab.open_streams.load(Ordering::SeqCst)
}

fn active(server: &Running) -> usize {
    server.runtime.users(None).iter().map(|user| user.active_requests).sum()
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_sends_comments_and_is_not_given_up() {
    let server = serve("", "", TAP).await;
    let mut stream = half_read(&server, "/generate/stream", r#"{"hold_at":1,"chunks":2}"#, 1).await;
    let started = Instant::now();
    let mut seen = Vec::new();
    while String::from_utf8_lossy(&seen).matches(COMMENT).count() < 20 {
        assert_ne!(soon("a comment", stream.read_buf(&mut seen)).await.unwrap(), 0);
    }
    about(started.elapsed(), 20 * KEEP_ALIVE);
    server.lab.gate.add_permits(1);
    let rest = read_rest(&mut stream).await;
    assert!(rest.contains("[1,") && rest.ends_with("0\r\n\r\n"), "{rest}");
}

/// Up to the end of the chunked body.
async fn read_rest(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n0\r\n\r\n") {
        assert_ne!(
            soon("the rest", stream.read_buf(&mut seen)).await.unwrap(),
            0,
            "{}",
            String::from_utf8_lossy(&seen)
        );
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test(start_paused = true)]
async fn comments_come_as_often_as_configured_and_only_in_silence() {
    let server = serve("", "limits: {keep_alive_interval: 2},", TAP).await;
    let mut stream = half_read(&server, "/v1/workflow/full?filter_steps=none", r#"{"hold_at":1,"chunks":5}"#, 1).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        server.lab.gate.add_permits(1);
    }
    tokio::time::sleep(Duration::from_millis(2500)).await;
    server.lab.gate.add_permits(1);
    let rest = read_rest(&mut stream).await;
    assert_eq!((rest.matches("data: ").count(), rest.matches(COMMENT).count()), (4, 1), "{rest}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_the_stream_and_frees_the_user() {
    let server = serve("", "", TAP).await;
    let stream = half_read(&server, "/generate/stream", r#"{"hold_at":1}"#, 1).await;
    assert_eq!((open_streams(&server), active(&server)), (1, 1));
    drop(stream);
    until("the stream is dropped", || open_streams(&server) == 0).await;
    until("the user is free", || active(&server) == 0).await;
    assert_eq!(server.lab.ended.load(Ordering::SeqCst), 0);
    let user = server.runtime.users(None).remove(0);
    assert_eq!((user.total_requests, user.error_count), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_set_to_finish_without_its_client() {
    let server = serve("", FINISH, TAP).await;
    let stream = half_read(&server, "/v1/workflow/stream", r#"{"hold_at":1}"#, 1).await;
    drop(stream);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((open_streams(&server), active(&server)), (1, 1));
    server.lab.gate.add_permits(2);
    until("the stream has ended", || server.lab.ended.load(Ordering::SeqCst) == 1).await;
    until("the user is free", || active(&server) == 0).await;
    let report = server.end().await;
    assert_eq!((report.dropped_calls, report.runtime.instances.closed), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn back_pressure_reaches_the_function() {
    let server = serve("", "", TAP).await;
    let mut stream = server.connect().await;
    // 2 GB, if anybody wanted them.
    stream.write_all(post("/generate/stream", "", r#"{"chunks":20000,"size":100000}"#).as_bytes()).await.unwrap();
    until("the stream has begun", || open_streams(&server) == 1).await;
    // Long enough for all that the system takes for both ends, short of the write deadline.
    tokio::time::sleep(WRITE_TIMEOUT - Duration::from_secs(1)).await;
    let yielded = server.lab.yielded.load(Ordering::SeqCst);
    assert!(yielded < 1000, "the function ran {yielded} chunks ahead of its reader");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.lab.yielded.load(Ordering::SeqCst), yielded);
    // A slow reader is a reader.
    let mut some = vec![0; 10_000_000];
    stream.read_exact(&mut some).await.unwrap();
    until("the function goes on", || server.lab.yielded.load(Ordering::SeqCst) > yielded).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_off_and_the_stream_dropped() {
    let server = serve("", "", TAP).await;
    let mut stream = server.connect().await;
    stream.write_all(post("/generate/stream", "", r#"{"chunks":20000,"size":100000}"#).as_bytes()).await.unwrap();
    until("the stream has begun", || open_streams(&server) == 1).await;
    let started = Instant::now();
    until("the stream is dropped", || open_streams(&server) == 0).await;
    about(started.elapsed(), WRITE_TIMEOUT);
    until("the user is free", || active(&server) == 0).await;
    let seen = read_to_end(&mut stream).await;
    assert!(!seen.ends_with("0\r\n\r\n"), "a stream that was cut looks whole");
}

#[tokio::test(start_paused = true)]
async fn one_http2_stream_that_is_not_read_is_cut_off_beside_others() {
    let server = serve("", "", TAP).await;
    let (mut client, _connection) = http2(&server).await;
    let headers = ["content-type: application/json", "cookie: nat-session=alice"];
    let mut ask = async |body: &str| {
        let request = crate::testing::request("POST http://h/generate/stream", &headers, body);
        client.ready().await.unwrap();
        client.send_request(request).await.unwrap()
    };
    let unread = ask(r#"{"chunks":20000,"size":100000}"#).await;
    let started = Instant::now();
    until("the function waits for its reader", || server.lab.yielded.load(Ordering::SeqCst) > 0).await;
    let read = ask(r#"{"chunks":2}"#).await.into_body().collect().await.unwrap().to_bytes();
    assert!(read.ends_with(b"\n\n"));
    until("the unread stream is dropped", || open_streams(&server) == 0).await;
    about(started.elapsed(), WRITE_TIMEOUT);
    until("the user is free", || active(&server) == 0).await;
    let reason = unread.into_body().collect().await.unwrap_err();
    assert!(format!("{reason:?}").contains("CANCEL"), "{reason:?}");
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_resets_a_stream_frees_the_user() {
    let server = serve("", "", TAP).await;
    let (mut client, _connection) = http2(&server).await;
    let headers = ["content-type: application/json", "cookie: nat-session=alice"];
    let request = crate::testing::request("POST http://h/v1/workflow/stream", &headers, r#"{"hold_at":1}"#);
    client.ready().await.unwrap();
    let mut body = client.send_request(request).await.unwrap().into_body();
    soon("a frame", body.frame()).await.unwrap().unwrap();
    assert_eq!(active(&server), 1);
    drop(body);
    until("the stream is dropped", || open_streams(&server) == 0).await;
    until("the user is free", || active(&server) == 0).await;
}

#[tokio::test(start_paused = true)]
async fn streams_may_finish_until_the_drain_is_over() {
    let mut server = serve("shutdown_timeout: 20,", "", TAP).await;
    let mut finishing = half_read(&server, "/generate/stream", r#"{"hold_at":1,"chunks":2}"#, 1).await;
    server.stop();
    tokio::time::sleep(Duration::from_secs(10)).await;
    server.lab.gate.add_permits(1);
    let rest = read_to_end(&mut finishing).await;
    assert!(rest.contains("[1,") && rest.ends_with("0\r\n\r\n"), "{rest}");
    let report = server.end().await;
    assert_eq!((report.dropped_connections, report.runtime.instances.closed), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn streams_that_do_not_finish_in_time_are_dropped() {
    for front_end in ["", FINISH] {
        let server = serve("shutdown_timeout: 20,", front_end, TAP).await;
        let mut stuck = half_read(&server, "/v1/workflow/stream", r#"{"hold_at":1}"#, 1).await;
        let left = half_read(&server, "/v1/workflow/stream", r#"{"hold_at":1}"#, 1).await;
        reset(left);
        let (started, lab) = (Instant::now(), server.lab.clone());
        let report = server.end().await;
        about(started.elapsed(), Duration::from_secs(20));
        let dropped_calls = usize::from(front_end == FINISH);
        assert_eq!((report.dropped_connections, report.dropped_calls), (1, dropped_calls));
        assert!(!read_to_end(&mut stuck).await.ends_with("0\r\n\r\n"));
        assert_eq!((lab.open_streams.load(Ordering::SeqCst), lab.closed.load(Ordering::SeqCst)), (0, 1));
    }
}

/// In real time, because the cache of idle users knows no other.
#[tokio::test]
async fn a_half_read_stream_keeps_its_instance_and_lets_go_at_the_next_sweep() {
    let timeout = Duration::from_millis(50);
    let general = "per_user_workflow_timeout: 0.05, per_user_workflow_cleanup_interval: 0.005,";
    let server = serve(general, "", TAP).await;
    let mut stream = half_read(&server, "/generate/stream", r#"{"hold_at":1,"chunks":2}"#, 1).await;
    // Another user comes and goes meanwhile, which shows that sweeps do happen.
    for _ in 0..3 {
        let mut other = server.connect().await;
        let request = post("/generate/stream", "connection: close\r\n", "{}").replace("alice", "bob");
        other.write_all(request.as_bytes()).await.unwrap();
        assert!(read_to_end(&mut other).await.ends_with("0\r\n\r\n"));
        let closed = server.lab.closed.load(Ordering::SeqCst);
        until("the other user is swept away", || server.lab.closed.load(Ordering::SeqCst) > closed).await;
    }
    assert_eq!((server.lab.closed.load(Ordering::SeqCst), active(&server)), (3, 1));
    server.lab.gate.add_permits(1);
    assert!(read_rest(&mut stream).await.contains("[1,"));
    let ended = std::time::Instant::now();
    until("the instance is closed", || server.lab.closed.load(Ordering::SeqCst) == 4).await;
    // The stream may have ended a little before its last bytes were seen here.
    assert!(ended.elapsed() > timeout - Duration::from_millis(25), "closed {:?} after the last byte", ended.elapsed());
    assert!(server.runtime.users(None).is_empty());
}

/// A sequence that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

async fn disconnect_a_thousand_times(front_end: &str) -> Running {
    const ROUTES: [&str; 7] = [
        "/generate/stream",
        "/generate/full",
        "/v1/workflow/stream",
        "/v1/workflow/full",
        "/chat/stream",
        "/v1/chat/stream",
        "/v1/chat/completions",
    ];
    let server = serve("", front_end, DRIP).await;
    let text = "word ".repeat(40);
    let places = std::sync::Arc::new(Semaphore::new(20));
    let mut dice = Dice(4);
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let place = places.clone().acquire_owned().await.unwrap();
        let path = ROUTES[number % ROUTES.len()];
        let body = match path.contains("chat") {
            true => serde_json::json!({"messages": [{"role": "user", "content": text}], "stream": true}),
            false => serde_json::json!({"text": text}),
        };
        let request = post(path, "", &body.to_string()).replace("alice", &format!("user-{}", dice.below(50)));
        // From before the first byte, in the middle of the request, to past the end.
        let (sent, read) = match dice.below(10) {
            0 => (dice.below(request.len()), 0),
            _ => (request.len(), dice.below(12_000)),
        };
        let (address, how) = (server.address, dice.below(2));
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            if how == 0 {
                // Dropped with a reset, not with a farewell.
                stream.set_zero_linger().unwrap();
            }
            stream.write_all(&request.as_bytes()[..sent]).await.unwrap();
            let mut seen = 0;
            let mut buffer = vec![0; 512];
            while seen < read {
                match tokio::time::timeout(Duration::from_secs(1), stream.read(&mut buffer)).await {
                    Ok(Ok(more)) if more > 0 => seen += more,
                    _ => break,
                }
                if buffer.windows(5).any(|end| end == b"0\r\n\r\n") {
                    break;
                }
            }
            drop((stream, place));
        });
    }
    soon("all clients", async { while clients.join_next().await.is_some() {} }).await;
    until("no request is active", || active(&server) == 0).await;
    until("no stream is open", || open_streams(&server) == 0).await;
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_disconnects_leak_nothing() {
    let server = disconnect_a_thousand_times("").await;
    let users = server.runtime.users(None);
    let (total, errors) =
        users.iter().fold((0, 0), |sum, user| (sum.0 + user.total_requests, sum.1 + user.error_count));
    assert!(total > 500 && errors == 0, "{total} requests, {errors} errors");
    let begun = server.lab.begun.load(Ordering::SeqCst);
    assert!(server.lab.ended.load(Ordering::SeqCst) < begun, "nobody left in the middle");
    let (lab, report) = (server.lab.clone(), server.end().await);
    assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
    assert_eq!(report.runtime.instances.built, report.runtime.instances.closed);
    assert_eq!(lab.built.load(Ordering::SeqCst), lab.closed.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_streams_finish_all_that_began_do() {
    let paths = "path: /v1/workflow, legacy_path: /generate, openai_api_path: /v1/chat, legacy_openai_api_path: /chat, \
                 openai_api_v1_path: /v1/chat/completions";
    let front_end = format!("workflow: {{method: POST, description: '', on_disconnect: finish, {paths}}},");
    let server = disconnect_a_thousand_times(&front_end).await;
    assert_eq!(server.lab.begun.load(Ordering::SeqCst), server.lab.ended.load(Ordering::SeqCst));
    let (lab, report) = (server.lab.clone(), server.end().await);
    assert_eq!((report.dropped_connections, report.dropped_calls), (0, 0));
    assert_eq!(lab.built.load(Ordering::SeqCst), lab.closed.load(Ordering::SeqCst));
}
