//! Chat in the OpenAI form.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::testing::{Answer, front};

const SINGLE: [&str; 3] = ["/chat", "/v1/chat", "/v1/chat/completions"];
const STREAMS: [&str; 3] = ["/chat/stream", "/v1/chat/stream", "/v1/chat/completions"];

fn say(text: &str) -> String {
    json!({"messages": [{"role": "user", "content": text}]}).to_string()
}

fn streamed(text: &str, options: &Value) -> String {
    json!({"messages": [{"role": "user", "content": text}], "stream": true, "stream_options": options}).to_string()
}

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

fn frames(answer: &Answer) -> Vec<Value> {
    let data = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.into())).collect()
}

fn keys(value: &Value) -> String {
    value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_completion_has_every_field() {
    let front = front("workflow: {_type: echo}").await;
    for path in SINGLE {
        let answer = front.post(path, "u", &say("hi you")).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "{answer:?}");
        let body = body(&answer);
        assert_eq!(keys(&body), "id object model created choices usage system_fingerprint service_tier");
        assert_eq!((&body["object"], &body["model"]), (&"chat.completion".into(), &"unknown-model".into()));
        let choice =
            json!({"finish_reason": "stop", "index": 0, "message": {"content": "> hi you", "role": "assistant"}});
        assert_eq!(body["choices"], json!([choice]));
        assert_eq!(body["usage"], json!({"prompt_tokens": 0, "completion_tokens": 3, "total_tokens": 3}));
        assert!(body["created"].as_i64().unwrap() > 1_700_000_000 && body["system_fingerprint"].is_null());
    }
}

#[tokio::test]
async fn reported_usage_goes_before_counted_words() {
    let front = front("workflow: {_type: talker}").await;
    let usage = json!({"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12});
    for path in SINGLE {
        let body = body(&front.post(path, "u", &say("hi")).await);
        assert_eq!((&body["usage"], &body["model"]), (&usage, &"talker".into()));
    }
    let asked = front.post("/v1/chat/completions", "u", &streamed("hi", &json!({"include_usage": true}))).await;
    let [.., stop, last, done] = &frames(&asked)[..] else { panic!("{asked:?}") };
    assert_eq!(
        (done, &stop["choices"][0]["finish_reason"], &stop["usage"]),
        (&"[DONE]".into(), &"stop".into(), &Value::Null)
    );
    assert_eq!((&last["choices"], &last["usage"], &last["model"]), (&json!([]), &usage, &"talker".into()));
    for options in [Value::Null, json!({}), json!({"include_usage": false})] {
        let answer = front.post("/v1/chat/completions", "u", &streamed("hi", &options)).await;
        assert!(
            frames(&answer).iter().all(|frame| frame["usage"].is_null()) && frames(&answer).len() == 3,
            "{answer:?}"
        );
    }
    // The toolkit's own routes say nothing of it.
    let answer = front.post("/chat/stream", "u", &streamed("hi", &json!({"include_usage": true}))).await;
    assert_eq!(frames(&answer).len(), 3);
}

#[tokio::test]
async fn words_are_counted_where_nobody_reports() {
    let front = front("workflow: {_type: words}").await;
    let answer = front.post("/v1/chat/completions", "u", &streamed("a b c", &json!({"include_usage": true}))).await;
    let usage = frames(&answer).iter().rev().nth(1).unwrap()["usage"].clone();
    // The chunks have no space between them, so they are one word.
    assert_eq!(usage, json!({"prompt_tokens": 0, "completion_tokens": 1, "total_tokens": 1}));
}

#[tokio::test]
async fn streams_end_with_a_stop_chunk_and_done() {
    let front = front("workflow: {_type: words}").await;
    for path in STREAMS {
        let answer = front.post(path, "u", &streamed("one two", &Value::Null)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
        let frames = frames(&answer);
        let [first, second, stop, done] = &frames[..] else { panic!("{path}: {answer:?}") };
        for (chunk, text) in [(first, "one"), (second, "two")] {
            assert_eq!(keys(chunk), "id choices created model object system_fingerprint service_tier usage");
            let delta = json!({"content": text, "role": "assistant", "tool_calls": null});
            assert_eq!(chunk["choices"], json!([{"finish_reason": null, "index": 0, "delta": delta}]));
            assert_eq!((&chunk["object"], &chunk["model"]), (&"chat.completion.chunk".into(), &"unknown-model".into()));
        }
        assert_ne!(first["id"], second["id"]);
        let delta = json!({"content": "", "role": null, "tool_calls": null});
        assert_eq!(stop["choices"], json!([{"finish_reason": "stop", "index": 0, "delta": delta}]));
        assert_eq!((keys(stop), done), (keys(first), &"[DONE]".into()));
        // The web UI reads nothing after the mark.
        assert!(answer.body.ends_with("data: [DONE]\n\n") && answer.body.contains("intermediate_data: "), "{answer:?}");
    }
}

#[tokio::test]
async fn the_flag_counts_on_one_route_only() {
    let front = front("workflow: {_type: echo}").await;
    for path in ["/chat", "/v1/chat"] {
        let answer = front.post(path, "u", &streamed("x", &Value::Null)).await;
        assert_eq!(body(&answer)["object"], "chat.completion");
    }
    for stream in ["false", "null"] {
        let ask = format!(r#"{{"messages":[{{"role":"user","content":"x"}}],"stream":{stream}}}"#);
        assert_eq!(body(&front.post("/v1/chat/completions", "u", &ask).await)["object"], "chat.completion");
    }
}

#[tokio::test]
async fn conversations_become_text() {
    let front = front("workflow: {_type: echo}").await;
    let parts = json!([{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "two"}]);
    for (messages, expected) in [
        (
            json!([{"role": "system", "content": "s"}, {"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]),
            "> a",
        ),
        (json!([{"role": "user", "content": parts}]), "> one two"),
    ] {
        let ask = json!({"messages": messages, "model": "m", "zip": 1}).to_string();
        for path in SINGLE {
            assert_eq!(body(&front.post(path, "u", &ask).await)["choices"][0]["message"]["content"], expected);
        }
    }
}

#[tokio::test]
async fn wrong_requests_are_refused_on_every_route() {
    let front = front("workflow: {_type: puppet, lab: LAB}").await;
    for path in SINGLE.iter().chain(&STREAMS) {
        for (ask, location) in [
            (r#"{"stream":true}"#, json!(["body", "messages"])),
            (r#"{"messages":[],"stream":true}"#, json!(["body", "messages"])),
            (r#"{"messages":[{"role":"alien","content":"x"}]}"#, json!(["body", "messages", 0, "role"])),
            (r#"{"messages":[{"role":"user","content":null}]}"#, json!(["body", "messages", 0])),
        ] {
            let answer = front.post(path, "u", ask).await;
            assert_eq!((answer.status.as_u16(), &body(&answer)["detail"][0]["loc"]), (422, &location), "{path} {ask}");
        }
        assert_eq!(
            front.ask(&format!("POST {path}"), &["content-type: application/json"], &say("x")).await.status,
            401
        );
    }
    assert!(front.runtime.users(None).is_empty());
}

#[tokio::test]
async fn a_function_that_takes_no_chat_says_so() {
    let front = front("workflow: {_type: repeat}").await;
    for (path, details) in [
        ("/chat", "TypeError"),
        ("/v1/chat/completions", "TypeError"),
        ("/v1/chat", "ExecutionFailed"),
        ("/chat/stream", "TypeError"),
        ("/v1/chat/stream", "TypeError"),
    ] {
        let answer = front.post(path, "u", &say("x")).await;
        let body = body(&answer);
        assert_eq!(
            (answer.status.as_u16(), &body["code"], &body["details"]),
            (422, &"workflow_error".into(), &details.into()),
            "{path}"
        );
        assert!(body["message"].as_str().unwrap().len() > 20, "{body}");
    }
}

#[tokio::test]
async fn errors_in_streams_are_found_by_every_kind_of_client() {
    let front = front("workflow: {_type: words}").await;
    let plain = r#"{"code":"workflow_error","message":"chat stream failed","details":"RuntimeError"}"#;
    let member = r#"{"code":"workflow_error","message":"chat stream failed","details":"RuntimeError","type":"RuntimeError","param":null}"#;
    let with_member = format!("{},\"error\":{member}}}", plain.strip_suffix('}').unwrap());
    for (path, error, line) in [
        ("/chat/stream", plain, format!("{plain}\n\n")),
        ("/v1/chat/stream", plain, String::new()),
        ("/v1/chat/completions", &with_member, format!("{with_member}\n\n")),
    ] {
        let answer = front.post(path, "u", &streamed("one raise two", &Value::Null)).await;
        assert!(answer.body.contains(r#""content":"one""#) && !answer.body.contains("[DONE]"), "{answer:?}");
        assert!(answer.body.ends_with(&format!("\n\nevent: error\ndata: {error}\n\n{line}")), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn failures_of_single_answers_are_worded_by_route() {
    let front =
        front("workflow: {_type: words}\ngeneral: {front_end: {_type: fastapi, enable_interactive_extensions: true}}")
            .await;
    let ask = r#"{"messages":[{"role":"user","content":[]}]}"#;
    // An empty text is a text.
    assert_eq!(front.post("/v1/chat", "u", ask).await.status, 200);
    let failing = crate::testing::front("workflow: {_type: puppet, lab: LAB}").await;
    for (path, details) in [("/chat", "TypeError"), ("/v1/chat", "ExecutionFailed")] {
        assert_eq!(body(&failing.post(path, "u", &say("x")).await)["details"], details);
    }
    // What the function cannot be asked is no call of it: nothing is built for that, and nothing counted.
    assert_eq!((failing.lab.built.load(Ordering::SeqCst), failing.runtime.users(None).len()), (0, 0));
}
