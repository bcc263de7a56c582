use std::time::Duration;

use nat::runtime::OpenError;
use nat::testing::{CallFailure, MockFunction, TestWorkflow};
use serde_json::json;

use crate::{Forecast, PLANNER, Place};

fn sunny() -> MockFunction<Place, Forecast> {
    MockFunction::returning(Forecast { text: "sunny".to_owned() })
}

async fn started(weather: &MockFunction<Place, Forecast>) -> TestWorkflow {
    TestWorkflow::builder().yaml(PLANNER).mock("forecasts", weather).start().await.expect("the file starts")
}

#[tokio::test]
async fn builds_and_closes_are_recorded_in_order() {
    let workflow = started(&sunny()).await;
    for user in ["alice", "bob"] {
        workflow.user(user).call(json!({"city": "Rome"})).await.unwrap();
    }
    assert!(workflow.evict("alice").await);
    assert!(!workflow.evict("alice").await, "there is nothing left to close");
    let lifecycle = workflow.lifecycle();
    assert_eq!(
        lifecycle.of_user("alice"),
        ["built forecasts", "built <workflow>", "closed <workflow> (idle)", "closed forecasts (idle)"]
    );
    assert_eq!(lifecycle.of_user("bob"), ["built forecasts", "built <workflow>"]);
    assert!(workflow.close_user("bob").await);
    assert_eq!(lifecycle.of_user("bob").last().unwrap(), "closed forecasts (requested)");

    workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    workflow.shutdown().await;
    assert_eq!((lifecycle.built_for("alice", "forecasts"), lifecycle.closed_for("alice", "forecasts")), (2, 2));
    assert_eq!((lifecycle.built("forecasts"), lifecycle.closed("forecasts")), (3, 3));
    assert_eq!(workflow.totals().closed, 3);
    assert_eq!(lifecycle.of_user("alice").last().unwrap(), "closed forecasts (shutting down)");
    lifecycle.assert_all_closed();
}

#[tokio::test]
#[should_panic(expected = "was not closed")]
async fn an_instance_that_is_left_open_is_found() {
    let workflow = started(&sunny()).await;
    workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    workflow.lifecycle().assert_all_closed();
}

#[tokio::test]
async fn shared_components_are_recorded_by_themselves() {
    let workflow = TestWorkflow::from_yaml("workflow: {_type: request_mirror}").await.unwrap();
    assert_eq!(workflow.lifecycle().of_shared(), ["built <workflow>"]);
    workflow.shutdown().await;
    assert_eq!(workflow.lifecycle().of_shared(), ["built <workflow>", "closed <workflow> (shutting down)"]);
}

#[tokio::test]
async fn a_held_build_holds_its_user_alone() {
    let weather = sunny();
    let workflow = started(&weather).await;
    weather.builds().hold_for("alice");
    let alice = workflow.user("alice");
    let call = tokio::spawn(async move { alice.call(json!({"city": "Rome"})).await });
    weather.builds().until_begun_for("alice", 1).await;
    workflow.user("bob").call(json!({"city": "Rome"})).await.unwrap();
    assert!(!call.is_finished());
    assert_eq!(workflow.lifecycle().built_for("alice", "forecasts"), 0);
    weather.builds().release_for("alice");
    assert_eq!(call.await.unwrap().unwrap(), json!({"value": "sunny"}));
}

#[tokio::test]
async fn everybody_can_be_held_and_one_released() {
    let weather = sunny();
    let workflow = started(&weather).await;
    weather.builds().hold();
    let calls = ["alice", "bob"].map(|user| {
        let user = workflow.user(user);
        tokio::spawn(async move { user.call(json!({"city": "Rome"})).await })
    });
    weather.builds().until_begun(2).await;
    weather.builds().release_for("bob");
    let [alice, bob] = calls;
    bob.await.unwrap().unwrap();
    assert!(!alice.is_finished());
    weather.builds().release();
    alice.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_build_that_is_held_too_long_is_given_up() {
    let weather = sunny();
    let builder = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather);
    let workflow = builder.set("general.build_timeout", "30s").start().await.unwrap();
    weather.builds().hold();
    let begin = tokio::time::Instant::now();
    let failure = workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Open(OpenError::Build(_))), "{failure}");
    assert_eq!(begin.elapsed().as_secs(), 30);
    weather.builds().release();
    workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    assert_eq!(workflow.totals().build_failures, 1);
}

#[tokio::test]
async fn a_failed_build_closes_what_was_built() {
    let file = "
functions: {first: {_type: counter}, forecasts: {_type: weather}}
workflow: {_type: planner, weather: forecasts}
";
    let weather = sunny();
    let workflow = TestWorkflow::builder().yaml(file).mock("forecasts", &weather).start().await.unwrap();
    weather.builds().fail_next(nat::Error::value("no key"));
    let failure = workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap_err();
    assert!(failure.error().unwrap().message().contains("no key"), "{failure}");
    workflow.lifecycle().until("what was built is closed", |all| all.closed("first") == 1).await;
    assert_eq!(workflow.lifecycle().of_user("alice"), ["built first", "closed first (build failed)"]);
    workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap();
}

#[tokio::test]
async fn an_instance_in_use_is_evicted_after_its_call() {
    let weather = sunny();
    let workflow = started(&weather).await;
    weather.calls().hold();
    let alice = workflow.user("alice");
    let call = tokio::spawn(async move { alice.call(json!({"city": "Rome"})).await });
    weather.calls().until_begun(1).await;
    let evicted = tokio::spawn({
        let workflow = workflow.clone();
        async move { workflow.evict("alice").await }
    });
    // Everything that can run does so before the clock of another task moves on.
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(workflow.lifecycle().closed("forecasts"), 0);
    weather.calls().release();
    call.await.unwrap().unwrap();
    assert!(evicted.await.unwrap());
    assert_eq!(workflow.lifecycle().closed("forecasts"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_held_is_dropped_at_its_deadline() {
    let weather = sunny();
    let workflow = started(&weather).await;
    workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    weather.closes().hold();
    workflow.shutdown().await;
    assert_eq!((weather.closes().begun(), workflow.totals().closes_timed_out), (1, 1));
    workflow.lifecycle().assert_all_closed();
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "in vain until the sun shines")]
async fn a_wait_in_vain_fails_at_once_on_a_paused_clock() {
    let workflow = started(&sunny()).await;
    let begin = std::time::Instant::now();
    let waited = workflow.lifecycle().until("the sun shines", |_| false);
    let guard = Elapsed(begin);
    waited.await;
    drop(guard);
}

/// Fails the test when it took real time.
struct Elapsed(std::time::Instant);

impl Drop for Elapsed {
    fn drop(&mut self) {
        if self.0.elapsed() > Duration::from_secs(50) {
            std::process::abort();
        }
    }
}
