//! Connections that have not sent a request head: they hold a place for `header_timeout` at most, and only as long as
//! their client is there.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::frames::{PING, SETTINGS, frame};
use super::sockets::{HEADER_TIMEOUT, REPEAT, Running, about, post, read_answer, read_to_end, reset, serve};
use crate::connection::{Phase, open};
use crate::testing::until;

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const ONE_PLACE: &str = "limits: {max_connections: 1}";

/// Serves one more client, which has to wait for the only place.
async fn is_next(server: &Running, case: &str) {
    let started = Instant::now();
    let answer = server.exchange(&post("/generate", "connection: close\r\n", r#"{"text":"x"}"#)).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{case}: {answer}");
    assert!(started.elapsed() < Duration::from_secs(1), "{case}: {:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_a_head_frees_the_place_at_once() {
    let server = serve("", ONE_PLACE, REPEAT).await;
    for length in 0..PREFACE.len() {
        for leave in [drop, reset] {
            let mut stream = server.connect().await;
            stream.write_all(&PREFACE.as_bytes()[..length]).await.unwrap();
            // The server has seen the bytes, and waits for more.
            sleep(Duration::from_millis(20)).await;
            leave(stream);
            is_next(&server, &PREFACE[..length]).await;
        }
        let mut stream = server.connect().await;
        stream.write_all(&PREFACE.as_bytes()[..length]).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "");
        is_next(&server, "half-closed").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_for_a_head_begins_with_the_connection() {
    let server = serve("", "", REPEAT).await;
    for (first, then) in [("P", "OST /generate HTTP/1.1\r\n"), ("PRI * HTTP", "/1.1\r\nhost: h\r\n"), ("PRI", " * H")] {
        let (started, mut stream) = (Instant::now(), server.connect().await);
        stream.write_all(first.as_bytes()).await.unwrap();
        sleep(HEADER_TIMEOUT - Duration::from_secs(1)).await;
        stream.write_all(then.as_bytes()).await.unwrap();
        assert_eq!(read_to_end(&mut stream).await, "", "{first}");
        about(started.elapsed(), HEADER_TIMEOUT);
    }
}

#[tokio::test(start_paused = true)]
async fn requests_may_come_byte_by_byte() {
    let server = serve("", "", REPEAT).await;
    let request = post("/generate", "", r#"{"text":"x"}"#);
    let mut stream = server.connect().await;
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    assert!(read_answer(&mut stream).await.ends_with(r#"{"text":"x","length":1,"tags":[]}"#));
    // In two pieces, cut anywhere near the length of the preface.
    for cut in [1, 2, 3, 23, 24, 25, request.len() - 1] {
        let (first, then) = request.split_at(cut);
        stream = server.connect().await;
        stream.write_all(first.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(10)).await;
        stream.write_all(then.as_bytes()).await.unwrap();
        assert!(read_answer(&mut stream).await.ends_with(r#"{"text":"x","length":1,"tags":[]}"#), "{cut}");
    }
    // Larger than what is read to tell the protocols apart.
    let long = "x".repeat(10_000);
    stream.write_all(post("/generate", "", &format!(r#"{{"text":"{long}"}}"#)).as_bytes()).await.unwrap();
    assert!(read_answer(&mut stream).await.contains(&long));
}

#[tokio::test(start_paused = true)]
async fn what_is_neither_protocol_is_refused_at_once() {
    let server = serve("", "", REPEAT).await;
    let started = Instant::now();
    for first in ["\u{16}\u{3}\u{1}\u{2}\0\u{1}\0", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"] {
        let answer = server.exchange(first).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert!(started.elapsed() < Duration::from_secs(1));
}

/// On HTTP/2 it is told first, and need not listen.
#[tokio::test(start_paused = true)]
async fn who_sends_frames_and_no_request_is_cut_off_too() {
    let server = serve("", "", REPEAT).await;
    let (settings, ping) = (frame(SETTINGS, 0, 0, &[]), frame(PING, 0, 0, &[0; 8]));
    for frames in [Vec::new(), settings.clone(), [settings, ping.clone()].concat()] {
        let (started, mut stream) = (Instant::now(), server.connect().await);
        stream.write_all(PREFACE.as_bytes()).await.unwrap();
        stream.write_all(&frames).await.unwrap();
        let (mut reader, mut writer) = stream.into_split();
        let pings = async {
            while writer.write_all(&ping).await.is_ok() {
                sleep(Duration::from_secs(3)).await;
            }
        };
        let end = async { while reader.read(&mut [0; 1024]).await.is_ok_and(|length| length > 0) {} };
        match frames.len() > ping.len() {
            true => tokio::select! { () = end => {}, () = pings => {} },
            false => end.await,
        }
        about(started.elapsed(), HEADER_TIMEOUT + Duration::from_secs(1));
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_have_been_seen_wake_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let (_sender, mut phase) = watch::channel(Phase::Serving);
    let mut opening = Box::pin(open(&stream, Instant::now() + Duration::from_secs(60), &mut phase));
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut poll = || opening.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll().is_pending());
    for (nth, byte) in PREFACE.bytes().take(10).enumerate() {
        client.write_all(&[byte]).await.unwrap();
        until("the byte has come", || wakes.0.load(Ordering::SeqCst) > nth).await;
        let polled = poll();
        assert!(polled.is_pending(), "{nth}: {polled:?}");
        sleep(Duration::from_secs(1)).await;
        assert_eq!(wakes.0.load(Ordering::SeqCst), nth + 1);
    }
}
