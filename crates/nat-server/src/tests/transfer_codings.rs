//! Transfer codings: `chunked` alone is known, and every other is refused in the same words, whoever notices it. The
//! parser refuses heads by itself whose last coding is not `chunked`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use super::sockets::{HOLD, PUPPET, Running, post, read_answer, read_to_end, serve};
use crate::testing::until;

const CHUNKS: &str = "2\r\n{}\r\n0\r\n\r\n";
const WORDS: &str = "This server knows no Transfer-Encoding but `chunked`";

/// A request whose framing is what `lines` say.
fn coded(lines: &str) -> String {
    head("1.1", lines) + CHUNKS
}

fn head(version: &str, lines: &str) -> String {
    format!(
        "POST /generate HTTP/{version}\r\nhost: h\r\ncookie: nat-session=u\r\ncontent-type: application/json\r\n\
         {lines}\r\n\r\n"
    )
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

/// The 501, whole, and the end of the connection.
fn assert_refused(answer: &str, words: &str, what: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{what:?}: {answer:?}"));
    let head = head.to_lowercase();
    assert_eq!(status(answer), "501", "{what:?}: {answer}");
    let length = format!("content-length: {}", body.len());
    for line in ["connection: close", "content-type: application/json", "vary: origin", &length] {
        assert!(head.lines().any(|found| found == line), "{what:?}, {line}: {answer}");
    }
    assert!(head.lines().any(|line| line.starts_with("date: ")), "{what:?}: {answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(body["detail"].as_str().unwrap().starts_with(words), "{what:?}: {answer}");
}

/// An answer, and what follows it.
fn split_off(answers: &str) -> (&str, &str) {
    let (head, rest) = answers.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answers:?}"));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    (&answers[..head.len() + 4 + length], &rest[length..])
}

fn begun(server: &Running) -> usize {
    server.lab.begun.load(Ordering::SeqCst)
}

#[tokio::test]
async fn chunked_once_is_the_one_transfer_coding() {
    let server = serve("", "", PUPPET).await;
    for known in ["chunked", "Chunked", "CHUNKED", " \tchunked\t "] {
        let answer = server.exchange(&coded(&format!("transfer-encoding:{known}\r\nconnection: close"))).await;
        assert_eq!(status(&answer), "200", "{known}: {answer}");
    }
    assert_eq!(begun(&server), 4);
    for other in [
        "Transfer-Encoding: gzip",
        "transfer-encoding: identity",
        "TRANSFER-ENCODING: chunked, gzip",
        "transfer-encoding:gzip,chunked",
        "transfer-encoding: identity, chunked",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: chunked;x",
        "transfer-encoding: chunked;q=1",
        "transfer-encoding: xchunked",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding: chunked,",
        "transfer-encoding: chünked",
        "transfer-encoding:",
        "transfer-encoding: ",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: gzip",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "content-length: 2\r\ntransfer-encoding: gzip",
        "transfer-encoding: gzip\r\ncontent-length: 2",
    ] {
        // The connection would be kept.
        assert_refused(&server.exchange(&coded(other)).await, WORDS, other);
    }
    assert_eq!(begun(&server), 4, "something was called");
    server.end().await;
}

#[tokio::test]
async fn the_answer_is_the_same_whoever_notices() {
    let server = serve("", "", PUPPET).await;
    let mut answers = Vec::new();
    for coding in ["gzip, chunked", "chunked, gzip"] {
        let answer = server.exchange(&coded(&format!("transfer-encoding: {coding}"))).await;
        let mut lines: Vec<_> = answer.lines().map(str::to_lowercase).collect();
        lines.retain(|line| !line.starts_with("date: "));
        lines.sort_unstable();
        answers.push(lines);
    }
    assert_eq!(answers[0], answers[1]);
    server.end().await;
}

#[tokio::test]
async fn http_1_0_has_no_transfer_coding() {
    let server = serve("", "", PUPPET).await;
    for coding in ["chunked", "gzip", "gzip, chunked", ""] {
        let answer = server.exchange(&(head("1.0", &format!("transfer-encoding: {coding}")) + CHUNKS)).await;
        assert_refused(&answer, "HTTP/1.0 has no Transfer-Encoding", coding);
    }
    assert_eq!(begun(&server), 0);
    server.end().await;
}

/// What is malformed is a 400 of the parser, with a coding or without.
#[tokio::test]
async fn a_head_that_is_malformed_is_no_matter_of_its_coding() {
    let server = serve("", "", PUPPET).await;
    for malformed in [
        "transfer-encoding : chunked",
        "transfer-encoding : gzip",
        "transfer-encoding: gzip,\r\n chunked",
        " transfer-encoding: gzip",
        "transfer-encoding: gzip\r\nbad header: x",
        "x: \0\r\ntransfer-encoding: gzip",
        "content-length: x\r\ntransfer-encoding: gzip",
        "bad header: x",
    ] {
        let answer = server.exchange(&coded(malformed)).await;
        assert_eq!(status(&answer), "400", "{malformed:?}: {answer}");
        assert!(answer.ends_with("\r\n\r\n") && answer.contains("connection: close"), "{malformed:?}: {answer}");
    }
    assert_eq!(begun(&server), 0);
    server.end().await;
}

#[tokio::test]
async fn a_head_in_many_pieces_is_refused_in_the_same_way() {
    let server = serve("", "", PUPPET).await;
    let request = coded("transfer-encoding: gzip");
    let name = request.find("transfer").unwrap();
    for cut in (name - 1..name + 27).chain([1, request.len() - CHUNKS.len() - 1]) {
        let mut stream = server.connect().await;
        for piece in [&request[..cut], &request[cut..]] {
            stream.write_all(piece.as_bytes()).await.unwrap();
            // A read of its own each, if the server is quick; the answer is the same if not.
            tokio::task::yield_now().await;
        }
        assert_refused(&read_to_end(&mut stream).await, WORDS, &request[..cut]);
    }
    server.end().await;
}

/// As the second request of a connection, and in one segment with the first.
#[tokio::test]
async fn what_comes_before_is_answered_first() {
    let server = serve("", "", PUPPET).await;
    for first in [
        post("/generate", "", "{}"),
        coded("transfer-encoding: chunked"),
        "GET /health HTTP/1.1\r\nhost: h\r\n\r\n".to_owned(),
    ] {
        for coding in ["gzip", "chunked, gzip", "gzip, chunked"] {
            let second = coded(&format!("transfer-encoding: {coding}"));
            let mut kept = server.connect().await;
            kept.write_all(first.as_bytes()).await.unwrap();
            assert_eq!(status(&read_answer(&mut kept).await), "200");
            kept.write_all(second.as_bytes()).await.unwrap();
            assert_refused(&read_to_end(&mut kept).await, WORDS, coding);

            let mut row = server.connect().await;
            // What follows is no request, however it looks.
            row.write_all(format!("{first}{second}{first}").as_bytes()).await.unwrap();
            let answers = read_to_end(&mut row).await;
            let (first, second) = split_off(&answers);
            assert_eq!(status(first), "200");
            assert_refused(second, WORDS, coding);
        }
    }
    server.end().await;
}

/// The first is still being answered when the second is there.
#[tokio::test]
async fn the_refusal_waits_for_the_answer_before_it() {
    let server = serve("", "", PUPPET).await;
    let mut stream = server.connect().await;
    let both = post("/generate", "", HOLD) + &coded("transfer-encoding: gzip");
    stream.write_all(both.as_bytes()).await.unwrap();
    until("the call has begun", || begun(&server) == 1).await;
    server.lab.gate.add_permits(1);
    let answers = read_to_end(&mut stream).await;
    let (first, second) = split_off(&answers);
    assert_eq!(status(first), "200");
    assert_refused(second, WORDS, "behind a call");
    assert_eq!(begun(&server), 1);
    server.end().await;
}

#[tokio::test]
async fn what_a_body_contains_is_no_header() {
    let server = serve("", "", PUPPET).await;
    let body = "{\"message\":\"\"\r\n\r\n,\r\ntransfer-encoding: gzip\r\n\r\n\"x\":0}";
    let chunked = format!(
        "{}{:x}\r\n{body}\r\n0\r\ntransfer-encoding: gzip\r\n\r\n",
        head("1.1", "transfer-encoding: chunked"),
        body.len()
    );
    for request in [post("/generate", "", body), chunked] {
        let mut stream = server.connect().await;
        for _ in 0..2 {
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = read_answer(&mut stream).await;
            assert_eq!(status(&answer), "422", "not JSON, and read to its end: {answer}");
        }
        // A head behind it that is malformed for another reason is a 400.
        stream.write_all(format!("{request}GET / HTTP/1.1\r\nbad header: x\r\n\r\n").as_bytes()).await.unwrap();
        let answers = read_to_end(&mut stream).await;
        let (first, second) = split_off(&answers);
        assert_eq!((status(first), status(second)), ("422", "400"));
    }
    server.end().await;
}

/// A client that goes on sending the body that nobody knows the end of: the answer is not lost to a reset.
#[tokio::test]
async fn the_refusal_reaches_a_client_that_sends_on() {
    let server = serve("", "", PUPPET).await;
    let mut stream = server.connect().await;
    stream.write_all(head("1.1", "transfer-encoding: gzip").as_bytes()).await.unwrap();
    let answer = read_answer(&mut stream).await;
    stream.write_all(&[b'x'; 100_000]).await.unwrap();
    assert_refused(&answer, WORDS, "before its body");
    assert_eq!(read_to_end(&mut stream).await, "");
    let whole = head("1.1", "transfer-encoding: gzip") + &"x".repeat(1_000_000);
    assert_refused(&server.exchange(&whole).await, WORDS, "with a large body");
    server.end().await;
}

/// A client that does not close: it has the time of any that is refused, and no more.
#[tokio::test(start_paused = true)]
async fn a_refused_connection_ends_by_itself() {
    let server = serve("", "", PUPPET).await;
    for lines in ["transfer-encoding: gzip", "bad header: x"] {
        let mut stream = server.connect().await;
        stream.write_all(coded(lines).as_bytes()).await.unwrap();
        let started = Instant::now();
        read_to_end(&mut stream).await;
        // To write to what is closed is a reset sooner or later.
        while stream.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(50)).await;
            assert!(started.elapsed() < Duration::from_secs(5), "{lines}");
        }
    }
    assert_eq!(server.end().await.dropped_connections, 0);
}
