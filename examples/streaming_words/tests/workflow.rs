//! The whole of `configs/config.yml`, without a server.

use nat::testing::TestWorkflow;
use serde_json::json;
use streaming_words as _;

async fn start() -> TestWorkflow {
    TestWorkflow::from_file("configs/config.yml").await.expect("the file starts")
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_chunks_and_steps() {
    let recorded = start().await.nobody().stream_with_steps(json!({"text": "one two"})).await.unwrap();
    let (one, two) = (json!({"word": "one", "so_far": 1}), json!({"word": "two", "so_far": 2}));
    assert_eq!(
        recorded.timeline(),
        [
            "WORKFLOW_START streaming_words",
            "FUNCTION_START <workflow>",
            "CUSTOM_START pause",
            "CUSTOM_END pause",
            &format!("chunk {one}"),
            "CUSTOM_START pause",
            "CUSTOM_END pause",
            &format!("chunk {two}"),
            "FUNCTION_END <workflow>",
            "WORKFLOW_END streaming_words"
        ]
    );
    assert_eq!(recorded.answer.unwrap(), json!([one, two]));
}

#[tokio::test(start_paused = true)]
async fn a_single_answer_is_the_last_word() {
    let answer = start().await.nobody().call(json!({"text": "one two"})).await.unwrap();
    assert_eq!(answer, json!({"word": "two", "so_far": 2}));
}
