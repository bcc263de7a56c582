//! One test for each part of `nat::testing`.

use nat::testing::{MockFunction, TestContext, TestWorkflow};
use nat::{Function, FunctionHandle, from_fn};
use serde_json::json;
use testing_functions::{AddNote, Notepad, Notes};

/// A spelling checker that needs no program.
fn checker() -> MockFunction<String, String> {
    MockFunction::new(|_ctx, text: String| async move { Ok(text.replace("teh", "the")) })
}

async fn start(checker: &MockFunction<String, String>) -> TestWorkflow {
    TestWorkflow::builder().file("configs/config.yml").mock("checker", checker).start().await.expect("the file starts")
}

#[tokio::test]
async fn a_notepad_by_itself() {
    let spelling = FunctionHandle::for_test(from_fn((), |_state, _ctx, text: String| async move { Ok(text) }));
    let notepad = Notepad::new(1, spelling);
    let ctx = TestContext::new().user("alice").conversation("c1").header("X-Tenant", "acme").build();
    let notes = notepad.call(&ctx, AddNote { text: "milk".to_owned() }).await.unwrap();
    assert_eq!(notes, Notes { notes: vec!["milk".to_owned()], tenant: Some("acme".to_owned()) });
    let error = notepad.call(&ctx, AddNote { text: "eggs".to_owned() }).await.unwrap_err();
    assert_eq!(error.public_message(), Some("the notepad holds 1 notes already"));
}

#[tokio::test]
async fn the_file_for_two_users() {
    let workflow = start(&checker()).await;
    let (alice, bob) = (workflow.user("alice").header("x-tenant", "acme"), workflow.user("bob"));
    let answer = alice.call(json!({"text": "milk"})).await.unwrap();
    assert_eq!(answer, json!({"notes": ["milk"], "tenant": "acme"}));
    let notes: Notes = bob.call_typed(AddNote { text: "eggs".to_owned() }).await.unwrap();
    assert_eq!(notes, Notes { notes: vec!["eggs".to_owned()], tenant: None });
    let recorded = alice.call_with_steps(json!({"text": "bread"})).await.unwrap();
    assert_eq!((recorded.calls_of("checker"), recorded.answer.is_ok()), (1, true));
    let failure = alice.call(json!({"text": "tea"})).await.unwrap_err();
    assert_eq!(failure.to_string(), "ValueError: the notepad holds 2 notes already");
}

#[tokio::test]
async fn the_checker_is_replaced() {
    let checker = checker();
    let workflow = start(&checker).await;
    let alice = workflow.user("alice").conversation("c1");
    assert_eq!(alice.call(json!({"text": "teh milk"})).await.unwrap()["notes"], json!(["the milk"]));
    let received = checker.received();
    assert_eq!((received[0].conversation.as_deref(), &received[0].input), (Some("c1"), &json!("teh milk")));
    checker.calls().fail_next(nat::Error::runtime("no dictionary"));
    assert_eq!(alice.call(json!({"text": "x"})).await.unwrap_err().to_string(), "RuntimeError: no dictionary");
}

#[tokio::test]
async fn a_slow_build_keeps_nobody_else_waiting() {
    // A build of a per-user component is a part of the user's build.
    let checker = checker().per_user();
    let workflow = start(&checker).await;
    checker.builds().hold_for("alice");
    let alice = workflow.user("alice");
    let slow = tokio::spawn(async move { alice.call(json!({"text": "milk"})).await });
    checker.builds().until_begun_for("alice", 1).await;
    workflow.user("bob").call(json!({"text": "eggs"})).await.unwrap();
    assert!(!slow.is_finished());
    checker.builds().release_for("alice");
    slow.await.unwrap().unwrap();
}

#[tokio::test]
async fn notes_end_with_their_instance() {
    let workflow = start(&checker()).await;
    let alice = workflow.user("alice");
    alice.call(json!({"text": "milk"})).await.unwrap();
    assert!(workflow.evict("alice").await);
    assert_eq!(alice.call(json!({"text": "eggs"})).await.unwrap()["notes"], json!(["eggs"]));
    workflow.shutdown().await;
    let lifecycle = workflow.lifecycle();
    assert_eq!(
        lifecycle.of_user("alice"),
        ["built <workflow>", "closed <workflow> (idle)", "built <workflow>", "closed <workflow> (shutting down)"]
    );
    assert_eq!((lifecycle.built("checker"), lifecycle.closed("checker")), (1, 1));
    lifecycle.assert_all_closed();
}

#[tokio::test]
async fn over_http() {
    let builder = TestWorkflow::builder().file("configs/config.yml").mock("checker", &checker());
    let server = builder.serve().await.unwrap();
    let alice = server.user("alice").header("x-tenant", "acme");
    let response = alice.post_json("/generate", json!({"text": "milk"})).await.unwrap();
    assert_eq!((response.status(), response.json()), (200, json!({"notes": ["milk"], "tenant": "acme"})));
    let refused = alice.post_json("/generate", json!({"note": "milk"})).await.unwrap();
    assert_eq!(refused.status(), 422);
    let nobody = server.client().post_json("/generate", json!({"text": "milk"})).await.unwrap();
    assert_eq!(nobody.status(), 401, "{nobody:?}");
    let report = server.stop().await;
    report.lifecycle.assert_all_closed();
}
