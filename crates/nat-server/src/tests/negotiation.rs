//! What the headers of a request change about its answer: origin, coding, id.

use std::io::Read;

use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::testing::{Answer, Front, front, request};

const CORS: &str = "
general: {front_end: {_type: fastapi, cors: {
  allow_origins: ['http://good.example'], allow_origin_regex: 'http://[a-z]+[.]wild[.]example',
  allow_methods: [GET, POST], allow_headers: [x-custom], allow_credentials: true, expose_headers: [x-shown], max_age: 77}}}
workflow: {_type: puppet, lab: LAB}";
const STAR: &str = "
general: {front_end: {_type: fastapi, cors: {allow_origins: ['*'], allow_methods: ['*'], allow_headers: ['*']}}}
workflow: {_type: echo}";

const GOOD: &str = "origin: http://good.example";
const JSON: &str = "content-type: application/json";
const ALICE: &str = "cookie: nat-session=alice";

#[tokio::test]
async fn every_kind_of_answer_may_be_read_by_pages_that_are_welcome() {
    let front = front(CORS).await;
    for (line, headers, body, status) in [
        ("POST /generate", &[GOOD, JSON, ALICE][..], "{}", 200),
        ("POST /generate", &[GOOD, JSON], "{}", 401),
        ("POST /generate", &[GOOD, JSON, ALICE], "[]", 422),
        ("POST /generate", &[GOOD, JSON, ALICE], r#"{"deed":"fail"}"#, 422),
        ("POST /generate", &[GOOD, JSON, ALICE], r#"{"deed":"panic"}"#, 500),
        ("GET /generate", &[GOOD], "", 405),
        ("GET /nothing", &[GOOD], "", 404),
        ("GET /health/", &[GOOD], "", 307),
        ("GET /health", &[GOOD], "", 200),
    ] {
        let answer = front.ask(line, headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{line} {body}");
        assert_eq!(answer.header("access-control-allow-origin"), "http://good.example", "{line} {body}");
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert_eq!(answer.header("access-control-expose-headers"), "x-shown");
        assert_eq!(answer.header("vary"), "Origin");
    }
}

#[tokio::test]
async fn requests_of_other_pages_run_and_say_nothing() {
    let front = front(CORS).await;
    for origin in
        ["http://bad.example", "http://abc.wild.example.evil", "http://x.y.wild.example", "null", "http://GOOD.example"]
    {
        let answer = front.ask("POST /generate", &[&format!("origin: {origin}"), JSON, ALICE], "{}").await;
        assert_eq!(answer.status, 200, "{origin}");
        assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{origin}");
    }
    assert_eq!(front.lab.ended.load(std::sync::atomic::Ordering::SeqCst), 5);
}

async fn preflight(front: &Front, origin: &str, method: &str, headers: &str) -> Answer {
    let (origin, method) = (format!("origin: {origin}"), format!("access-control-request-method: {method}"));
    let headers = format!("access-control-request-headers: {headers}");
    let mut all = vec![&*origin, &*method];
    if !headers.ends_with(": ") {
        all.push(&headers);
    }
    front.ask("OPTIONS /generate", &all, "").await
}

#[tokio::test]
async fn preflights_say_what_is_allowed() {
    let front = front(CORS).await;
    for (origin, method, headers, expected) in [
        ("http://good.example", "POST", "", (200, "OK")),
        ("http://a.wild.example", "GET", "Content-Type, X-Custom", (200, "OK")),
        ("http://good.example", "POST", "x-nope", (400, "Disallowed CORS headers")),
        ("http://good.example", "DELETE", "", (400, "Disallowed CORS method")),
        ("http://bad.example", "POST", "", (400, "Disallowed CORS origin")),
        ("http://bad.example", "PUT", "x-nope", (400, "Disallowed CORS origin, method, headers")),
    ] {
        let answer = preflight(&front, origin, method, headers).await;
        assert_eq!(answer.seen(), expected, "{origin} {method} {headers}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("access-control-allow-methods"), "GET, POST");
        let allowed = "Accept, Accept-Language, Content-Language, Content-Type, x-custom";
        assert_eq!(answer.header("access-control-allow-headers"), allowed);
        assert_eq!((answer.header("access-control-max-age"), answer.header("vary")), ("77", "Origin"));
        let welcome = if origin == "http://bad.example" { "" } else { origin };
        assert_eq!(answer.header("access-control-allow-origin"), welcome);
    }
    // Neither of these is a preflight.
    assert_eq!(front.ask("OPTIONS /generate", &[GOOD], "").await.status, 405);
    assert_eq!(front.ask("OPTIONS /generate", &["access-control-request-method: POST"], "").await.status, 405);
}

#[tokio::test]
async fn stars_let_everybody_in() {
    let front = front(STAR).await;
    let answer = preflight(&front, "http://any.example", "PATCH", "x-any, y").await;
    assert_eq!((answer.seen(), answer.header("access-control-allow-origin")), ((200, "OK"), "*"));
    assert_eq!(answer.header("access-control-allow-headers"), "x-any, y");
    assert_eq!(answer.header("access-control-allow-methods"), "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    assert_eq!(preflight(&front, "http://a", "POST", "").await.header("access-control-allow-headers"), "");
    let answer = front.ask("POST /generate", &["origin: http://a", JSON], r#"{"text":"x"}"#).await;
    assert_eq!((answer.seen(), answer.header("access-control-allow-origin")), ((200, r#"{"value":"> x"}"#), "*"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

/// The coding of an answer, its `Vary`, and its text.
async fn sent(front: &Front, accept: &str, text: &str) -> (String, String, String) {
    let body = serde_json::json!({ "text": text }).to_string();
    let request = request("POST /generate", &[JSON, &format!("accept-encoding: {accept}")], &body);
    let (head, body) = front.app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let header = |name: &str| head.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let coding = header("content-encoding");
    let mut plain = String::new();
    match &*coding {
        "gzip" => flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut plain).unwrap(),
        "br" => brotli::Decompressor::new(&body[..], 4096).read_to_string(&mut plain).unwrap(),
        _ => (&body[..]).read_to_string(&mut plain).unwrap(),
    };
    assert!(coding.is_empty() || body.len() < plain.len());
    (coding, header("vary"), plain)
}

#[tokio::test]
async fn large_answers_are_compressed_for_whom_asks() {
    let front = front("workflow: {_type: echo}").await;
    for (length, accept, coding, vary) in [
        (10, "gzip, br", "", "Origin"),
        (2_000, "", "", "Origin, Accept-Encoding"),
        (2_000, "gzip", "gzip", "Origin, Accept-Encoding"),
        (2_000, "gzip, deflate, br, zstd", "br", "Origin, Accept-Encoding"),
        (2_000, "gzip;q=0", "", "Origin, Accept-Encoding"),
        (300_000, "gzip", "gzip", "Origin, Accept-Encoding"),
        (300_000, "br", "br", "Origin, Accept-Encoding"),
    ] {
        let text: String = (0..length).map(|index| char::from(b'a' + (index % 26) as u8)).collect();
        let expected = (coding.to_owned(), vary.to_owned(), format!(r#"{{"value":"> {text}"}}"#));
        assert_eq!(sent(&front, accept, &text).await, expected, "{length} {accept}");
    }
}

#[tokio::test]
async fn streams_are_compressed_frame_by_frame() {
    let front = front("workflow: {_type: echo}").await;
    let request = request("POST /generate/stream", &[JSON, "accept-encoding: gzip, br"], r#"{"text":"x"}"#);
    let (head, mut body) = front.app.clone().oneshot(request).await.unwrap().into_parts();
    assert_eq!(
        (&head.headers["content-encoding"], &head.headers["vary"]),
        (&"gzip".parse().unwrap(), &"Origin, Accept-Encoding".parse().unwrap())
    );
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.push(frame.unwrap().into_data().unwrap());
    }
    let mut plain = String::new();
    flate2::read::GzDecoder::new(&frames.concat()[..]).read_to_string(&mut plain).unwrap();
    assert!(frames.len() > 1 && plain.contains("data: {\"value\":\"> x\"}\n\n"), "{} {plain}", frames.len());
}

#[tokio::test]
async fn ids_of_requests_come_back() {
    let front = front("workflow: {_type: echo}").await;
    let id = async |headers: &[&str]| front.ask("GET /health", headers, "").await.header("x-request-id").to_owned();
    assert_eq!(id(&["x-request-id: a-1"]).await, "a-1");
    assert_eq!(id(&["x-request-id: a b"]).await, "");
    assert_eq!(id(&[]).await, "");
}

/// A log that sees everything and writes nothing.
struct Watching;

impl tracing::Subscriber for Watching {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn what_is_logged_changes_no_answer() {
    let front = front("workflow: {_type: echo}").await;
    let unseen = front.ask("GET /health", &[], "").await;
    let _watched = tracing::subscriber::set_default(Watching);
    assert_eq!(front.ask("GET /health", &[], "").await, unseen);
    assert_eq!(front.ask("GET /health", &["x-request-id: a-1"], "").await.header("x-request-id"), "a-1");
}

/// The `Location` of the way from `/health/` for a client that comes by `peer`.
async fn location(front: &Front, peer: &str, headers: &[&str]) -> String {
    let mut request = request("GET /health/", &[&["host: inside:8000"], headers].concat(), "");
    request.extensions_mut().insert(crate::Peer(std::net::SocketAddr::new(peer.parse().unwrap(), 9)));
    let answer = front.send(request).await;
    assert_eq!(answer.status, 307);
    answer.header("location").to_owned()
}

#[tokio::test]
async fn forwarding_headers_count_from_trusted_proxies() {
    let yaml = |front_end| {
        format!(
            "general: {{front_end: {{_type: fastapi, allowed_hosts: [inside]{front_end}}}}}\nworkflow: {{_type: echo}}"
        )
    };
    let forwarded = ["x-forwarded-proto: https", "x-forwarded-host: outside.example"];
    let (inside, outside) = ("http://inside:8000/health", "https://outside.example/health");
    let by_default = front(&yaml("")).await;
    let configured = front(&yaml(", trusted_proxies: [10.0.0.0/8]")).await;
    for (front, peer, headers, expected) in [
        (&by_default, "127.0.0.1", &[][..], inside),
        (&by_default, "127.0.0.1", &forwarded, outside),
        (&by_default, "::1", &["forwarded: proto=https;host=outside.example"], outside),
        (&by_default, "127.0.0.1", &forwarded[..1], "https://inside:8000/health"),
        (&by_default, "127.0.0.1", &["x-forwarded-proto: javascript", "x-forwarded-host: a@b"], inside),
        (&by_default, "192.0.2.1", &forwarded, inside),
        (&configured, "10.1.2.3", &forwarded, outside),
        (&configured, "127.0.0.1", &forwarded, inside),
    ] {
        assert_eq!(location(front, peer, headers).await, expected, "{peer} {headers:?}");
    }
}

#[tokio::test]
async fn an_answer_without_body_varies_as_the_one_with() {
    let front = front("workflow: {_type: echo}").await;
    let whole = front.ask("GET /openapi.json", &[], "").await;
    let known = format!("if-none-match: {}", whole.header("etag"));
    for (line, headers, status) in [
        ("GET /openapi.json", &[&*known][..], 304),
        ("HEAD /openapi.json", &[&known], 304),
        ("HEAD /openapi.json", &[], 200),
    ] {
        let answer = front.ask(line, headers, "").await;
        assert_eq!((answer.seen(), answer.header("vary")), ((status, ""), "Accept-Encoding, Origin"), "{line}");
        let length = if status == 200 { whole.body.len().to_string() } else { String::new() };
        assert_eq!(answer.header("content-length"), length, "{line} {headers:?}");
    }
    assert_eq!(whole.header("vary"), "Accept-Encoding, Origin");
}

#[tokio::test]
async fn the_web_ui_finds_no_mcp_clients() {
    let front = front("workflow: {_type: puppet, lab: LAB}").await;
    for path in ["/mcp/client/tool/list", "/mcp/client/tool/list/per_user"] {
        assert_eq!(front.ask(&format!("GET {path}"), &[], "").await.seen(), (200, r#"{"mcp_clients":[]}"#));
    }
}

#[tokio::test]
async fn the_cookies_that_name_a_session_are_configured() {
    let yaml = "
general: {front_end: {_type: fastapi, session: {cookie_names: [nat-session, nemo-agent-toolkit-session]}}}
workflow: {_type: puppet, lab: LAB}";
    let front = front(yaml).await;
    for (cookie, calls) in [
        ("nemo-agent-toolkit-session=alice", 1),
        ("nat-session=alice", 2),
        // The first name that is present counts, whatever its place.
        ("nemo-agent-toolkit-session=bob; nat-session=alice", 3),
        ("nemo-agent-toolkit-session=bob", 1),
    ] {
        let answer = front.ask("POST /generate", &[JSON, &format!("cookie: {cookie}")], "{}").await;
        assert_eq!(answer.seen(), (200, &*format!(r#"{{"calls":{calls}}}"#)), "{cookie}");
    }
}
