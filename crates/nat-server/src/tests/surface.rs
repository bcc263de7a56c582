//! Paths, methods, redirects, headers.

use nat_core::Config;

use crate::settings::Settings;
use crate::testing::{front, registry};

const ECHO: &str = "workflow: {_type: echo}";
const NOT_FOUND: (u16, &str) = (404, r#"{"detail":"Not Found"}"#);
const NOT_ALLOWED: (u16, &str) = (405, r#"{"detail":"Method Not Allowed"}"#);

#[tokio::test]
async fn health_asks_nobody() {
    let front = front("workflow: {_type: puppet, lab: LAB}").await;
    let answer = front.ask("GET /health", &[], "").await;
    assert_eq!(answer.seen(), (200, r#"{"status":"healthy"}"#));
    assert_eq!((answer.header("content-type"), answer.header("vary")), ("application/json", "Origin"));
    assert_eq!(front.ask("HEAD /health", &[], "").await.status, 200);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods() {
    let front = front(ECHO).await;
    for (line, expected, allow) in [
        ("GET /nothing", NOT_FOUND, ""),
        ("POST /", NOT_FOUND, ""),
        ("POST //generate", NOT_FOUND, ""),
        ("POST /generatex", NOT_FOUND, ""),
        ("OPTIONS *", NOT_FOUND, ""),
        ("GET /generate", NOT_ALLOWED, "POST"),
        ("PUT /generate", NOT_ALLOWED, "POST"),
        ("DELETE /v1/workflow", NOT_ALLOWED, "POST"),
        ("HEAD /generate", (405, ""), "POST"),
        ("OPTIONS /generate", NOT_ALLOWED, "POST"),
        ("POST /health", NOT_ALLOWED, "GET, HEAD"),
        ("GET /monitor/users", NOT_FOUND, ""),
        // Not in this version.
        ("GET /websocket", NOT_FOUND, ""),
    ] {
        let answer = front.ask(line, &[], "").await;
        assert_eq!(answer.seen(), expected, "{line}");
        assert_eq!((answer.header("allow"), answer.header("vary")), (allow, "Origin"), "{line}");
        assert_eq!(answer.header("content-type"), "application/json", "{line}");
    }
}

#[tokio::test]
async fn a_slash_more_or_less_redirects_to_what_exists() {
    let yaml = "
general: {front_end: {_type: fastapi, root_path: /base, session: {trust_client_sessions: true}, endpoints: [
    {path: /with/slash/, method: POST, description: '', function_name: echo}]}}
functions: {echo: {_type: echo}}
workflow: {_type: echo}";
    let front = front(yaml).await;
    for (line, host, location) in [
        ("POST /generate/", "h:81", "http://h:81/generate"),
        ("GET /generate/?a=b&c", "h", "http://h/generate?a=b&c"),
        ("POST /generate//", "h", "http://h/generate"),
        ("POST /base/generate/", "h", "http://h/base/generate"),
        ("POST /with/slash", "h", "http://h/with/slash/"),
        ("POST http://other/generate/", "h", "http://other/generate"),
        // What a target says of its user is not repeated.
        ("POST http://alice@other:81/generate/?a=b", "h", "http://other:81/generate?a=b"),
        ("POST http://alice:secret@other/generate/", "h", "http://other/generate"),
        ("POST http://alice:secret@[::1]:81/generate/", "h", "http://[::1]:81/generate"),
        ("POST /generate/", "alice:secret@h", "/generate"),
        ("POST /generate/", "bad host", "/generate"),
    ] {
        let answer = front.ask(line, &[&format!("host: {host}")], "").await;
        assert_eq!(answer.seen(), (307, ""), "{line}");
        assert_eq!((answer.header("location"), answer.header("vary")), (location, "Origin"), "{line}");
    }
    for line in ["POST /nothing/", "POST /", "POST //", "POST //evil.example/generate/"] {
        assert_eq!(front.ask(line, &["host: h"], "").await.seen(), NOT_FOUND, "{line}");
    }
}

#[tokio::test]
async fn configured_paths_replace_the_defaults() {
    let yaml = "
general: {front_end: {_type: fastapi, workflow: {method: POST, path: /run, legacy_path: null, description: x}}}
workflow: {_type: echo}";
    let front = front(yaml).await;
    assert_eq!(front.post("/run", "u", r#"{"text":"x"}"#).await.seen(), (200, r#"{"value":"> x"}"#));
    for gone in ["/generate", "/v1/workflow"] {
        assert_eq!(front.post(gone, "u", r#"{"text":"x"}"#).await.seen(), NOT_FOUND);
    }
}

#[tokio::test]
async fn legacy_routes_can_be_switched_off() {
    let yaml = "
general: {front_end: {_type: fastapi, disable_legacy_routes: true}}
workflow: {_type: echo}";
    let front = front(yaml).await;
    assert_eq!(front.post("/generate", "u", r#"{"text":"x"}"#).await.seen(), NOT_FOUND);
    assert_eq!(front.post("/v1/workflow", "u", r#"{"text":"x"}"#).await.seen(), (200, r#"{"value":"> x"}"#));
}

#[tokio::test]
async fn everything_answers_with_and_without_the_root_path() {
    let yaml = "
general: {front_end: {_type: fastapi, root_path: /base/}}
workflow: {_type: mirror}";
    let front = front(yaml).await;
    for path in ["/generate", "/base/generate", "/%62ase/gener%61te"] {
        let answer = front.post(path, "u", "{}").await;
        assert!(answer.body.contains(&format!(r#""path":"{path}""#)), "{answer:?}");
    }
    assert_eq!(front.ask("GET /base/health", &[], "").await.status, 200);
    for path in ["/basegenerate", "/base", "/base/base/generate"] {
        assert_eq!(front.post(path, "u", "{}").await.seen(), NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn endpoints_run_their_own_functions() {
    let yaml = "
general:
  enable_per_user_monitoring: true
  front_end:
    _type: fastapi
    endpoints:
      - {path: /own, legacy_path: /old/own, method: POST, description: '', function_name: own}
      - {path: '/look/{item}/{rest:path}', method: GET, description: '', function_name: look}
functions:
  own: {_type: puppet, lab: LAB}
  look: {_type: mirror}
workflow: {_type: echo}";
    let front = front(yaml).await;
    assert_eq!(front.post("/generate", "u", r#"{"text":"x"}"#).await.seen(), (200, r#"{"value":"> x"}"#));
    assert_eq!(front.post("/own", "alice", "{}").await.seen(), (200, r#"{"calls":1}"#));
    assert_eq!(front.post("/old/own", "alice", "{}").await.seen(), (200, r#"{"calls":2}"#));
    assert_eq!(front.post("/own", "bob", "{}").await.seen(), (200, r#"{"calls":1}"#));
    let fail = r#"{"deed":"fail","message":"no"}"#;
    assert!(front.post("/own", "bob", fail).await.body.ends_with(r#""details":"ExecutionFailed"}"#));
    assert!(front.post("/old/own", "bob", fail).await.body.ends_with(r#""details":"ValueError"}"#));
    assert_eq!(front.runtime.users(None).len(), 2);

    let answer = front.ask("GET /look/a%20b/c/d?q=1", &[], "").await;
    let seen: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(seen["path_params"], serde_json::json!({"item": "a b", "rest": "c/d"}));
    assert_eq!((&seen["method"], &seen["query"]["q"]), (&"GET".into(), &"1".into()));
    let answer = front.ask("HEAD /look/a/b", &[], "").await;
    assert_eq!((answer.seen(), answer.header("allow")), ((405, ""), "GET"));
}

#[tokio::test]
async fn a_path_of_one_method_hides_none_of_another() {
    let yaml = "
general:
  front_end:
    _type: fastapi
    root_path: /base
    endpoints:
      - {path: /n/all, method: GET, description: '', function_name: look}
      - {path: '/n/{id}', method: POST, description: '', function_name: look}
      - {path: '/a/{x}', method: POST, description: '', function_name: look}
      - {path: '/a/{y}', method: GET, description: '', function_name: look}
      - {path: /health, method: POST, description: '', function_name: look}
functions: {look: {_type: mirror}}
workflow: {_type: echo}";
    let front = front(yaml).await;
    let json = "content-type: application/json";
    for (line, params) in [
        ("GET /n/all", "{}"),
        ("POST /n/all", r#"{"id":"all"}"#),
        ("POST /base/n/all", r#"{"id":"all"}"#),
        ("POST /n/all/stream", "{}"),
        ("POST /a/b", r#"{"x":"b"}"#),
        ("GET /a/b", r#"{"y":"b"}"#),
        ("POST /health", "{}"),
    ] {
        let answer = front.ask(line, &[json], "{}").await;
        assert_eq!(answer.status, 200, "{line}: {}", answer.body);
        let sent = if line.ends_with("stream") { params } else { answer.body.as_str() };
        assert!(sent.contains(params), "{line}: {sent}");
    }
    for (line, allow) in [
        ("PUT /n/all", "GET, POST"),
        ("HEAD /n/all", "GET, POST"),
        ("GET /n/one", "POST"),
        ("PUT /base/health", "GET, HEAD, POST"),
        ("DELETE /docs", "GET, HEAD"),
        ("GET /a/b/full", ""),
        ("PATCH /a/b/full", "GET, POST"),
    ] {
        let answer = front.ask(line, &[], "").await;
        assert_eq!(answer.header("allow"), allow, "{line}");
        assert_eq!(answer.status == 405, !allow.is_empty(), "{line}");
    }
}

#[tokio::test]
async fn the_rest_of_a_path_may_be_nothing() {
    let yaml = "
general:
  front_end:
    _type: fastapi
    endpoints:
      - {path: '/all/{x}/{rest:path}', method: POST, description: '', function_name: look}
      - {path: '/own/{rest:path}', method: POST, description: '', function_name: look}
      - {path: /own/, method: POST, description: '', function_name: echo}
functions: {look: {_type: mirror}, echo: {_type: echo}}
workflow: {_type: echo}";
    let front = front(yaml).await;
    let body = front.post("/all/a/", "u", "{}").await.body;
    let seen: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(seen["path_params"], serde_json::json!({"x": "a", "rest": ""}));
    assert_eq!(front.ask("POST /all/a", &["host: h"], "").await.header("location"), "http://h/all/a/");
    assert_eq!(front.post("/own/", "u", r#"{"text":"x"}"#).await.seen(), (200, r#"{"value":"> x"}"#));
}

/// Whatever the configuration's check lets pass, the table takes: it has fewer words for what it refuses.
#[test]
fn the_check_of_paths_is_as_strict_as_the_table() {
    let paths = [
        "/a",
        "/a/",
        "/a/{x}",
        "/a/{y}",
        "/a/{x}/b",
        "/a/{y}/c",
        "/a/{r:path}",
        "/a/b/{r:path}",
        "/a/v{x}",
        "/a/v{r:path}",
        "/{x}/b",
        "/{r:path}",
        "/{x}",
        "/a/{x}/{r:path}",
        "/a/{x}/stream",
        "/health",
        "/docs/{x}",
        "/docs/assets/{r:path}",
        "/{x}/{y}/{z}",
        "/",
        "//",
        "/a/{x:str}/full",
        "/A/{x}",
    ];
    let registry = registry();
    let mut passed = 0;
    for one in paths {
        for other in paths {
            let yaml = format!(
                "general: {{front_end: {{_type: fastapi, endpoints: [
                    {{path: '{one}', method: POST, description: '', function_name: f}},
                    {{path: '{other}', method: POST, description: '', function_name: f}},
                    {{path: '{other}', method: GET, description: '', function_name: g}}]}}}}
functions: {{f: {{_type: echo}}, g: {{_type: mirror}}}}\nworkflow: {{_type: echo}}"
            );
            let Ok(config) = Config::parse(&yaml, None, &registry) else { continue };
            passed += 1;
            if let Err(error) = Settings::new(&config) {
                panic!("`{one}` and `{other}`: {error}");
            }
        }
    }
    assert!(passed > 200, "{passed}");
}

#[tokio::test]
async fn the_monitor_lists_users_in_order_of_creation() {
    let yaml = "
general: {enable_per_user_monitoring: true}
functions: {unused: {_type: puppet, lab: LAB}}
workflow: {_type: puppet, lab: LAB}";
    let front = front(yaml).await;
    let listing = async |line: &str| -> serde_json::Value {
        let answer = front.ask(line, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        serde_json::from_str(&answer.body).unwrap()
    };
    assert_eq!(listing("GET /monitor/users").await["total_active_users"], 0);
    for user in ["bob", "alice"] {
        front.post("/generate", user, "{}").await;
    }
    front.post("/v1/workflow", "alice", r#"{"deed":"fail"}"#).await;
    front.post("/generate", "alice", r#"{"deed":5}"#).await;

    let all = listing("GET /monitor/users").await;
    let (alice, bob) = ("7b031fd4-714b-598e-b755-a517d069edc5", "e0d43398-5fc8-5c1d-95d5-d39399e69f51");
    assert_eq!(all["total_active_users"], 2);
    assert_eq!((&all["users"][0]["user_id"], &all["users"][1]["user_id"]), (&bob.into(), &alice.into()));
    let one = &listing(&format!("GET /monitor/users?user_id={alice}")).await["users"][0];
    let requests = &one["requests"];
    assert_eq!((&requests["total_requests"], &requests["error_count"]), (&2.into(), &1.into()));
    assert_eq!(one["session"]["is_active"], false);
    let memory =
        serde_json::json!({"per_user_functions_count": 1, "per_user_function_groups_count": 0, "exit_stack_size": 2});
    assert_eq!(one["memory"], memory);
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&all), "timestamp total_active_users users");
    assert_eq!(keys(one), "user_id session requests memory");
    assert_eq!(keys(&one["session"]), "created_at last_activity ref_count is_active");
    assert_eq!(keys(requests), "total_requests active_requests avg_latency_ms error_count");

    for nobody in ["", "alice", "7B031FD4-714B-598E-B755-A517D069EDC5", &format!("{alice}&user_id=x")] {
        let listed = listing(&format!("GET /monitor/users?user_id={nobody}")).await;
        assert_eq!(listed["total_active_users"], 0, "{nobody}");
    }
    assert_eq!(front.post("/monitor/users", "alice", "{}").await.seen(), NOT_ALLOWED);

    let page = async |query: &str| {
        let page = listing(&format!("GET /monitor/users?{query}")).await;
        let users: Vec<_> = page["users"].as_array().unwrap().iter().map(|user| user["user_id"].clone()).collect();
        assert_eq!(
            (page["total_active_users"].as_u64(), page.get("next_cursor").is_some()),
            (Some(users.len() as u64), true)
        );
        (users, page["next_cursor"].as_u64())
    };
    let (first, next) = page("limit=1").await;
    assert_eq!(first, [bob]);
    assert_eq!(page(&format!("limit=1&cursor={}", next.unwrap())).await.0, [alice]);
    assert_eq!(page(&format!("cursor={}", next.unwrap())).await, (vec![alice.into()], None));
    assert_eq!(page("limit=3").await, (vec![bob.into(), alice.into()], None));
    for wrong in ["limit=0", "limit=few", "cursor=-1"] {
        let refused = front.ask(&format!("GET /monitor/users?{wrong}"), &[], "").await;
        assert_eq!(refused.status, 422, "{wrong}");
    }
}
