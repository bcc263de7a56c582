use nat::testing::{MockFunction, SetupError, TestServer, TestWorkflow};
use serde_json::json;

const COUNTER: &str = "
general: {front_end: {_type: fastapi, host: 0.0.0.0, port: 1}}
workflow: {_type: counter}
";

#[tokio::test]
async fn users_are_those_of_the_session_cookie() {
    let server = TestServer::start(COUNTER).await.unwrap();
    assert_eq!(server.url("/generate"), format!("http://{}/generate", server.address()));
    assert!(server.address().ip().is_loopback());
    let (alice, bob) = (server.user("alice"), server.user("bob"));
    let first = alice.post_json("/generate", json!({"by": 2})).await.unwrap();
    assert_eq!((first.status(), first.json()), (200, json!({"value": 2})));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(alice.post_json("/generate", json!({"by": 2})).await.unwrap().json(), json!({"value": 4}));
    assert_eq!(bob.post_json("/generate", json!({"by": 2})).await.unwrap().json(), json!({"value": 2}));
    assert_eq!(bob.post_json("/generate", json!({"by": -2})).await.unwrap().status(), 422);
    let direct = server.workflow().user("alice").call(json!({"by": 1})).await.unwrap();
    assert_eq!(direct, json!({"value": 5}), "the cookie's user and the workflow's are the same");
    assert_eq!(server.client().get("/health").await.unwrap().status(), 200);

    assert!(server.workflow().evict("bob").await);
    assert_eq!(bob.post_json("/generate", json!({"by": 2})).await.unwrap().json(), json!({"value": 2}));
    let report = server.stop().await;
    assert_eq!((report.dropped_calls, report.workflow.instances.closed), (0, 3));
    report.lifecycle.assert_all_closed();
}

#[tokio::test]
async fn requests_carry_headers_and_queries() {
    let server = TestServer::start("workflow: {_type: request_mirror}").await.unwrap();
    let client = server.client().header("X-Tenant", "acme").conversation("c1");
    let seen = client.post_json("/generate?lang=en", json!({})).await.unwrap().json();
    assert_eq!((&seen["tenant"], &seen["conversation"], &seen["lang"]), (&json!("acme"), &json!("c1"), &json!("en")));
    let refused = server.client().send("DELETE", "/generate", None).await.unwrap();
    assert_eq!(refused.status(), 405);
    assert!(client.get("no path").await.is_err());
}

#[tokio::test]
async fn streams_are_read_event_by_event() {
    let server = TestServer::start("workflow: {_type: words}").await.unwrap();
    let alice = server.user("alice");
    let path = "/generate/full?filter_steps=none";
    let mut events = alice.post_for_events(path, json!({"text": "one two"})).await.unwrap();
    assert_eq!(events.status(), 200);
    assert!(events.header("content-type").unwrap().starts_with("text/event-stream"));
    assert_eq!(events.next().await.unwrap().as_deref(), Some(r#"data: {"value":"one"}"#));
    assert_eq!(events.collect().await.unwrap(), [r#"data: {"value":"two"}"#]);
}

#[tokio::test]
async fn a_running_request_ends_before_the_server_does() {
    let weather = MockFunction::<String, String>::returning("sunny".to_owned()).per_user();
    let server = TestWorkflow::builder().mock("workflow", &weather).serve().await.unwrap();
    weather.calls().hold();
    let alice = server.user("alice");
    let request = tokio::spawn(async move { alice.post_json("/generate", json!({"value": "Rome"})).await });
    weather.calls().until_begun(1).await;
    let stopped = tokio::spawn(server.stop());
    weather.calls().release();
    assert_eq!(request.await.unwrap().unwrap().json(), json!({"value": "sunny"}));
    stopped.await.unwrap().lifecycle.assert_all_closed();
}

#[tokio::test]
async fn a_dropped_server_stops_in_the_background() {
    let server = TestServer::start(COUNTER).await.unwrap();
    server.user("alice").post_json("/generate", json!({"by": 2})).await.unwrap();
    let (lifecycle, client) = (server.lifecycle().clone(), server.client());
    drop(server);
    lifecycle.until("the instance is closed", |all| all.closed("<workflow>") == 1).await;
    assert!(client.get("/health").await.is_err());
}

#[tokio::test]
async fn a_server_whose_shared_component_fails_does_not_start() {
    let mock = MockFunction::<String, String>::returning(String::new());
    mock.builds().fail_next(nat::Error::value("no key"));
    let error = TestWorkflow::builder().mock("workflow", &mock).serve().await.unwrap_err();
    assert!(matches!(error, SetupError::Start(_)) && error.to_string().contains("no key"), "{error}");
}

#[tokio::test]
async fn a_file_for_the_console_is_served_too() {
    let server = TestServer::start("general: {front_end: {_type: console}}\nworkflow: {_type: counter}").await.unwrap();
    assert_eq!(server.user("alice").post_json("/generate", json!({"by": 1})).await.unwrap().status(), 200);
}
