//! What is refused before a body is read: hosts that are not this server's, and bodies in codings.

use std::sync::atomic::Ordering;

use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::sockets::serve;
use crate::testing::front;

const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn a_page_of_another_name_calls_nobody() {
    let server = serve("", "allowed_hosts: [app.example, '*.wild.example']", PUPPET).await;
    let body = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    let user = "cookie: nat-session=alice\r\norigin: http://evil.example";
    for (target, host, expected) in [
        ("/generate", "evil.example", "421"),
        ("/generate", "evil.example:80", "421"),
        ("/generate", "127.0.0.1.evil.example", "421"),
        ("/generate", "localhost.evil.example", "421"),
        ("http://evil.example/generate", "localhost", "421"),
        ("http://localhost/generate", "evil.example", "421"),
        ("http://evil.example/generate", "evil.example", "421"),
        ("/health", "evil.example", "421"),
        ("/nothing", "evil.example", "421"),
        ("/generate", "localhost:80", "200"),
        ("/generate", "LocalHost", "200"),
        ("/generate", "app.localhost", "200"),
        ("/generate", "127.0.0.1", "200"),
        ("/generate", "[::1]:80", "200"),
        ("/generate", "192.168.7.7", "200"),
        ("/generate", "APP.example:1", "200"),
        ("/generate", "a.wild.example", "200"),
        ("http://localhost/generate", "localhost", "200"),
    ] {
        let answer = server.exchange(&format!("POST {target} HTTP/1.1\r\nhost: {host}\r\n{user}\r\n{body}")).await;
        assert_eq!(status(&answer), expected, "{target} {host}: {answer}");
        assert_eq!(answer.contains("general.front_end.allowed_hosts"), expected == "421", "{answer}");
        assert!(!answer.contains("evil.example"), "{answer}");
    }
    let calls = server.lab.begun.load(Ordering::SeqCst);
    assert_eq!((calls, server.runtime.users(None).len()), (9, 1));
    let preflight = "OPTIONS /generate HTTP/1.1\r\nhost: evil.example\r\norigin: http://evil.example\r\n\
                     access-control-request-method: GET\r\nconnection: close\r\n\r\n";
    assert_eq!(status(&server.exchange(preflight).await), "421");
    server.end().await;
}

#[tokio::test]
async fn http2_names_its_host_as_authority() {
    let server = serve("", "", PUPPET).await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, driver) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(driver);
    for (authority, host, expected) in [
        ("evil.example", None, 421),
        ("localhost", Some("evil.example"), 421),
        ("evil.example", Some("localhost"), 421),
        ("localhost:81", None, 200),
        ("[::1]", Some("localhost"), 200),
    ] {
        let mut request = http::Request::get(format!("http://{authority}/health"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let reply = client.send_request(request.body(Full::<bytes::Bytes>::default()).unwrap()).await.unwrap();
        assert_eq!(reply.status(), expected, "{authority} {host:?}");
    }
    drop(client);
    server.end().await;
}

/// A proxy knows the names of what it serves.
#[tokio::test]
async fn where_something_in_front_vouches_no_name_is_asked_for() {
    for front_end in ["session: {trust_client_sessions: true}", "identity_header: X-Auth-User"] {
        let server = serve("", front_end, PUPPET).await;
        let answer = server.exchange("GET /health HTTP/1.1\r\nhost: app.example\r\nconnection: close\r\n\r\n").await;
        assert_eq!(status(&answer), "200", "{front_end}: {answer}");
        server.end().await;
    }
}

/// The client waits for `100 Continue`, which is sent when the body is asked for.
#[tokio::test]
async fn a_compressed_body_is_refused_unread() {
    let server = serve("", "", PUPPET).await;
    let head = |path: &str, coding: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: h\r\ncookie: nat-session=u\r\ncontent-type: application/json\r\n\
             content-encoding: {coding}\r\ncontent-length: 2\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n"
        )
    };
    for path in ["/generate", "/v1/workflow", "/v1/workflow/stream", "/v1/chat/completions"] {
        for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x-unknown"] {
            let answer = server.exchange(&head(path, coding)).await;
            assert_eq!(status(&answer), "415", "{path} {coding}: {answer}");
            assert!(
                answer.contains("\r\naccept-encoding: identity\r\n") && answer.contains("send it as it is"),
                "{answer}"
            );
            assert!(!answer.contains("100 Continue"), "{answer}");
        }
    }
    assert_eq!((server.lab.begun.load(Ordering::SeqCst), server.runtime.users(None).len()), (0, 0));
    let plain = front(PUPPET).await;
    let headers = ["content-type: application/json", "cookie: nat-session=u", "content-encoding: Identity"];
    assert_eq!(plain.ask("POST /generate", &headers, "{}").await.status, 200);
    // Who asks is settled first.
    assert_eq!(plain.ask("POST /generate", &["content-encoding: gzip"], "{}").await.status, 401);
    server.end().await;
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused() {
    let endpoints = "endpoints: [{path: '/notes/{id}', method: POST, description: '', function_name: f}]";
    let yaml = format!(
        "general: {{front_end: {{_type: fastapi, {endpoints}}}}}\nfunctions: {{f: {{_type: mirror}}}}\n{PUPPET}"
    );
    let front = front(&yaml).await;
    for id in ["%ff", "%fe", "a%C3"] {
        let answer = front.post(&format!("/notes/{id}"), "u", "{}").await;
        assert!(answer.status == 400 && answer.body.contains("are not UTF-8"), "{id}: {answer:?}");
    }
    assert!(front.post("/notes/%C3%A9", "u", "{}").await.body.contains(r#""id":"é""#));
}
