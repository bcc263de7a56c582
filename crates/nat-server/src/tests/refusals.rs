//! Who may not ask, and how much is too much.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use crate::testing::{Answer, Front, front};

const JSON: &str = "content-type: application/json";
const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";
const NOBODY: &str = "user_id is required for per-user workflow but could not be determined. This server takes the \
                      first of these that is present: the cookie `nat-session`, `Authorization: Bearer` with a JWT or \
                      an API key, `Authorization: Basic`, the header `X-API-Key`.";

/// A body that counts how often it is asked for anything.
#[derive(Clone, Default)]
struct Untouched(Arc<AtomicUsize>);

impl Body for Untouched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(None)
    }
}

async fn refused(front: &Front, path: &str, headers: &[&str]) -> Answer {
    let body = Untouched::default();
    let request = crate::testing::request(&format!("POST {path}"), headers, "").map(|_| body.clone());
    let answer = front.send(request).await;
    assert_eq!(answer.status, 401, "{headers:?}: {answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(body.0.load(Ordering::SeqCst), 0, "the body was read");
    answer
}

#[tokio::test]
async fn nobody_is_refused_before_the_body_is_read() {
    let front = front(PUPPET).await;
    for path in ["/generate", "/v1/workflow"] {
        for headers in
            [&[][..], &["cookie: nat-session="], &["cookie: NAT-Session=alice"], &["authorization: Digest zzz"]]
        {
            let answer = refused(&front, path, headers).await;
            assert_eq!(
                answer.body,
                format!(r#"{{"code":"workflow_error","message":"{NOBODY}","details":"ValueError"}}"#)
            );
            assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="nat""#);
        }
        for (header, message) in [
            ("authorization: Bearer a.b.c", "Failed to decode JWT: the header is not base64"),
            ("authorization: Basic OnB3", "Basic auth username must not be empty"),
        ] {
            let answer = refused(&front, path, &[header, "x-api-key: alice"]).await;
            assert_eq!(
                answer.body,
                format!(r#"{{"code":"workflow_error","message":"{message}","details":"ValueError"}}"#)
            );
        }
    }
    assert_eq!((front.lab.built.load(Ordering::SeqCst), front.runtime.users(None).len()), (0, 0));
}

#[tokio::test]
async fn a_shared_workflow_needs_nobody_but_no_broken_credential() {
    let front = front("workflow: {_type: mirror}").await;
    let nobody = front.ask("POST /generate", &[JSON], "{}").await;
    assert!(nobody.status == 200 && nobody.body.contains(r#""user_id":null"#), "{nobody:?}");
    let alice = front.post("/generate", "alice", "{}").await;
    assert!(alice.body.contains("7b031fd4-714b-598e-b755-a517d069edc5"), "{alice:?}");
    refused(&front, "/generate", &["authorization: Bearer a.b.c"]).await;
}

#[tokio::test]
async fn only_accepted_kinds_of_credentials_count() {
    let general = "general: {front_end: {_type: fastapi, accepted_identity_credentials: [api_key]}}";
    let front = front(&format!("{general}\n{PUPPET}")).await;
    let answer = refused(&front, "/generate", &["cookie: nat-session=alice"]).await;
    assert!(answer.body.contains("Identity credential type 'session_cookie' is not accepted"), "{answer:?}");
    assert_eq!(front.ask("POST /generate", &[JSON, "x-api-key: alice"], "{}").await.status, 200);
}

#[tokio::test]
async fn an_identity_header_is_all_that_counts() {
    let general = "general: {front_end: {_type: fastapi, identity_header: X-Auth-User}}";
    let front = front(&format!("{general}\n{PUPPET}")).await;
    for (headers, reason) in [
        (&["cookie: nat-session=alice"][..], "is missing"),
        (&["x-auth-user: a", "x-auth-user: b"], "must occur exactly once"),
        (&["x-auth-user:  "], "must not be empty"),
    ] {
        let answer = refused(&front, "/generate", headers).await;
        assert_eq!(answer.body, format!(r#"{{"detail":"Configured identity header 'X-Auth-User' {reason}"}}"#));
        assert_eq!(answer.header("www-authenticate"), r#"TrustedHeader name="X-Auth-User""#);
    }
    assert_eq!(front.ask("POST /generate", &[JSON, "x-auth-user: alice"], "{}").await.status, 200);
    let mut from_outside = crate::testing::request("POST /generate", &[JSON, "x-auth-user: alice"], "{}");
    from_outside.extensions_mut().insert(crate::Peer("192.0.2.1:9".parse().unwrap()));
    let answer = front.send(from_outside).await;
    assert!(answer.status == 401 && answer.body.contains("is not accepted from this address"), "{answer:?}");
}

#[tokio::test]
async fn no_credential_is_repeated() {
    let front = front(PUPPET).await;
    for header in
        ["authorization: Bearer sesame.sesame.sesame", "authorization: Basic sesame", "cookie: nat-session=sesame"]
    {
        let answer = front.ask("POST /nothing", &[header, JSON], "{}").await;
        let other = front.ask("POST /generate", &[header, JSON], "{").await;
        assert!(!format!("{answer:?}{other:?}").contains("sesame"));
    }
}

#[tokio::test]
async fn large_bodies_are_refused() {
    let general = "general: {front_end: {_type: fastapi, limits: {max_body_bytes: 20}}}";
    let front = front(&format!("{general}\nworkflow: {{_type: echo}}")).await;
    let expected = r#"{"detail":"The body is larger than 20 bytes (general.front_end.limits.max_body_bytes)"}"#;
    assert_eq!(front.post("/generate", "u", r#"{"text":"12345678"}"#).await.status, 200);
    let answer = front.post("/generate", "u", r#"{"text":"1234567890"}"#).await;
    assert_eq!(answer.seen(), (413, expected));
    assert_eq!(answer.header("vary"), "Origin");
}
