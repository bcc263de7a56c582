//! The whole of `configs/config.yml`, without a server.

use nat::runtime::{CancellationToken, Config, EntryName, Event, Registry, Runtime, Session};
use streaming_words as _;

async fn open(runtime: &Runtime) -> Session {
    runtime.workflow(&EntryName::Workflow).expect("the file has a workflow").open(None).await.expect("it is shared")
}

async fn start() -> Runtime {
    let registry = Registry::linked().expect("each type name is used once");
    let config = Config::parse(include_str!("../configs/config.yml"), None, &registry).expect("the file is right");
    Runtime::start(&config, &registry, CancellationToken::new()).await.expect("nothing shared can fail")
}

fn input(runtime: &Runtime, body: &str) -> nat::runtime::Input {
    runtime.workflow(&EntryName::Workflow).expect("the file has a workflow").decode(body.as_bytes()).expect("it fits")
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_chunks_and_steps() {
    let runtime = start().await;
    let body = input(&runtime, r#"{"text": "one two"}"#);
    let mut stream = open(&runtime).await.stream_with_steps(None, body);
    let mut seen = Vec::new();
    while let Some(event) = stream.next().await {
        seen.push(match event.unwrap() {
            Event::Step(step) => step.kind().to_string(),
            Event::Chunk(chunk) => chunk.into_text().unwrap(),
            other => panic!("{other:?}"),
        });
    }
    let (one, two) = (r#"{"word":"one","so_far":1}"#, r#"{"word":"two","so_far":2}"#);
    assert_eq!(
        seen,
        [
            "WORKFLOW_START",
            "FUNCTION_START",
            "CUSTOM_START",
            "CUSTOM_END",
            one,
            "CUSTOM_START",
            "CUSTOM_END",
            two,
            "FUNCTION_END",
            "WORKFLOW_END"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_single_answer_is_the_last_word() {
    let runtime = start().await;
    let body = input(&runtime, r#"{"text": "one two"}"#);
    let answer = open(&runtime).await.call(None, body).await.unwrap().into_json().unwrap();
    assert_eq!(answer, r#"{"word":"two","so_far":2}"#);
}
