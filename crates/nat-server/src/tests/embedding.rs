//! The app in another program, which brings the connections: what nobody has said is not taken for granted.

use std::fmt::{Debug, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use nat_core::Runtime;
use parking_lot::Mutex;
use tower::ServiceExt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::testing::{config, request, start};
use crate::{App, Peer};

const JSON: &str = "content-type: application/json";
const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";
const PROXY: &str = "127.0.0.1:9";
const STRANGER: &str = "192.0.2.1:9";

/// Lines of the log, as far as they are warnings.
#[derive(Clone, Default)]
struct Warnings(Arc<Mutex<Vec<String>>>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, _field: &Field, value: &dyn Debug) {
                write!(self.0, "{value:?}").unwrap();
            }
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().push(text.0);
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}
    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}
    fn enter(&self, _span: &Id) {}
    fn exit(&self, _span: &Id) {}
}

/// An app as a program makes it, and the warnings that it made.
async fn embedded(front_end: &str, workflow: &str) -> (App, Runtime, Vec<String>) {
    let (config, _lab) = config(&format!("general: {{front_end: {{_type: fastapi, {front_end}}}}}\n{workflow}"));
    let runtime = start(&config).await;
    let warnings = Warnings::default();
    let app = tracing::subscriber::with_default(warnings.clone(), || crate::app(&config, runtime.clone()));
    let told = std::mem::take(&mut *warnings.0.lock());
    (app.unwrap(), runtime, told)
}

fn from(
    peer: Option<&str>,
    line: &str,
    headers: &[&str],
    body: &str,
) -> http::Request<http_body_util::Full<bytes::Bytes>> {
    let mut request = request(line, headers, body);
    request.extensions_mut().clear();
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
    }
    request
}

/// The status, the `Location` and the body.
async fn answer(app: &App, request: http::Request<http_body_util::Full<bytes::Bytes>>) -> (u16, String, String) {
    let (head, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let location = head.headers.get("location").map_or("", |value| value.to_str().unwrap()).to_owned();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status.as_u16(), location, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn an_identity_header_counts_from_known_proxies_only() {
    let (app, runtime, _) = embedded("identity_header: X-Auth-User", PUPPET).await;
    let asked = |peer| from(peer, "POST /generate", &[JSON, "x-auth-user: alice"], "{}");
    for (peer, status, reason) in [
        (None, 401, "is not accepted from an unknown address"),
        (Some(STRANGER), 401, "is not accepted from this address"),
    ] {
        let (seen, _, body) = answer(&app, asked(peer)).await;
        assert!(seen == status && body.contains(reason), "{peer:?}: {seen} {body}");
    }
    assert_eq!(runtime.users(None).len(), 0);
    assert_eq!(answer(&app, asked(Some(PROXY))).await.0, 200);
    let mut by_address = asked(None);
    by_address.extensions_mut().insert(PROXY.parse::<SocketAddr>().unwrap());
    assert_eq!(answer(&app, by_address).await.0, 200);
    assert_eq!(app.answer(asked(Some(STRANGER)), Some(PROXY.parse().unwrap())).await.status(), 200);
    assert_eq!(app.answer(asked(Some(PROXY)), None).await.status(), 401);
}

#[tokio::test]
async fn forwarding_headers_count_from_known_proxies_only() {
    let (app, ..) = embedded("", "workflow: {_type: echo}").await;
    let headers = ["host: localhost", "x-forwarded-proto: https", "x-forwarded-host: evil.example"];
    for (peer, expected) in [
        (None, "http://localhost/health"),
        (Some(STRANGER), "http://localhost/health"),
        (Some(PROXY), "https://evil.example/health"),
    ] {
        let (_, location, _) = answer(&app, from(peer, "GET /health/", &headers, "")).await;
        assert_eq!(location, expected, "{peer:?}");
    }
}

#[tokio::test]
async fn texts_of_foreign_errors_are_kept() {
    for (front_end, is_shown) in [("", false), ("expose_errors: true", true)] {
        let (app, ..) = embedded(front_end, PUPPET).await;
        for peer in [None, Some(PROXY), Some(STRANGER)] {
            let fails = from(peer, "POST /v1/workflow", &[JSON, "cookie: nat-session=u"], r#"{"deed":"fail_foreign"}"#);
            let (status, _, body) = answer(&app, fails).await;
            assert_eq!(body.contains("secret of the disk"), is_shown, "{peer:?}: {status} {body}");
        }
    }
}

/// Where an app listens is not known to it: the rule by which a server refuses to bind is a warning.
#[tokio::test]
async fn clients_that_choose_who_they_are_are_warned_about() {
    for (front_end, is_warned) in [
        ("", true),
        ("host: 0.0.0.0, identity_header: X-Auth-User", false),
        ("host: 0.0.0.0, session: {trust_client_sessions: true}", false),
    ] {
        let (_, _, warnings) = embedded(front_end, PUPPET).await;
        let told = warnings.iter().any(|warning| {
            [
                "everybody who reaches it could be any user",
                "listen on loopback only",
                "identity_header",
                "trust_client_sessions",
            ]
            .iter()
            .all(|part| warning.contains(part))
        });
        assert_eq!(told, is_warned, "{front_end}: {warnings:?}");
    }
}

#[tokio::test]
async fn names_of_other_hosts_are_refused_unless_the_peer_is_from_elsewhere() {
    let (app, ..) = embedded("", "workflow: {_type: echo}").await;
    for (peer, status) in [
        (None, 421),
        (Some(PROXY), 421),
        (Some("[::1]:9"), 421),
        (Some("[::ffff:127.0.0.1]:9"), 421),
        (Some(STRANGER), 200),
    ] {
        assert_eq!(answer(&app, from(peer, "GET /health", &["host: evil.example"], "")).await.0, status, "{peer:?}");
        assert_eq!(answer(&app, from(peer, "GET /health", &["host: localhost:81"], "")).await.0, 200, "{peer:?}");
    }
    // A request that names no host is for the program that embeds the app to judge.
    let bare = http::Request::get("/health").body(Empty::<bytes::Bytes>::new()).unwrap();
    assert_eq!(app.answer(bare, None).await.status(), 200);
}
