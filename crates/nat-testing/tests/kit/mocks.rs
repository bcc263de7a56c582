use nat::testing::{MockFunction, SetupError, TestWorkflow};
use nat::{Builder, Context, Error, UserId, register_per_user_function_group};
use serde_json::json;

use crate::{Forecast, PLANNER, Place};

fn forecast(text: &str) -> Forecast {
    Forecast { text: text.to_owned() }
}

#[tokio::test]
async fn a_mock_takes_the_place_of_a_function_behind_typed_handles() {
    let weather = MockFunction::new(|ctx: Context, place: Place| async move {
        let conversation = ctx.conversation_id().unwrap_or("nowhere").to_owned();
        Ok(forecast(&format!("rain over {} in {conversation}", place.city)))
    });
    let builder = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather);
    let workflow = builder.set("workflow.greeting", "Today: ").start().await.unwrap();
    let alice = workflow.user("alice").conversation("c1");
    let answer = alice.call(json!({"city": "Rome"})).await.unwrap();
    assert_eq!(answer, json!({"value": "Today: rain over Rome in c1"}));
    let received = weather.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].user, Some(UserId::derived("alice")));
    assert_eq!((received[0].conversation.as_deref(), &received[0].input), (Some("c1"), &json!({"city": "Rome"})));
    let recorded = alice.call_with_steps(json!({"city": "Oslo"})).await.unwrap();
    assert_eq!(recorded.calls_of("forecasts"), 1);
    assert_eq!(
        recorded.timeline(),
        [
            "WORKFLOW_START planner",
            "FUNCTION_START <workflow>",
            "FUNCTION_START forecasts",
            "FUNCTION_END forecasts",
            "FUNCTION_END <workflow>",
            "WORKFLOW_END planner"
        ]
    );
}

#[tokio::test]
async fn a_mock_fails_as_it_is_told() {
    let weather = MockFunction::<Place, Forecast>::failing(Error::permission("no key"));
    let workflow = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather).start().await.unwrap();
    let failure = workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap_err();
    assert_eq!(failure.to_string(), "PermissionError: no key");

    let weather = MockFunction::<Place, _>::returning(forecast("sunny"));
    let workflow = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather).start().await.unwrap();
    weather.calls().fail_next(Error::value("once"));
    let alice = workflow.user("alice");
    assert_eq!(alice.call(json!({"city": "Rome"})).await.unwrap_err().to_string(), "ValueError: once");
    assert_eq!(alice.call(json!({"city": "Rome"})).await.unwrap(), json!({"value": "sunny"}));
    assert_eq!(weather.calls().begun_for("alice"), 2);
}

#[tokio::test]
async fn a_mock_of_other_types_is_refused_with_both() {
    let weather = MockFunction::<String, String>::returning("sunny".to_owned());
    let workflow = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather).start().await.unwrap();
    let failure = workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap_err().to_string();
    assert!(failure.contains("kit::Place") && failure.contains("String"), "{failure}");
}

#[tokio::test]
async fn a_mock_has_the_scope_and_the_field_of_its_function() {
    let count = MockFunction::<i64, i64>::returning(7);
    let workflow =
        TestWorkflow::builder().yaml("workflow: {_type: counter}").mock("workflow", &count).start().await.unwrap();
    assert_eq!(workflow.user("alice").call(json!({"by": 3})).await.unwrap(), json!({"value": 7}));
    assert_eq!(workflow.lifecycle().built_for("alice", "<workflow>"), 1);

    let shared = TestWorkflow::builder().yaml("workflow: {_type: counter}").mock("workflow", &count.clone().shared());
    let workflow = shared.start().await.unwrap();
    assert_eq!(workflow.nobody().call(json!({"by": 3})).await.unwrap(), json!({"value": 7}));
    assert_eq!(workflow.lifecycle().of_shared(), ["built <workflow>"]);
}

#[tokio::test]
async fn types_that_are_not_linked_in_can_be_mocked() {
    let file = "
functions: {forecasts: {_type: paid_service, key: secret}}
workflow: {_type: planner, weather: forecasts}
";
    let weather = MockFunction::<Place, _>::returning(forecast("sunny"));
    let workflow = TestWorkflow::builder().yaml(file).mock("forecasts", &weather).start().await.unwrap();
    assert_eq!(workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap(), json!({"value": "sunny"}));
    assert_eq!(workflow.lifecycle().of_shared(), ["built forecasts"]);
}

#[tokio::test]
async fn a_mock_streams() {
    let words = MockFunction::streaming(|_ctx, text: String| async move {
        if text.is_empty() {
            return Err(Error::value("nothing to say"));
        }
        Ok(vec![text.clone(), text])
    });
    let workflow =
        TestWorkflow::builder().yaml("workflow: {_type: words}").mock("workflow", &words).start().await.unwrap();
    let alice = workflow.user("alice");
    let chunks = alice.stream(json!({"text": "ho"})).await.unwrap().collect().await.unwrap();
    assert_eq!(chunks, ["ho", "ho"]);
    let failure = alice.stream(json!({"text": ""})).await.unwrap().collect().await.unwrap_err();
    assert_eq!(failure.to_string(), "ValueError: nothing to say");
    assert_eq!(words.received().len(), 2);
}

#[tokio::test]
async fn names_that_do_not_fit_are_refused() {
    let mock = MockFunction::<Place, _>::returning(forecast("sunny"));
    let refused = async |name: &str| {
        let error = TestWorkflow::builder().yaml(PLANNER).mock(name, &mock).start().await.unwrap_err();
        assert!(matches!(error, SetupError::Mock(_)), "{error}");
        error.to_string()
    };
    assert_eq!(
        refused("forecast").await,
        "the file has no function `forecast` to be mocked, only `forecasts`, `workflow`; `add_mock` adds one"
    );
    let error = TestWorkflow::builder().yaml(PLANNER).add_mock("forecasts", &mock).start().await.unwrap_err();
    assert_eq!(error.to_string(), "the file has a function `forecasts` already: `mock` replaces it");
}

/// A group that stands for another one.
#[register_per_user_function_group]
async fn fixed_notes(_config: (), _builder: &Builder) -> nat::Result<FixedNotes> {
    Ok(FixedNotes)
}

struct FixedNotes;

#[nat::functions]
impl FixedNotes {
    /// The number of notes.
    #[function]
    async fn count(&self, _ctx: &Context, _of: String) -> nat::Result<i64> {
        Ok(7)
    }
}

#[tokio::test]
async fn a_group_is_replaced_by_one_of_the_test() {
    let file = "
function_groups: {notes: {_type: real_notes, include: [count]}}
workflow: {_type: counter}
";
    let group = json!({"_type": "fixed_notes", "include": ["count"]});
    let builder = TestWorkflow::builder().yaml(file).set("function_groups.notes", group);
    let workflow = builder.start().await.unwrap();
    workflow.user("alice").call(json!({"by": 1})).await.unwrap();
    assert_eq!(workflow.lifecycle().of_user("alice"), ["built notes", "built <workflow>"]);
    let mock = MockFunction::<String, i64>::returning(7);
    let error = TestWorkflow::builder().yaml(file).mock("notes__count", &mock).start().await.unwrap_err();
    assert!(error.to_string().contains("set(\"function_groups.NAME\""), "{error}");
}

#[tokio::test]
async fn one_mock_serves_several_workflows() {
    let weather = MockFunction::<Place, _>::returning(forecast("sunny"));
    let first = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather).start().await.unwrap();
    let second = TestWorkflow::builder().yaml(PLANNER).mock("forecasts", &weather).start().await.unwrap();
    first.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    drop(first);
    second.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    assert_eq!((weather.builds().begun(), weather.received().len()), (2, 2));
}

#[tokio::test]
async fn a_mock_can_be_added() {
    let file = "workflow: {_type: planner, weather: extra}";
    let weather = MockFunction::<Place, _>::returning(forecast("sunny")).per_user();
    let workflow = TestWorkflow::builder().yaml(file).add_mock("extra", &weather).start().await.unwrap();
    workflow.user("alice").call(json!({"city": "Rome"})).await.unwrap();
    assert_eq!(workflow.lifecycle().of_user("alice"), ["built extra", "built <workflow>"]);
}
