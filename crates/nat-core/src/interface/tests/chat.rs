//! What is a chat request and what is not, and what becomes of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use expect_test::expect;
use nat_chat::{ChatChunk, ChatMessage, ChatRequest, ChatRequestOrMessage, ChatResponse, Content, Role, Usage};
use nat_schema::Segment;
use serde_json::{Value, json};

use crate::ErrorKind;
use crate::function::Payload;
use crate::interface::{Answers, Given, Gives, InputType, Interface, InvalidInput, OutputType, decode_chat_request};

fn ask(content: Value) -> Value {
    json!({ "messages": [{ "role": "user", "content": content }] })
}

/// Path, kind and message of the first finding.
fn refused(body: &Value) -> (String, String, String) {
    match decode_chat_request(body.to_string().as_bytes()) {
        Err(InvalidInput::Findings(findings)) => {
            let first = &findings[0];
            let path = serde_json::to_string(&first.path).unwrap();
            (path, first.kind.to_owned(), first.message.clone())
        }
        other => panic!("{body} should be refused: {other:?}"),
    }
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    const NULL: &str = "Value error, content may be null only for assistant messages with tool_calls or function_call";
    let message = |message: Value| json!({ "messages": [message] });
    let table = [
        (json!({}), r#"["messages"]"#, "missing", "Field required"),
        (json!({ "messages": "x" }), r#"["messages"]"#, "list_type", "Input should be a valid list"),
        (
            json!({ "messages": [] }),
            r#"["messages"]"#,
            "too_short",
            "List should have at least 1 item after validation, not 0",
        ),
        (message(json!({ "role": "user" })), r#"["messages",0,"content"]"#, "missing", "Field required"),
        (message(json!({ "content": "x" })), r#"["messages",0,"role"]"#, "missing", "Field required"),
        (
            message(json!({ "role": "alien", "content": "x" })),
            r#"["messages",0,"role"]"#,
            "enum",
            "Input should be 'user', 'assistant', 'system' or 'tool'",
        ),
        (
            message(json!({ "role": "alien", "content": null })),
            r#"["messages",0,"role"]"#,
            "enum",
            "Input should be 'user', 'assistant', 'system' or 'tool'",
        ),
        (ask(Value::Null), r#"["messages",0]"#, "value_error", NULL),
        (message(json!({ "role": "assistant", "content": null })), r#"["messages",0]"#, "value_error", NULL),
        (
            message(json!({ "role": "assistant", "content": null, "tool_calls": null })),
            r#"["messages",0]"#,
            "value_error",
            NULL,
        ),
        (
            message(json!({ "role": "user", "content": null, "tool_calls": [{}] })),
            r#"["messages",0]"#,
            "value_error",
            NULL,
        ),
        (ask(json!([{ "type": "text" }])), r#"["messages",0,"content",0,"text"]"#, "missing", "Field required"),
        (
            json!({ "messages": [{ "role": "user", "content": "x" }], "temperature": "hot" }),
            r#"["temperature"]"#,
            "float_parsing",
            "Input should be a valid number, unable to parse string as a number",
        ),
    ];
    for (body, path, kind, message) in table {
        let expected = (path.to_owned(), kind.to_owned(), message.to_owned());
        assert_eq!(refused(&body), expected, "{body}");
    }
}

#[test]
fn the_role_says_what_it_may_be() {
    let body = json!({ "messages": [{ "role": "alien", "content": "x" }] });
    let Err(InvalidInput::Findings(findings)) = decode_chat_request(body.to_string().as_bytes()) else {
        panic!("it is no role")
    };
    assert_eq!(findings[0].input, "alien");
    let context = findings[0].context.clone().map(Value::Object);
    assert_eq!(context, Some(json!({ "expected": "'user', 'assistant', 'system' or 'tool'" })));
    assert_eq!(findings[0].path[1], Segment::Index(0));
}

#[test]
fn what_clients_send_is_read_and_kept() {
    let body = json!({
        "messages": [
            { "role": "system", "content": "be kind" },
            { "role": "user", "content": [
                { "type": "text", "text": "what" },
                { "type": "image_url", "image_url": { "url": "data:,", "detail": "low" } },
                { "type": "input_audio", "input_audio": { "data": "", "format": "wav" } },
                { "type": "text", "text": "is this?" },
            ] },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "a" }] },
            { "role": "assistant", "content": null, "function_call": { "name": "f" } },
            { "role": "tool", "content": "a cat", "tool_call_id": "a" },
        ],
        "model": "any", "temperature": "0.1", "top_p": 0.5, "max_tokens": 5, "n": 1, "stop": ["a"], "seed": 1, "tools": [],
        "user": "me", "stream": null, "tool_choice": "auto", "service_tier": "auto", "logit_bias": { "5": -1 }, "zip": 1,
    });
    let request = decode_chat_request(body.to_string().as_bytes()).unwrap();
    assert_eq!((request.temperature, request.stream, request.frequency_penalty), (Some(0.1), None, Some(0.0)));
    assert_eq!(Value::Object(request.extra.clone()), json!({ "stop": ["a"], "zip": 1 }));
    assert_eq!(request.messages[2].extra["tool_calls"], json!([{ "id": "a" }]));
    assert_eq!(request.messages[1].text(), "what is this?");
    assert_eq!(request.messages[3].text(), "");
    assert_eq!(request.last_text(), "a cat");
    let again = decode_chat_request(serde_json::to_string(&request).unwrap().as_bytes()).unwrap();
    assert_eq!(again, request, "what is written can be read");
}

#[test]
fn defaults_are_those_of_a_client_who_says_nothing() {
    let read = decode_chat_request(ask("x".into()).to_string().as_bytes()).unwrap();
    assert_eq!(read, ChatRequest::from_text("x"));
    assert_eq!(read.messages[0], ChatMessage::user("x"));
    assert_eq!((read.n, read.parallel_tool_calls, read.stream), (Some(1), Some(true), Some(false)));
}

fn interface<I, O>() -> std::sync::Arc<Interface>
where
    I: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema + Send + 'static,
    O: serde::Serialize + schemars::JsonSchema + Send + 'static,
{
    Interface::new(InputType::of::<I>(), "value", Gives::Output(OutputType::of::<O>()))
}

#[test]
fn either_form_and_never_both() {
    let interface = interface::<ChatRequestOrMessage, String>();
    let read = |body: Value| {
        let read = interface.decode(body.to_string().as_bytes());
        read.map(|input| *input.downcast::<ChatRequestOrMessage>().unwrap()).map_err(|invalid| invalid.summary())
    };
    assert_eq!(read(json!({ "input_message": "x" })), Ok(ChatRequestOrMessage::Message("x".to_owned())));
    let request = Box::new(ChatRequest::from_text("hi"));
    assert_eq!(read(ask("hi".into())), Ok(ChatRequestOrMessage::Request(request)));
    for bad in [
        json!({}),
        json!({ "input_message": "x", "messages": [{ "role": "user", "content": "hi" }] }),
        json!({ "input_message": "x", "zip": 1 }),
        json!({ "input_message": null }),
        json!({ "input_message": 5 }),
        json!({ "messages": [] }),
        json!([]),
    ] {
        read(bad.clone()).expect_err(&bad.to_string());
    }
    assert_eq!(interface.input_field(), None);
    let said = |body: Value| read(body).unwrap_err();
    expect!["input_message: Field required, or `messages` in its place"].assert_eq(&said(json!({})));
    expect!["Value error, only one of `messages` and `input_message` may be there"]
        .assert_eq(&said(json!({ "input_message": "x", "messages": [{ "role": "user", "content": "hi" }] })));
}

#[test]
fn a_conversation_becomes_what_a_function_takes() {
    let request = || {
        decode_chat_request(
            ask(json!([{ "type": "text", "text": "a" }, { "type": "text", "text": "b" }])).to_string().as_bytes(),
        )
        .unwrap()
    };
    let text = interface::<String, String>().decode_chat(request()).unwrap();
    assert_eq!(*text.downcast::<String>().unwrap(), "a b");
    let chat = interface::<ChatRequest, String>().decode_chat(request()).unwrap();
    assert_eq!(*chat.downcast::<ChatRequest>().unwrap(), request());
    let either = interface::<ChatRequestOrMessage, String>().decode_chat(request()).unwrap();
    assert_eq!(*either.downcast::<ChatRequestOrMessage>().unwrap(), ChatRequestOrMessage::Request(Box::new(request())));
    let refused = |interface: Arc<Interface>| {
        let error = interface.decode_chat(request()).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Type);
        error.public_message().unwrap().to_owned()
    };
    expect!["the function takes a list (each entry a whole number), which cannot be made from a conversation: it is not for chat routes"].assert_eq(&refused(interface::<Vec<i64>, String>()));
    expect!["the function takes an object with `content` and `role`, which cannot be made from a conversation: it is not for chat routes"].assert_eq(&refused(interface::<ChatMessage, String>()));
    expect!["the function takes a mapping of names (each to a whole number), which cannot be made from a conversation: it is not for chat routes"].assert_eq(&refused(interface::<BTreeMap<String, i64>, String>()));
}

#[test]
fn what_a_person_types_is_what_they_say() {
    let typed = |text: &str| {
        let chat = interface::<ChatRequest, String>().decode_text(text).unwrap();
        let either = interface::<ChatRequestOrMessage, String>().decode_text(text).unwrap();
        (*chat.downcast::<ChatRequest>().unwrap(), *either.downcast::<ChatRequestOrMessage>().unwrap())
    };
    let said = r#"{"messages": []}"#;
    assert_eq!(typed(said), (ChatRequest::from_text(said), ChatRequestOrMessage::Message(said.to_owned())));
}

/// An id and a time of its own in every answer.
fn settled(answer: impl serde::Serialize) -> String {
    let mut answer = serde_json::to_value(answer).unwrap();
    assert_eq!(answer["id"].as_str().unwrap().len(), 36);
    assert!(answer["created"].as_i64().unwrap() > 1_700_000_000);
    answer["id"] = "…".into();
    answer["created"] = 0.into();
    answer.to_string()
}

#[test]
fn answers_have_exactly_the_keys_that_clients_know() {
    expect![[r#"{"id":"…","object":"chat.completion","model":"unknown-model","created":0,"choices":[{"finish_reason":"stop","index":0,"message":{"content":"> hi","role":"assistant"}}],"usage":{"prompt_tokens":0,"completion_tokens":2,"total_tokens":2},"system_fingerprint":null,"service_tier":null}"#]]
        .assert_eq(&settled(ChatResponse::from_text("> hi")));
    expect![[r#"{"id":"…","choices":[{"finish_reason":null,"index":0,"delta":{"content":"> hi","role":"assistant","tool_calls":null}}],"created":0,"model":"unknown-model","object":"chat.completion.chunk","system_fingerprint":null,"service_tier":null,"usage":null}"#]]
        .assert_eq(&settled(ChatChunk::from_text("> hi")));
    expect![[r#"{"id":"…","choices":[{"finish_reason":"stop","index":0,"delta":{"content":"","role":null,"tool_calls":null}}],"created":0,"model":"unknown-model","object":"chat.completion.chunk","system_fingerprint":null,"service_tier":null,"usage":null}"#]]
        .assert_eq(&settled(ChatChunk::stop()));
}

fn response(output: Payload, usage: Option<Usage>) -> ChatResponse {
    crate::interface::into_response(output, usage, |_| Ok::<_, ()>("as text".to_owned())).unwrap()
}

fn chunk(chunk: Payload) -> ChatChunk {
    crate::interface::into_chunk(chunk, |_| Ok::<_, ()>("as text".to_owned())).unwrap()
}

#[test]
fn outputs_become_answers_and_answers_stay_as_they_are() {
    let own = ChatResponse::from_text("x y z").with_model("m").with_usage(Usage::new(9, 9));
    let reported = Some(Usage::new(1, 2));
    assert_eq!(response(Box::new(own.clone()), reported), own);
    let of_text = response(Box::new(5), None);
    assert_eq!((of_text.text(), of_text.usage), ("as text", Usage::new(0, 2)));
    assert_eq!(response(Box::new(5), reported).usage, Usage::new(1, 2));
    let folded = response(Box::new(ChatChunk::from_text("x").with_model("m")), None);
    assert_eq!((folded.text(), &*folded.model), ("x", "m"));

    let own_chunk = ChatChunk::from_text("x").with_model("m");
    assert_eq!(chunk(Box::new(own_chunk.clone())), own_chunk);
    assert_eq!(chunk(Box::new(5)).text(), "as text");
    let one_chunk = chunk(Box::new(own));
    assert_eq!((one_chunk.text(), &*one_chunk.model), ("x y z", "m"));
}

#[test]
fn chat_answers_are_their_text_where_text_is_wanted() {
    let chat = Interface::new(
        InputType::of::<String>(),
        "value",
        Gives::Both { output: OutputType::of::<ChatResponse>(), chunk: OutputType::of::<ChatChunk>() },
    );
    assert_eq!(chat.answers(), Answers::Both);
    assert_eq!(chat.encode_text(Given::Output, &ChatResponse::from_text("hé")).unwrap(), "hé");
    assert_eq!(chat.encode_text(Given::Chunk, &ChatChunk::stop()).unwrap(), "");
    assert_eq!(chat.output_field(), None, "`/generate` answers with the whole of it");
}

#[test]
fn messages_say_who_speaks() {
    let roles = [ChatMessage::user(""), ChatMessage::assistant(""), ChatMessage::system("")].map(|one| one.role);
    assert_eq!(roles, [Role::User, Role::Assistant, Role::System]);
    assert_eq!(ChatMessage::user("x").content, Some(Content::Text("x".to_owned())));
}

#[test]
fn sums_of_tokens_saturate() {
    let most = Usage::new(u64::MAX, 1);
    assert_eq!(most + most, Usage { prompt_tokens: u64::MAX, completion_tokens: 2, total_tokens: u64::MAX });
    assert_eq!(Usage::words_of(" a  b\nc "), Usage::new(0, 3));
}
