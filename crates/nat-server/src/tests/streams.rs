//! Streams of results and of chat: frames, steps, and how a stream fails.

use std::sync::atomic::Ordering;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::testing::{Answer, Front, front, request, until};

const JSON: &str = "content-type: application/json";
const ALICE: &str = "cookie: nat-session=alice";
const TAP: &str = "workflow: {_type: tap, lab: LAB}";
const CALLER: &str =
    "functions: {puppet: {_type: puppet, lab: LAB}}\nworkflow: {_type: caller, target: puppet, name: shown}";
const STREAMS: [&str; 2] = ["/generate/stream", "/v1/workflow/stream"];
const ALL: [&str; 4] = ["/generate/stream", "/v1/workflow/stream", "/generate/full", "/v1/workflow/full"];

/// The contents of all lines of one field, as JSON where they are.
fn lines(answer: &Answer, field: &str) -> Vec<Value> {
    let lines = answer.body.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(": "));
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into())).collect()
}

fn values(answer: &Answer) -> Vec<String> {
    lines(answer, "data").iter().map(|line| line["value"].as_str().unwrap().to_owned()).collect()
}

fn steps(answer: &Answer) -> Vec<Value> {
    lines(answer, "intermediate_data")
}

fn without_steps(answer: &Answer) -> String {
    let frames = answer.body.split_inclusive("\n\n").filter(|frame| !frame.starts_with("intermediate_data: "));
    frames.collect()
}

async fn requests(front: &Front) -> (u64, u64, usize) {
    let user = front.runtime.users(None).remove(0);
    (user.total_requests, user.error_count, user.active_requests)
}

#[tokio::test]
async fn chunks_come_as_text_in_an_envelope() {
    let (tap, echo, words) =
        (front(TAP).await, front("workflow: {_type: echo}").await, front("workflow: {_type: words}").await);
    for path in ALL {
        let answer = tap.post(path, "alice", r#"{"chunks":2}"#).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
        assert_eq!((answer.header("cache-control"), answer.header("x-accel-buffering")), ("no-store", "no"));
        assert_eq!((answer.header("vary"), answer.header("content-length")), ("Origin, Accept-Encoding", ""));
        assert_eq!(
            without_steps(&answer),
            "data: {\"value\":\"[0,\\\"\\\"]\"}\n\ndata: {\"value\":\"[1,\\\"\\\"]\"}\n\n"
        );
        assert_eq!(values(&tap.post(path, "alice", r#"{"chunks":0}"#).await), [""; 0]);
        // A function that does not stream has one chunk.
        assert_eq!(without_steps(&echo.post(path, "u", r#"{"text":"hé"}"#).await), "data: {\"value\":\"> hé\"}\n\n");
        assert_eq!(values(&words.post(path, "u", r#"{"text":"a b"}"#).await), ["a", "b"]);
    }
    assert_eq!(words.post("/generate", "u", r#"{"text":"a b"}"#).await.seen(), (200, r#"{"value":"A B"}"#));
    let single = tap.post("/generate", "alice", "{}").await;
    let message = "Cannot get a single output value for streaming workflows";
    let expected = format!(r#"{{"code":"workflow_error","message":"{message}","details":"ValueError"}}"#);
    assert_eq!(single.seen(), (422, &*expected));
}

#[tokio::test]
async fn a_chunk_leaves_when_it_is_produced() {
    let front = front(TAP).await;
    let request = request("POST /generate/stream", &[JSON, ALICE], r#"{"hold_at":1}"#);
    let mut body = tower::ServiceExt::oneshot(front.app.clone(), request).await.unwrap().into_body();
    let mut next = async || {
        loop {
            let frame = body.frame().await?.unwrap().into_data().unwrap();
            if !frame.starts_with(b"intermediate_data") {
                return Some(String::from_utf8(frame.to_vec()).unwrap());
            }
        }
    };
    for index in 0..3 {
        assert_eq!(next().await.unwrap(), format!("data: {{\"value\":\"[{index},\\\"\\\"]\"}}\n\n"));
        // Nobody reads, so the function does not run ahead, held back or not.
        assert_eq!(front.lab.yielded.load(Ordering::SeqCst), index + 1);
        front.lab.gate.add_permits(1);
    }
    assert_eq!(requests(&front).await, (0, 0, 1));
    assert_eq!(next().await, None);
    assert_eq!(requests(&front).await, (1, 0, 0));
}

#[tokio::test]
async fn what_fails_before_the_first_byte_is_no_stream() {
    let front = front(TAP).await;
    for path in ALL {
        for (headers, body, status) in
            [(&[JSON][..], "{}", 401), (&[JSON, ALICE], "{", 422), (&[JSON, ALICE], r#"{"chunks":"x"}"#, 422)]
        {
            let answer = front.ask(&format!("POST {path}"), headers, body).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
        }
        let wrong = front.ask(&format!("GET {path}"), &[], "").await;
        assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "POST"));
    }
    assert_eq!((front.lab.built.load(Ordering::SeqCst), front.runtime.users(None).len()), (0, 0));

    let broken = crate::testing::front("workflow: {_type: tap, lab: LAB, on_build: fail}").await;
    let answer = broken.post("/v1/workflow/stream", "alice", "{}").await;
    let expected = r#"{"code":"workflow_error","message":"instance refused to build","details":"RuntimeError"}"#;
    assert_eq!(answer.seen(), (422, expected));

    front.runtime.begin_shutdown();
    assert_eq!(front.post("/generate/full", "alice", "{}").await.status, 503);
}

#[tokio::test]
async fn a_full_queue_is_429_for_streams_too() {
    let front = front(&format!("general: {{max_running_calls: 1, max_waiting_calls: 1}}\n{TAP}")).await;
    let open = async || {
        let request = request("POST /generate/stream", &[JSON, ALICE], r#"{"hold_at":0}"#);
        tower::ServiceExt::oneshot(front.app.clone(), request).await.unwrap()
    };
    let running = open().await;
    let app = front.app.clone();
    let waiting = tokio::spawn(tower::ServiceExt::oneshot(app, request("POST /generate/stream", &[JSON, ALICE], "{}")));
    until("one waits", || front.runtime.users(None).iter().any(|user| user.active_requests == 2)).await;
    let refused = open().await;
    assert_eq!(refused.status(), 429);
    // A place is held by the body, and given back with it.
    drop(running);
    assert_eq!(waiting.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn errors_are_events_and_for_legacy_routes_a_line_too() {
    let front = front(TAP).await;
    let error = r#"{"code":"workflow_error","message":"stream broke","details":"RuntimeError"}"#;
    let first = "data: {\"value\":\"[0,\\\"\\\"]\"}\n\n";
    for path in ALL {
        let answer = front.post(path, "alice", r#"{"fail_at":1}"#).await;
        let line = if path.starts_with("/v1/") { String::new() } else { format!("{error}\n\n") };
        assert_eq!(answer.status, 200);
        assert_eq!(without_steps(&answer), format!("{first}event: error\ndata: {error}\n\n{line}"), "{path}");
        assert!(answer.body.ends_with(&format!("{error}\n\n")), "nothing follows an error: {answer:?}");
    }
    assert_eq!(requests(&front).await, (4, 4, 0));
}

#[tokio::test]
async fn a_panic_in_a_stream_says_nothing_of_itself() {
    let front = front(TAP).await;
    for (order, frames) in [(r#"{"panic_at":1}"#, 1), (r#"{"panic_at":0}"#, 0), (r#"{"size":13}"#, 0)] {
        let answer = front.post("/v1/workflow/stream", "alice", order).await;
        assert_eq!(lines(&answer, "data").len(), frames + 1);
        let error = lines(&answer, "data").pop().unwrap();
        assert_eq!((&error["code"], &error["details"]), (&"unknown_error".into(), &"InternalError".into()));
        assert!(error["message"].as_str().unwrap().starts_with("internal error ") && !answer.body.contains("secret"));
    }
    assert_eq!(requests(&front).await, (3, 3, 0));
    assert_eq!(front.lab.open_streams.load(Ordering::SeqCst), 0);
    assert_eq!(values(&front.post("/generate/stream", "alice", "{}").await).len(), 3);
}

#[tokio::test]
async fn foreign_errors_keep_their_text_where_it_may_not_be_sent() {
    let general = "general: {front_end: {_type: fastapi, expose_errors: false}}";
    let front = front(&format!("{general}\nworkflow: {{_type: puppet, lab: LAB}}")).await;
    for path in ALL {
        let answer = front.post(path, "alice", r#"{"deed":"fail_foreign"}"#).await;
        assert!(answer.body.contains("\"message\":\"internal error ") && !answer.body.contains("secret"), "{answer:?}");
    }
}

#[tokio::test]
async fn steps_are_rendered_for_people() {
    let front = front(CALLER).await;
    for path in STREAMS {
        let answer = front.post(path, "alice", "{}").await;
        let steps = steps(&answer);
        let keys = |step: &Value| step.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
        assert!(steps.iter().all(|step| keys(step) == "id parent_id type name payload" && step["type"] == "markdown"));
        let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "Function Start: <workflow>",
                "Tool: hammer",
                "Tool: hammer",
                "model",
                "model",
                "model",
                "model",
                "Function Start: puppet",
                "Function Complete: puppet",
                "Function Complete: <workflow>"
            ]
        );
        let (outer, inner) = (&steps[0]["id"], &steps[7]);
        assert_eq!((&steps[0]["parent_id"], &inner["parent_id"], &steps[9]["id"]), (&"root".into(), outer, outer));
        assert_eq!(steps[2]["payload"], "**Input:**\n```python\n&lt;nail&gt;\n```**Output:**\n```python\nin\n```");
        assert_eq!(steps[5]["payload"], "**Input:**\n```python\nsay\n```**Output:**\n```python\nab\n```");
        let input = "**Function Input:**\n```json\n{\"deed\":\"count\",\"message\":\"\"}\n```";
        assert_eq!(steps[0]["payload"], input);
        assert_eq!(steps[8]["payload"].as_str().unwrap().split("**Function Output:**").next(), Some(input));
        assert_eq!(values(&answer), ["called"]);
    }
}

#[tokio::test]
async fn the_configuration_chooses_rendered_steps() {
    for (adaptor, expected) in [
        ("{mode: 'off'}", &[][..]),
        ("{mode: custom}", &["CUSTOM_START", "CUSTOM_END"]),
        ("{mode: custom, custom_event_types: [TOOL_END, WORKFLOW_START]}", &["WORKFLOW_START", "Tool: hammer"]),
    ] {
        let general = format!("general: {{front_end: {{_type: fastapi, step_adaptor: {adaptor}}}}}");
        let front = front(&format!("{general}\n{CALLER}")).await;
        let answer = front.post("/generate/stream", "alice", "{}").await;
        let names: Vec<_> = steps(&answer).iter().map(|step| step["name"].clone()).collect();
        assert_eq!(names, expected, "{adaptor}");
        assert_eq!(values(&answer), ["called"]);
        if expected.len() == 2 && expected[0] == "CUSTOM_START" {
            assert_eq!(steps(&answer)[0]["payload"], "```json\n[1,2]\n```");
            assert_eq!(steps(&answer)[1]["payload"], "```python\ndone\n```");
        }
    }
}

#[tokio::test]
async fn raw_steps_are_filtered_by_the_request() {
    let front = front(CALLER).await;
    let full = [
        "WORKFLOW_START",
        "FUNCTION_START",
        "TOOL_START",
        "TOOL_END",
        "LLM_START",
        "LLM_NEW_TOKEN",
        "LLM_NEW_TOKEN",
        "LLM_END",
        "CUSTOM_START",
        "CUSTOM_END",
        "FUNCTION_START",
        "FUNCTION_END",
        "FUNCTION_END",
        "WORKFLOW_END",
    ];
    for (filter, expected) in [
        ("", &full[..]),
        ("?filter_steps=", &full),
        ("?filter_steps=NONE", &[]),
        ("?filter_steps=BOGUS", &[]),
        ("?filter_steps=FUNCTION_END", &["FUNCTION_END", "FUNCTION_END"]),
        ("?filter_steps=TOOL_START,WORKFLOW_END", &["TOOL_START", "WORKFLOW_END"]),
    ] {
        for path in ["/generate/full", "/v1/workflow/full"] {
            let answer = front.post(&format!("{path}{filter}"), "alice", "{}").await;
            let kinds: Vec<_> = steps(&answer).iter().map(|step| step["type"].clone()).collect();
            assert_eq!(kinds, expected, "{filter}");
            assert_eq!(values(&answer), ["called"]);
        }
    }
    let steps = steps(&front.post("/generate/full", "alice", "{}").await);
    assert_eq!((&steps[0]["parent_id"], &steps[0]["name"]), (&"root".into(), &"shown".into()));
    assert_eq!((&steps[1]["parent_id"], &steps[2]["parent_id"]), (&steps[0]["id"], &steps[1]["id"]));
    let payload: Value = serde_json::from_str(steps[1]["payload"].as_str().unwrap()).unwrap();
    assert_eq!((&payload["event_type"], &payload["UUID"]), (&"FUNCTION_START".into(), &steps[1]["id"]));
    assert_eq!(payload["data"]["input"], json!({"deed": "count", "message": ""}));
}

#[tokio::test]
async fn endpoints_have_streams_of_their_own() {
    let yaml = "
general:
  front_end:
    _type: fastapi
    endpoints:
      - {path: /own/, legacy_path: /old, openai_api_path: /talk, openai_api_v1_path: /c, method: POST, description: '', function_name: own}
      - {path: /look, openai_api_path: /look/chat, method: GET, description: '', function_name: look}
      - {openai_api_path: /same, openai_api_v1_path: /same, method: POST, description: '', function_name: own}
functions:
  own: {_type: words}
  look: {_type: mirror}
workflow: {_type: echo}";
    let front = front(yaml).await;
    for path in ["/own/stream", "/own/full", "/old/stream", "/old/full"] {
        let answer = front.post(path, "u", r#"{"text":"a b"}"#).await;
        assert_eq!(values(&answer), ["a", "b"]);
        assert!(path.ends_with("full") || steps(&answer)[0]["name"] == "Function Start: own", "{answer:?}");
    }
    let look = front.ask("GET /look/stream?q=1", &[], "").await;
    assert!(values(&look)[0].contains(r#""q":"1""#), "{look:?}");
    assert_eq!(front.ask("GET /look/full?filter_steps=none", &[], "").await.body.matches("\n\n").count(), 1);
    for (method, path, status) in
        [("HEAD", "/look/stream", 405), ("POST", "/look/stream", 405), ("GET", "/look/chat", 200)]
    {
        assert_eq!(front.ask(&format!("{method} {path}"), &[], "").await.status, status, "{method} {path}");
    }
    let chat = r#"{"messages":[{"role":"user","content":"a b"}],"stream":true}"#;
    assert!(front.post("/talk", "u", chat).await.body.contains(r#""content":"A B""#));
    for path in ["/talk/stream", "/c", "/same"] {
        assert!(front.post(path, "u", chat).await.body.ends_with("data: [DONE]\n\n"), "{path}");
    }
    assert_eq!(front.post("/same/stream", "u", chat).await.status, 404);
}

/// Steps that nobody asked for, as many as there are: the thread is shared all the same, and comments are sent.
#[tokio::test(start_paused = true)]
async fn steps_that_are_not_shown_hold_nobody_up() {
    const TICKS: usize = 5_000;
    let front = front("workflow: {_type: ticker}").await;
    let turns = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let taken = turns.clone();
    let beside = tokio::spawn(async move {
        loop {
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
            taken.fetch_add(1, Ordering::SeqCst);
        }
    });
    let path = "/v1/workflow/full?filter_steps=LLM_END";
    let answer = front.post(path, "alice", &format!(r#"{{"ticks":{TICKS}}}"#)).await;
    beside.abort();
    assert_eq!(values(&answer), ["ticked"]);
    let (turns, comments) = (turns.load(Ordering::SeqCst), answer.body.matches(": keep-alive\n\n").count());
    assert!(turns >= TICKS / 64, "{turns} turns of others");
    assert!(comments >= turns / 40 && comments > 2, "{comments} comments in {turns} seconds");
}
