use nat::ErrorKind;
use nat::runtime::OpenError;
use nat::testing::{CallFailure, SetupError, TestWorkflow};
use serde_json::json;

use crate::{Nothing, Seen};

const COUNTER: &str = "workflow: {_type: counter}";

#[tokio::test]
async fn users_have_their_own_instances_and_call_at_once() {
    let workflow = TestWorkflow::from_yaml(COUNTER).await.unwrap();
    let calls = (0..50).map(|number| {
        let user = workflow.user(["alice", "bob"][number % 2]);
        tokio::spawn(async move { user.call(json!({"by": 2})).await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    for user in ["alice", "bob"] {
        assert_eq!(workflow.user(user).call(json!({"by": 1})).await.unwrap(), json!({"value": 51}));
        assert_eq!(workflow.lifecycle().built_for(user, "<workflow>"), 1);
    }
    assert_eq!(workflow.users().len(), 2);
}

#[tokio::test]
async fn typed_calls_need_no_json() {
    let workflow = TestWorkflow::from_yaml(COUNTER).await.unwrap();
    assert_eq!(workflow.user("alice").call_typed::<i64, i64>(5).await.unwrap(), 5);
    let failure = workflow.user("alice").call_typed::<i32, i64>(5).await.unwrap_err();
    assert_eq!(failure.to_string(), "TypeError: `counter` takes `i64`, not `i32`");
    let failure = workflow.user("alice").call_typed::<i64, String>(5).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Mismatch(_)), "{failure}");
    assert!(failure.to_string().ends_with("the function gives `i64`, not `alloc::string::String`"), "{failure}");
}

#[tokio::test]
async fn failures_say_what_failed() {
    let workflow = TestWorkflow::from_yaml(COUNTER).await.unwrap();
    let alice = workflow.user("alice");
    let failure = alice.call(json!({"by": "x"})).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Input(_)), "{failure}");
    assert_eq!(workflow.totals().built, 0, "an input that does not fit builds nothing");
    let failure = alice.call(json!({"by": -1})).await.unwrap_err();
    assert_eq!(
        (failure.kind(), format!("{failure:?}")),
        (Some(&ErrorKind::Value), "ValueError: only upwards".to_owned())
    );
    assert!(matches!(alice.call(json!({"by": 0})).await, Err(CallFailure::Panicked)));
    let failure = workflow.nobody().call(json!({"by": 1})).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Open(OpenError::NoUser)), "{failure}");
    let failure = alice.clone().endpoint("counter").call(json!({"by": 1})).await.unwrap_err();
    assert!(failure.to_string().contains("no endpoint of the file names the function `counter`"), "{failure}");
}

#[tokio::test]
async fn requests_reach_the_function() {
    let workflow = TestWorkflow::from_yaml("workflow: {_type: request_mirror}").await.unwrap();
    let caller = workflow.nobody().header("X-Tenant", "acme").query("lang", "en");
    let [tenant, lang] = ["acme", "en"].map(|text| Some(text.to_owned()));
    let seen: Seen = caller.clone().call_typed(Nothing {}).await.unwrap();
    assert_eq!(seen, Seen { user: None, conversation: None, tenant: tenant.clone(), lang: lang.clone() });
    let alice = caller.as_user("alice").conversation("c2");
    let (user, conversation) = (alice.id().map(ToString::to_string), Some("c2".to_owned()));
    let seen: Seen = alice.call_typed(Nothing {}).await.unwrap();
    assert_eq!(seen, Seen { user, conversation, tenant, lang });
    let bare: Seen = workflow.user("alice").call_typed(Nothing {}).await.unwrap();
    assert_eq!((bare.conversation, bare.tenant, bare.lang), (None, None, None));
}

#[tokio::test]
async fn endpoints_are_called_by_the_name_of_their_function() {
    let workflow = TestWorkflow::from_yaml(
        "
general: {front_end: {_type: fastapi, endpoints: [{path: /count, method: POST, description: Counts, function_name: tally}]}}
functions: {tally: {_type: counter}}
workflow: {_type: request_mirror}
",
    )
    .await
    .unwrap();
    let tally = workflow.user("alice").endpoint("tally");
    assert_eq!(tally.call(json!({"by": 3})).await.unwrap(), json!({"value": 3}));
    assert_eq!(tally.interface().unwrap().input_field(), Some("by"));
}

#[tokio::test]
async fn streams_are_read_piece_by_piece() {
    let workflow = TestWorkflow::from_yaml("workflow: {_type: words}").await.unwrap();
    let alice = workflow.user("alice");
    let words = alice.stream(json!({"text": "one two"})).await.unwrap().collect().await.unwrap();
    assert_eq!(words, [json!("one"), json!("two")]);

    let mut stream = alice.stream(json!({"text": "one stop two"})).await.unwrap();
    assert_eq!(stream.next_typed::<String>().await.unwrap().unwrap(), "one");
    assert_eq!(workflow.users()[0].active_requests, 1, "a stream that is read keeps the instance in use");
    let failure = stream.next().await.unwrap().unwrap_err();
    assert_eq!(failure.to_string(), "ValueError: told to stop");
    assert!(stream.next().await.is_none());
    drop(stream);
    assert_eq!((workflow.users()[0].active_requests, workflow.users()[0].error_count), (0, 1));

    let recorded = alice.stream_with_steps(json!({"text": "one"})).await.unwrap();
    assert_eq!((recorded.calls_of("<workflow>"), recorded.answer.unwrap()), (1, json!(["one"])));
}

#[tokio::test]
async fn chats_and_texts_are_inputs_too() {
    use nat::testing::MockFunction;
    let shout = MockFunction::new(|_ctx, text: String| async move { Ok(text.to_uppercase()) });
    let workflow = TestWorkflow::builder().mock("workflow", &shout).start().await.unwrap();
    assert_eq!(workflow.user("alice").chat("hello").await.unwrap().text(), "HELLO");
    assert_eq!(workflow.nobody().call_text("hello").await.unwrap(), "HELLO");
    let counter = TestWorkflow::from_yaml(COUNTER).await.unwrap();
    let failure = counter.user("alice").chat("hello").await.unwrap_err();
    assert!(matches!(failure, CallFailure::Mismatch(_)), "{failure}");
}

#[tokio::test]
async fn files_with_mistakes_are_reported_by_place() {
    let error = TestWorkflow::from_yaml("workflow: {_type: contuer}").await.unwrap_err();
    assert!(matches!(error, SetupError::Config(_)));
    let shown = format!("{error:?}");
    assert!(shown.contains("1:19: error: ") && shown.contains("counter"), "{shown}");
    let error = TestWorkflow::from_file("tests/missing.yml").await.unwrap_err();
    assert!(error.to_string().contains("tests/missing.yml"), "{error}");
    assert!(matches!(TestWorkflow::builder().start().await.unwrap_err(), SetupError::NoFile));
}

#[tokio::test]
async fn files_can_be_changed_for_a_test() {
    let file = "functions: {forecasts: {_type: counter}}\nworkflow: {_type: counter}\ngeneral: {max_users: ${USERS}}";
    let workflow = TestWorkflow::builder()
        .yaml(file)
        .variable("USERS", "3")
        .set("general.max_running_calls", 2)
        .start()
        .await
        .unwrap();
    let general = &workflow.config().general;
    assert_eq!((general.max_users, general.max_running_calls), (3, 2));
    for (path, reason) in [
        ("workflow.greting", "unknown key `greting`"),
        ("workflow._type.name", "`workflow._type.name` leads through a value that is no mapping"),
    ] {
        let builder = TestWorkflow::builder().yaml(COUNTER).set(path, 3);
        let error = builder.start().await.unwrap_err();
        assert!(matches!(error, SetupError::Setting(_)) && error.to_string().contains(reason), "{path}: {error}");
    }
    let builder = TestWorkflow::builder().yaml(COUNTER).set("general.max_usres", 3);
    let error = builder.start().await.unwrap_err();
    assert!(error.to_string().contains("did you mean `max_users`"), "{error}");
}
