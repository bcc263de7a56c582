//! Clients that close one direction, and clients that leave: the former are answered, and what the latter have waiting
//! is not begun.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::frames::{Client, request};
use super::sockets::{HOLD, PUPPET, Running, http2, post, read_answer, read_to_end, reset, serve};
use crate::testing::until;

const TAP: &str = "workflow: {_type: tap, lab: LAB}";
const HELD_BUILD: &str = "workflow: {_type: puppet, lab: LAB, on_build: hold}";
const SHARED: &str = "workflow: {_type: shared_puppet, lab: LAB}";
const ONE_AT_A_TIME: &str = "max_running_calls: 1,";
const FINISH: &str = "workflow: {method: POST, description: '', path: /v1/workflow, on_disconnect: finish},";
/// Long enough for anything that should not happen.
const A_WHILE: Duration = Duration::from_secs(5);

fn begun(server: &Running) -> usize {
    server.lab.begun.load(Ordering::SeqCst)
}

fn active(server: &Running) -> usize {
    server.runtime.users(None).iter().map(|user| user.active_requests).sum()
}

async fn send(server: &Running, bytes: &str) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

async fn send_and_half_close(server: &Running, bytes: &str) -> TcpStream {
    let mut stream = send(server, bytes).await;
    stream.shutdown().await.unwrap();
    stream
}

/// The user's one turn, taken.
async fn running_call(server: &Running) -> TcpStream {
    let stream = send(server, &post("/generate", "", HOLD)).await;
    until("the call has begun", || begun(server) == 1).await;
    stream
}

#[tokio::test(start_paused = true)]
async fn a_client_that_half_closes_is_answered() {
    let server = serve("", "", PUPPET).await;
    let mut running = send_and_half_close(&server, &post("/generate", "", HOLD)).await;
    until("the call has begun", || begun(&server) == 1).await;
    sleep(Duration::from_secs(3600)).await;
    server.lab.gate.add_permits(1);
    let answer = read_to_end(&mut running).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"calls":1}"#), "{answer}");
    // Requests in a row, the last one held; and one of an older protocol.
    let row = post("/generate", "", "{}") + &post("/generate", "", HOLD);
    let mut row = send_and_half_close(&server, &row).await;
    let mut old = send_and_half_close(&server, &post("/generate", "", HOLD).replace("HTTP/1.1", "HTTP/1.0")).await;
    until("the calls have begun", || begun(&server) == 4).await;
    sleep(A_WHILE).await;
    server.lab.gate.add_permits(2);
    assert_eq!(read_to_end(&mut row).await.matches("HTTP/1.1 200").count(), 2);
    assert!(read_to_end(&mut old).await.starts_with("HTTP/1.0 200"));
    // A body that ends before it should is no request.
    let cut = post("/generate", "", "{}");
    let answer = read_to_end(&mut send_and_half_close(&server, &cut[..cut.len() - 1]).await).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(begun(&server), 4);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_half_closes_while_it_waits_is_answered() {
    for (workflow, first) in [(PUPPET, true), (SHARED, true), (HELD_BUILD, false)] {
        let server = serve(ONE_AT_A_TIME, "", workflow).await;
        let running = if first { Some(running_call(&server).await) } else { None };
        let mut waiting = send_and_half_close(&server, &post("/generate", "", "{}")).await;
        sleep(A_WHILE).await;
        server.lab.gate.add_permits(1);
        let answer = read_to_end(&mut waiting).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{workflow}: {answer}");
        drop(running);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_half_closes_gets_its_stream() {
    for front_end in ["", FINISH] {
        let server = serve("", front_end, TAP).await;
        let request = post("/v1/workflow/stream", "", r#"{"hold_at":1,"chunks":2}"#);
        let mut stream = send_and_half_close(&server, &request).await;
        until("the stream has begun", || server.lab.open_streams.load(Ordering::SeqCst) == 1).await;
        sleep(Duration::from_secs(60)).await;
        server.lab.gate.add_permits(1);
        let answer = read_to_end(&mut stream).await;
        assert!(answer.contains("[1,") && answer.ends_with("0\r\n\r\n"), "{answer}");
    }
}

/// Every way to leave for good; the request is the second of its user.
#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_turn_is_not_begun_when_its_client_has_left() {
    for workflow in [PUPPET, SHARED] {
        for (path, front_end) in [("/generate", ""), ("/generate/stream", ""), ("/v1/workflow/stream", FINISH)] {
            let server = serve(ONE_AT_A_TIME, front_end, workflow).await;
            let generate = if front_end.is_empty() { "/generate" } else { "/v1/workflow" };
            let mut running = send(&server, &post(generate, "", HOLD)).await;
            until("the call has begun", || begun(&server) == 1).await;
            let waiting = send(&server, &post(path, "", "{}")).await;
            // One that has closed its direction before.
            let half_closed = send_and_half_close(&server, &post(path, "", "{}")).await;
            let mut http2 = Client::connect(&server, 65_535).await;
            http2.send(&request(1, "POST", path, "alice", "{}")).await;
            let mut cut = Client::connect(&server, 65_535).await;
            cut.send(&request(1, "POST", path, "alice", "{}")).await;
            if workflow == PUPPET {
                until("all wait", || active(&server) == 5).await;
            } else {
                sleep(A_WHILE).await;
            }
            reset(waiting);
            reset(half_closed);
            http2.reset(1).await;
            reset(cut.stream);
            if workflow == PUPPET {
                until("nobody waits", || active(&server) == 1).await;
            } else {
                sleep(A_WHILE).await;
            }
            server.lab.gate.add_permits(1);
            assert!(read_answer(&mut running).await.starts_with("HTTP/1.1 200"));
            sleep(A_WHILE).await;
            assert_eq!(begun(&server), 1, "{workflow} {path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_build_is_not_begun_when_its_client_has_left() {
    for front_end in ["", FINISH] {
        let server = serve("", front_end, HELD_BUILD).await;
        let waiting = send(&server, &post("/v1/workflow", "", "{}")).await;
        let stream = send(&server, &post("/v1/workflow/stream", "", "{}")).await;
        sleep(A_WHILE).await;
        reset(waiting);
        reset(stream);
        sleep(A_WHILE).await;
        server.lab.gate.add_permits(1);
        until("the instance is built", || server.lab.built.load(Ordering::SeqCst) == 1).await;
        sleep(A_WHILE).await;
        assert_eq!(begun(&server), 0);
        // The build was for the user, and serves the next request.
        let mut next = send(&server, &post("/v1/workflow", "", "{}")).await;
        assert!(read_answer(&mut next).await.starts_with("HTTP/1.1 200"));
        assert_eq!(server.lab.built.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_cancels_no_call_that_has_begun() {
    for leave in [drop, reset] {
        let server = serve("", "", PUPPET).await;
        leave(running_call(&server).await);
        sleep(Duration::from_secs(60)).await;
        assert_eq!(active(&server), 1);
        server.lab.gate.add_permits(1);
        until("the call has ended", || server.lab.ended.load(Ordering::SeqCst) == 1).await;
        until("the call is counted", || server.runtime.users(None)[0].total_requests == 1).await;
        assert_eq!(server.runtime.users(None)[0].error_count, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_reset_during_its_call_frees_its_place() {
    let server = serve("", "limits: {max_connections: 1}", PUPPET).await;
    reset(running_call(&server).await);
    let answer = server.exchange(&post("/generate", "connection: close\r\n", "{}")).await;
    assert!(answer.ends_with(r#"{"calls":2}"#), "{answer}");
    server.lab.gate.add_permits(1);
}

/// Nothing tells it from a half-close before something is written to it: a comment, in silence.
#[tokio::test(start_paused = true)]
async fn a_reader_that_has_closed_is_noticed_by_the_next_write() {
    let server = serve("", "", TAP).await;
    let stream = send(&server, &post("/generate/stream", "", r#"{"hold_at":0}"#)).await;
    until("the stream has begun", || server.lab.open_streams.load(Ordering::SeqCst) == 1).await;
    // The head of the answer is read, or closing would be a reset.
    stream.readable().await.unwrap();
    stream.try_read(&mut [0; 4096]).unwrap();
    let started = tokio::time::Instant::now();
    drop(stream);
    until("the stream is dropped", || server.lab.open_streams.load(Ordering::SeqCst) == 0).await;
    assert!(started.elapsed() < Duration::from_secs(16), "{:?}", started.elapsed());
    until("the user is free", || active(&server) == 0).await;
}

/// On HTTP/2 each request has a half-close of its own, and the end of the connection ends all of them.
#[tokio::test(start_paused = true)]
async fn the_end_of_an_http2_connection_is_a_client_that_has_left() {
    let server = serve(ONE_AT_A_TIME, "", PUPPET).await;
    let (mut client, connection) = http2(&server).await;
    let call = tokio::spawn(async move { super::sockets::ask(&mut client, &[], HOLD).await });
    until("the call has begun", || begun(&server) == 1).await;
    let mut waiting = Client::connect(&server, 65_535).await;
    waiting.send(&request(1, "POST", "/generate", "alice", "{}")).await;
    until("the second waits", || active(&server) == 2).await;
    waiting.stream.shutdown().await.unwrap();
    until("nobody waits", || active(&server) == 1).await;
    server.lab.gate.add_permits(1);
    assert_eq!(call.await.unwrap().0, 200);
    sleep(A_WHILE).await;
    assert_eq!(begun(&server), 1);
    drop(connection);
}
