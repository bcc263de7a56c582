//! Answers that their client does not read, on an HTTP/2 connection that goes on: each is given up after the write
//! deadline, whatever else happens on the connection.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::frames::{CANCEL, Client, DATA, Frame, HEADERS, RST_STREAM, request};
use super::sockets::{HOLD, Running, WRITE_TIMEOUT, about, serve};
use crate::connection::PIECE;
use crate::testing::until;

const LARGE: usize = 200_000;

/// A client whose stream 1 lives as long as the test, with no window for anything.
async fn with_a_living_stream(server: &Running) -> Client {
    let mut client = Client::connect(server, 0).await;
    client.send(&request(1, "POST", "/generate", "living", HOLD)).await;
    until("the call has begun", || server.lab.begun.load(Ordering::SeqCst) == 1).await;
    client
}

fn repeated(times: usize) -> String {
    format!(r#"{{"text":"x","times":{times}}}"#)
}

const REPEAT_AND_PUPPET: &str = "functions: {large: {_type: repeat}}\nworkflow: {_type: puppet, lab: LAB}";
const LARGE_PATH: &str = "endpoints: [{path: /large, method: POST, description: '', function_name: large}],";

#[tokio::test(start_paused = true)]
async fn every_kind_of_unread_answer_is_reset_beside_a_stream_that_lives() {
    let server = serve("", LARGE_PATH, REPEAT_AND_PUPPET).await;
    let mut client = with_a_living_stream(&server).await;
    let kinds = [
        ("POST", "/large", repeated(LARGE / 2)),
        ("POST", "/large", repeated(1)),
        ("POST", "/large/stream", repeated(LARGE / 2)),
        ("GET", "/health", String::new()),
        // An error of the server, of the input, of the function.
        ("GET", "/nothing", String::new()),
        ("POST", "/generate", r#"{"deed":"no such"}"#.to_owned()),
        ("POST", "/generate", r#"{"deed":"fail","message":"m"}"#.to_owned()),
    ];
    let started = Instant::now();
    let last = 1 + 2 * u32::try_from(kinds.len()).unwrap();
    for ((method, path, body), stream) in kinds.iter().zip((3..).step_by(2)) {
        client.send(&request(stream, method, path, "unread", body)).await;
    }
    let mut reset = Vec::new();
    while reset.len() < kinds.len() {
        let Frame { kind, stream, payload, .. } = timeout(2 * WRITE_TIMEOUT, client.next()).await.unwrap().unwrap();
        match kind {
            HEADERS => {}
            RST_STREAM => {
                assert_eq!(*payload, CANCEL.to_be_bytes());
                about(started.elapsed(), WRITE_TIMEOUT);
                reset.push(stream);
            }
            _ => panic!("a frame of kind {kind} on {stream}"),
        }
    }
    reset.sort_unstable();
    assert_eq!(reset, (3..=last).step_by(2).collect::<Vec<_>>());
    // An answer that consists of its head needs no window, and the connection is well.
    client.send(&request(last + 2, "HEAD", "/health", "unread", "")).await;
    assert!(client.until(HEADERS, last + 2).await.ends_stream());
    client.open_window(1, 1000).await;
    server.lab.gate.add_permits(1);
    client.until(DATA, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_window_that_opens_by_bytes_is_none() {
    let server = serve("", LARGE_PATH, REPEAT_AND_PUPPET).await;
    for body in [repeated(1), repeated(LARGE / 2)] {
        let mut client = with_a_living_stream(&server).await;
        client.send(&request(3, "POST", "/large", "unread", &body)).await;
        let started = Instant::now();
        let mut taken = 0;
        loop {
            match timeout(Duration::from_secs(10), client.next()).await {
                Ok(Some(Frame { kind: RST_STREAM, stream: 3, .. })) => break,
                Ok(Some(Frame { kind: DATA, payload, .. })) => taken += payload.len(),
                Ok(Some(frame)) => assert_eq!(frame.kind, HEADERS),
                Ok(None) => panic!("the connection was closed"),
                Err(_) => client.open_window(3, 1).await,
            }
            assert!(started.elapsed() < 3 * WRITE_TIMEOUT, "{taken} bytes, and no end");
        }
        assert!(taken < 10, "{taken}");
        server.lab.begun.store(0, Ordering::SeqCst);
    }
}

/// Also where all of it takes longer than a connection may be silent.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_a_reader() {
    let server = serve("", LARGE_PATH, REPEAT_AND_PUPPET).await;
    let mut client = Client::connect(&server, 0).await;
    let mut taken = 0;
    client.send(&request(1, "POST", "/large", "slow", &repeated(LARGE / 2))).await;
    loop {
        client.open_window(1, u32::try_from(PIECE).unwrap()).await;
        let pause = sleep(WRITE_TIMEOUT - Duration::from_secs(1));
        tokio::pin!(pause);
        let ended = loop {
            tokio::select! {
                () = &mut pause => break false,
                frame = client.next() => match frame.unwrap() {
                    frame if frame.kind == DATA => {
                        taken += frame.payload.len();
                        if frame.ends_stream() {
                            break true;
                        }
                    }
                    frame => assert_eq!(frame.kind, HEADERS, "{frame:?}"),
                }
            }
        };
        if ended {
            break;
        }
    }
    assert!(taken > LARGE - 2, "{taken}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_up_where_the_connection_has_no_window() {
    let server = serve("", LARGE_PATH, REPEAT_AND_PUPPET).await;
    // The 64 KiB with which a connection begins, and no more.
    let mut narrow = Client::connect_within(&server, i32::MAX as u32, 0).await;
    narrow.send(&request(1, "POST", "/generate", "narrow", HOLD)).await;
    until("the call has begun", || server.lab.begun.load(Ordering::SeqCst) == 1).await;
    let started = Instant::now();
    for stream in [3, 5] {
        narrow.send(&request(stream, "POST", "/large", "narrow", &repeated(LARGE / 2))).await;
    }
    for _ in 0..2 {
        loop {
            let frame = timeout(2 * WRITE_TIMEOUT, narrow.next()).await.unwrap().unwrap();
            if frame.kind == RST_STREAM {
                break;
            }
        }
        about(started.elapsed(), WRITE_TIMEOUT);
    }
}
