//! Inputs, outputs, and functions that fail.

use std::sync::atomic::Ordering;

use http_body_util::BodyExt;

use crate::testing::{Front, front, request, until};

const JSON: &str = "content-type: application/json";
const PUPPET: &str = "workflow: {_type: puppet, lab: LAB}";
const BOTH: [&str; 2] = ["/generate", "/v1/workflow"];

#[tokio::test]
async fn simple_and_structured_functions_answer() {
    let (echo, repeat) = (front("workflow: {_type: echo}").await, front("workflow: {_type: repeat}").await);
    for path in BOTH {
        let answer = echo.post(path, "u", r#"{"text":"hé"}"#).await;
        assert_eq!(answer.seen(), (200, r#"{"value":"> hé"}"#));
        assert_eq!(answer.headers.get_all("content-type").iter().collect::<Vec<_>>(), ["application/json"]);
        assert_eq!((answer.header("vary"), answer.header("set-cookie")), ("Origin", ""));
        for (body, expected) in [
            (r#"{"text":"ab","times":2,"tags":["x"]}"#, r#"{"text":"ab ab","length":5,"tags":["x"]}"#),
            (r#"{"text":"ab","zip":1}"#, r#"{"text":"ab","length":2,"tags":[]}"#),
            (r#"{"text":"a","times":"3"}"#, r#"{"text":"a a a","length":5,"tags":[]}"#),
            (r#"{"text":"a","times":2.0}"#, r#"{"text":"a a","length":3,"tags":[]}"#),
        ] {
            assert_eq!(repeat.post(path, "u", body).await.seen(), (200, expected));
        }
    }
}

/// Content type, body, the first entry of the answer's `detail`.
#[tokio::test]
async fn inputs_are_refused_with_reasons() {
    let front = front("workflow: {_type: repeat}").await;
    let not_an_object = "Input should be a valid dictionary or object to extract fields from";
    for (header, body, expected) in [
        (JSON, "", r#"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#.to_owned()),
        ("x-none: x", "", r#"{"type":"missing","loc":["body"],"msg":"Field required","input":null}"#.to_owned()),
        (
            JSON,
            r#"{"times":1}"#,
            r#"{"type":"missing","loc":["body","text"],"msg":"Field required","input":{"times":1}}"#.to_owned(),
        ),
        (
            JSON,
            r#"{"text":"x","tags":["a",1]}"#,
            r#"{"type":"string_type","loc":["body","tags",1],"msg":"Input should be a valid string","input":1}"#
                .to_owned(),
        ),
        (
            JSON,
            "[1,2]",
            format!(r#"{{"type":"model_attributes_type","loc":["body"],"msg":"{not_an_object}","input":[1,2]}}"#),
        ),
        (
            "content-type: text/plain",
            r#"{"text":"x"}"#,
            format!(
                r#"{{"type":"model_attributes_type","loc":["body"],"msg":"{not_an_object}","input":"{{\"text\":\"x\"}}"}}"#
            ),
        ),
        (
            "x-none: x",
            "plain",
            format!(r#"{{"type":"model_attributes_type","loc":["body"],"msg":"{not_an_object}","input":"plain"}}"#),
        ),
    ] {
        for path in BOTH {
            let answer = front.ask(&format!("POST {path}"), &[header], body).await;
            assert_eq!(answer.seen(), (422, &*format!(r#"{{"detail":[{expected}]}}"#)), "{header} {body}");
            assert_eq!(answer.header("vary"), "Origin");
        }
    }
    let malformed = front.ask("POST /generate", &[JSON], "{").await;
    let malformed: serde_json::Value = serde_json::from_str(&malformed.body).unwrap();
    assert_eq!(malformed["detail"][0]["type"], "json_invalid");
    assert!(malformed["detail"][0]["loc"][1].is_u64(), "{malformed}");
    let marked = front.ask("POST /generate", &[JSON], "\u{feff}{\"text\":\"x\"}").await;
    assert_eq!(marked.status, 200);
}

/// What the input type takes is taken beside anything, and what is refused is named alone.
#[tokio::test]
async fn no_unrelated_member_decides_about_a_body() {
    let front = front("workflow: {_type: aliased}").await;
    let amount = "1234567890123456789012";
    for unrelated in ["", r#","zip":["\ud83d\ude00"]"#, r#","zip":1e9,"zip":{"a":[1]}"#, r#","times":"0""#] {
        for path in BOTH {
            let body = format!(r#"{{"body":"x","tone":"what","amount":{amount}{unrelated}}}"#);
            let answer = front.post(path, "u", &body).await;
            assert_eq!(answer.seen(), (200, &*format!(r#"{{"value":"x Other {amount} 0"}}"#)), "{body}");
        }
    }
    for unrelated in ["", r#","zip":["\ud83d\ude00"]"#] {
        let body = format!(r#"{{"body":"x","tone":"what","amount":{amount},"count":"many"{unrelated}}}"#);
        let unreadable = r#"{"type":"int_parsing","loc":["body","count"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"many"}"#;
        let answer = front.post("/generate", "u", &body).await;
        assert_eq!(answer.seen(), (422, &*format!(r#"{{"detail":[{unreadable}]}}"#)), "{body}");
        let body = format!(r#"{{"body":"x","count":10{unrelated}}}"#);
        let too_many = r#"{"type":"less_than_equal","loc":["body","count"],"msg":"Input should be less than or equal to 9","input":10,"ctx":{"le":9}}"#;
        let answer = front.post("/generate", "u", &body).await;
        assert_eq!(answer.seen(), (422, &*format!(r#"{{"detail":[{too_many}]}}"#)), "{body}");
    }
}

#[tokio::test]
async fn a_refused_input_builds_and_counts_nothing() {
    let front = front(PUPPET).await;
    for body in ["", "{", "[]", r#"{"deed":"unheard of"}"#] {
        assert_eq!(front.post("/generate", "alice", body).await.status, 422);
    }
    assert_eq!((front.lab.built.load(Ordering::SeqCst), front.runtime.users(None).len()), (0, 0));
}

#[tokio::test]
async fn functions_fail_in_the_words_of_their_route() {
    let front = front(PUPPET).await;
    for (path, message, expected) in [
        ("/generate", "bad thing", r#"{"code":"workflow_error","message":"bad thing","details":"ValueError"}"#),
        ("/generate", "", r#"{"code":"workflow_error","message":"","details":"ValueError"}"#),
        ("/v1/workflow", "bad thing", r#"{"code":"workflow_error","message":"bad thing","details":"ExecutionFailed"}"#),
        ("/v1/workflow", "", r#"{"code":"workflow_error","message":"Unknown error","details":"ExecutionFailed"}"#),
    ] {
        let body = format!(r#"{{"deed":"fail","message":"{message}"}}"#);
        assert_eq!(front.post(path, "alice", &body).await.seen(), (422, expected));
    }
    assert_eq!(front.post("/generate", "alice", "{}").await.seen(), (200, r#"{"calls":5}"#));
}

#[tokio::test]
async fn the_text_of_foreign_errors_is_sent_only_where_that_is_allowed() {
    let open = front(PUPPET).await;
    let foreign = r#"{"deed":"fail_foreign"}"#;
    let expected = r#"{"code":"workflow_error","message":"secret of the disk","details":"RuntimeError"}"#;
    assert_eq!(open.post("/generate", "alice", foreign).await.seen(), (422, expected));
    for general in [
        "general: {front_end: {_type: fastapi, expose_errors: false}}",
        "general: {front_end: {_type: fastapi, identity_header: X-User}}",
    ] {
        let closed = front(&format!("{general}\n{PUPPET}")).await;
        let answer = closed.ask("POST /generate", &[JSON, "cookie: nat-session=alice", "x-user: alice"], foreign).await;
        assert_eq!(answer.status, 422);
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let id = body["message"].as_str().unwrap().strip_prefix("internal error ").unwrap();
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{body}");
        // What was written to be sent is sent.
        let own = closed.ask(
            "POST /generate",
            &[JSON, "cookie: nat-session=alice", "x-user: alice"],
            r#"{"deed":"fail","message":"m"}"#,
        );
        assert!(own.await.body.contains(r#""message":"m""#));
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_with_an_id_and_nothing_more() {
    let front = front(PUPPET).await;
    for deed in ["panic", "panic_while_writing"] {
        for path in BOTH {
            let answer = front.post(path, "alice", &format!(r#"{{"deed":"{deed}"}}"#)).await;
            assert_eq!((answer.status.as_u16(), answer.header("content-type")), (500, "application/json"));
            let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!((&body["code"], &body["details"]), (&"unknown_error".into(), &"InternalError".into()));
            let id = body["message"].as_str().unwrap().strip_prefix("internal error ").unwrap();
            assert!(uuid::Uuid::parse_str(id).is_ok() && !answer.body.contains("secret"), "{body}");
        }
    }
    assert_eq!(front.runtime.users(None)[0].error_count, 4);
    assert_eq!(front.post("/generate", "alice", "{}").await.seen(), (200, r#"{"calls":5}"#));
}

#[tokio::test(start_paused = true)]
async fn a_failing_build_says_why_and_is_paced() {
    let front = front("workflow: {_type: puppet, lab: LAB, on_build: fail}").await;
    let message =
        |details| format!(r#"{{"code":"workflow_error","message":"instance refused to build","details":"{details}"}}"#);
    let first = front.post("/v1/workflow", "alice", "{}").await;
    assert_eq!(first.seen(), (422, &*message("ExecutionFailed")));
    assert_eq!(front.post("/generate", "alice", "{}").await.seen(), (422, &*message("RuntimeError")));
    let mut waits = 0;
    for _ in 0..8 {
        let answer = front.post("/generate", "alice", "{}").await;
        assert_eq!(answer.seen(), (422, &*message("RuntimeError")));
        waits += usize::from(!answer.header("retry-after").is_empty());
    }
    assert!(waits > 0, "builds that keep failing are paced");
    assert_eq!(front.runtime.users(None).len(), 0);
}

#[tokio::test]
async fn a_build_that_panics_says_nothing_of_it() {
    let front = front("workflow: {_type: puppet, lab: LAB, on_build: panic}").await;
    let answer = front.post("/generate", "alice", "{}").await;
    assert!(answer.status == 500 && !answer.body.contains("secret"), "{answer:?}");
}

async fn hold(front: &Front, user: &str) -> tokio::task::JoinHandle<()> {
    let begun = front.lab.begun.load(Ordering::SeqCst);
    let (app, user) = (front.app.clone(), user.to_owned());
    let held = tokio::spawn(async move {
        let cookie = format!("cookie: nat-session={user}");
        let request = request("POST /generate", &[JSON, &cookie], r#"{"deed":"hold"}"#);
        let reply = tower::ServiceExt::oneshot(app, request).await.unwrap();
        let status = reply.status();
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(status, 200, "{body:?}");
    });
    until("the call has begun or waits", || {
        front.lab.begun.load(Ordering::SeqCst) > begun
            || front.runtime.users(None).iter().any(|user| user.active_requests > 1)
    })
    .await;
    held
}

#[tokio::test]
async fn a_full_queue_is_429_for_its_user_only() {
    let front = front(&format!("general: {{max_running_calls: 1, max_waiting_calls: 1}}\n{PUPPET}")).await;
    let running = hold(&front, "alice").await;
    let waiting = hold(&front, "alice").await;
    let refused = front.post("/generate", "alice", "{}").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "1"));
    assert!(
        refused.body.starts_with(r#"{"code":"workflow_error","message":"1 call is waiting already"#),
        "{refused:?}"
    );
    assert!(refused.body.ends_with(r#","details":"QueueFull"}"#), "{refused:?}");
    assert_eq!(front.post("/generate", "bob", "{}").await.status, 200);
    front.lab.gate.add_permits(2);
    running.await.unwrap();
    waiting.await.unwrap();
}

#[tokio::test]
async fn no_place_for_another_user_is_503() {
    let front = front(&format!("general: {{max_users: 1}}\n{PUPPET}")).await;
    let running = hold(&front, "alice").await;
    let refused = front.post("/v1/workflow", "bob", "{}").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    assert!(refused.body.ends_with(r#""details":"TooManyUsers"}"#), "{refused:?}");
    front.lab.gate.add_permits(1);
    running.await.unwrap();
    assert_eq!(front.post("/generate", "bob", "{}").await.status, 200);
}

#[tokio::test]
async fn a_server_that_shuts_down_says_so() {
    let front = front(PUPPET).await;
    front.runtime.begin_shutdown();
    let refused = front.post("/generate", "alice", "{}").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    assert!(refused.body.ends_with(r#""details":"ShuttingDown"}"#), "{refused:?}");
}

/// A connection moves the future of each request, and a large one costs more than what most requests do.
#[tokio::test]
async fn the_future_of_a_request_is_small() {
    let front = front("workflow: {_type: echo}").await;
    let request = http::Request::post("/generate").body(http_body_util::Full::<bytes::Bytes>::from("{}")).unwrap();
    let answer = front.app.answer(request, None);
    assert!(size_of_val(&answer) <= 2048, "{}", size_of_val(&answer));
}
