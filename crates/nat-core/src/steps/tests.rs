//! What is told, in which order, to whom, and what it costs when nobody listens.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use expect_test::{Expect, expect};
use futures_util::FutureExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::budget::{STEPS, VALUES};
use super::listener::{CALLS_YIELD_AT, TASKS_ARE_LEFT_OUT_AT, TURNS_ARE_LEFT_OUT_AT};
use super::{Edge, Listener, Step, StepKind};
use crate::directory::Empty;
use crate::session::{Event, EventStream};
use crate::testing::reels::{inputs_written, runtime};
use crate::testing::{Step as Does, user};
use crate::{CallError, Context, EntryName, Listening, Result, Runtime, Usage};

const NESTED: &str = "
functions: {first: {_type: user_part, lab: LAB}, second: {_type: user_part, lab: LAB, needs: [first]}}
workflow: {_type: user_reel, name: Film, lab: LAB, needs: [second]}
";

#[derive(Clone, Copy)]
enum Ask {
    Single,
    Stream,
}

async fn ask(runtime: &Runtime, how: Ask, frames: u32) -> EventStream {
    let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
    let input = workflow.decode(format!(r#"{{"frames":{frames}}}"#).as_bytes()).unwrap();
    let session = workflow.open(Some(user("alice"))).await.unwrap();
    match how {
        Ask::Single => session.call_with_steps(None, input),
        Ask::Stream => session.stream_with_steps(None, input),
    }
}

/// A request of its own, whose steps the test reads.
fn told() -> (Context, Arc<Listener>) {
    let listener = Arc::new(Listener::default());
    let ctx = Context::new(None, None, Arc::new(Empty), CancellationToken::new(), Some(listener.clone()));
    (ctx, listener)
}

fn waiting(listener: &Listener) -> Vec<Step> {
    std::iter::from_fn(|| listener.pop()).collect()
}

/// Ids by the name of their span, for people.
#[derive(Default)]
struct Shown {
    names: HashMap<Uuid, String>,
    lines: String,
}

impl Shown {
    fn step(&mut self, step: &Step) {
        self.names.insert(step.id(), step.name().to_owned());
        let name = |id: Option<Uuid>| id.map_or("root", |id| self.names[&id].as_str());
        let mut line = format!(
            "{} {} in {}, called by {}",
            step.kind(),
            step.name(),
            name(step.parent_id()),
            name(step.caller_id())
        );
        for (what, value) in [("input", step.input()), ("output", step.output())] {
            if let Some(value) = value {
                line.push_str(&format!(", {what} {value}"));
            }
        }
        if let Some(chunk) = step.chunk() {
            line.push_str(&format!(", chunk {chunk}"));
        }
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    fn event(&mut self, event: std::result::Result<Event, CallError>) {
        match event {
            Ok(Event::Step(step)) => self.step(&step),
            Ok(Event::Chunk(chunk)) => self.line(&format!("> {}", chunk.into_text().unwrap())),
            Ok(Event::Output(output)) => self.line(&format!("= {}", output.into_text().unwrap())),
            Err(error) => self.line(&format!("! {error}")),
        }
    }

    async fn all(mut events: EventStream) -> String {
        let mut shown = Self::default();
        while let Some(event) = events.next().await {
            shown.event(event);
        }
        shown.lines
    }

    fn steps(steps: &[Step], expected: &Expect) {
        let mut shown = Self::default();
        steps.iter().for_each(|step| shown.step(step));
        expected.assert_eq(&shown.lines);
    }
}

#[tokio::test(start_paused = true)]
async fn steps_and_chunks_come_as_they_happen() {
    let (runtime, _lab) = runtime(NESTED).await;
    expect![[r#"
        WORKFLOW_START Film in root, called by root, input {"frames":2}
        FUNCTION_START <workflow> in Film, called by root, input {"frames":2}
        FUNCTION_START second in <workflow>, called by <workflow>, input {}
        FUNCTION_START first in second, called by second, input {}
        FUNCTION_END first in second, called by second, input {}, output {"calls":1}
        FUNCTION_END second in <workflow>, called by <workflow>, input {}, output {"calls":1}
        > {"index":0}
        FUNCTION_START second in <workflow>, called by <workflow>, input {}
        FUNCTION_START first in second, called by second, input {}
        FUNCTION_END first in second, called by second, input {}, output {"calls":2}
        FUNCTION_END second in <workflow>, called by <workflow>, input {}, output {"calls":2}
        > {"index":1}
        FUNCTION_END <workflow> in Film, called by root, input {"frames":2}, output [{"index":0},{"index":1}]
        WORKFLOW_END Film in root, called by root, input {"frames":2}, output [{"index":0},{"index":1}]
    "#]]
    .assert_eq(&Shown::all(ask(&runtime, Ask::Stream, 2).await).await);
}

#[tokio::test(start_paused = true)]
async fn a_single_answer_stands_between_its_steps() {
    let (runtime, _lab) = runtime(NESTED).await;
    expect![[r#"
        WORKFLOW_START Film in root, called by root, input {"frames":1}
        FUNCTION_START <workflow> in Film, called by root, input {"frames":1}
        FUNCTION_START second in <workflow>, called by <workflow>, input {}
        FUNCTION_START first in second, called by second, input {}
        FUNCTION_END first in second, called by second, input {}, output {"calls":1}
        FUNCTION_END second in <workflow>, called by <workflow>, input {}, output {"calls":1}
        FUNCTION_END <workflow> in Film, called by root, input {"frames":1}, output "1 frames"
        = 1 frames
        WORKFLOW_END Film in root, called by root, input {"frames":1}, output "1 frames"
    "#]]
    .assert_eq(&Shown::all(ask(&runtime, Ask::Single, 1).await).await);
}

#[tokio::test(start_paused = true)]
async fn what_fails_ends_too_and_the_error_comes_last() {
    for (does, message) in [(Does::Fail, "refused"), (Does::Panic, "internal error")] {
        for how in [Ask::Single, Ask::Stream] {
            let (runtime, lab) = runtime(NESTED).await;
            let does = does.clone();
            lab.call(move |name, _| if name == "first" { does.clone() } else { Does::Pass });
            let lines = Shown::all(ask(&runtime, how, 2).await).await;
            let kinds: Vec<_> = lines.lines().map(|line| line.split(" in ").next().unwrap()).collect();
            assert_eq!(
                kinds[..8],
                [
                    "WORKFLOW_START Film",
                    "FUNCTION_START <workflow>",
                    "FUNCTION_START second",
                    "FUNCTION_START first",
                    "FUNCTION_END first",
                    "FUNCTION_END second",
                    "FUNCTION_END <workflow>",
                    "WORKFLOW_END Film",
                ]
            );
            assert!(kinds.len() == 9 && kinds[8].starts_with(&format!("! {message}")), "{lines}");
            assert!(!lines.contains("output"), "{lines}");
            assert_eq!(runtime.users(None)[0].error_count, 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_leaves_no_listener() {
    let (runtime, lab) = runtime(NESTED).await;
    lab.call(|name, _| if name == "first" { Does::Hang } else { Does::Pass });
    let mut events = ask(&runtime, Ask::Stream, 1).await;
    for _ in 0..4 {
        assert!(matches!(events.next().await, Some(Ok(Event::Step(_)))));
    }
    assert!(events.next().now_or_never().is_none());
    let listener = Arc::downgrade(&events.listener());
    drop(events);
    assert!(listener.upgrade().is_none());
    assert_eq!(runtime.users(None)[0].active_requests, 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_comes_after_the_end() {
    for fails in [Does::Pass, Does::Fail] {
        let (runtime, lab) = runtime(NESTED).await;
        lab.call(move |_, _| fails.clone());
        let mut events = ask(&runtime, Ask::Stream, 1).await;
        let left_behind = events.context();
        let mut last = None;
        while let Some(event) = events.next().await {
            let failed = event.is_err();
            last = Some(failed);
            if failed {
                drop(left_behind.span("too late", &()));
            }
        }
        assert!(last.is_some());
        drop(left_behind.span("too late", &()));
        assert!(events.next().await.is_none());
        assert_eq!(left_behind.listening(), Listening::Nobody);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_watches_any_more_still_ends() {
    let (runtime, lab) = runtime(NESTED).await;
    let mut events = ask(&runtime, Ask::Stream, 40).await;
    assert!(matches!(events.next().await, Some(Ok(Event::Step(_)))));
    events.ignore_steps();
    let written = inputs_written();
    let mut chunks = 0;
    while let Some(event) = events.next().await {
        assert!(matches!(event, Ok(Event::Chunk(_))));
        chunks += 1;
    }
    assert_eq!((chunks, lab.produced.load(Ordering::SeqCst)), (40, 40));
    assert!(inputs_written() - written <= 1, "only what had begun");
}

#[test]
fn spans_nest_and_end_however_they_end() -> Result<()> {
    let (ctx, listener) = told();
    assert_eq!(ctx.listening(), Listening::Somebody);
    let outer = ctx.span("retrieve", "what?");
    let inner = outer.context().tool_span("search", &["what"]);
    inner.finish(&[1, 2]);
    let mut model = outer.context().llm_span("some-model", "what?");
    model.chunk("be");
    model.chunk("cause");
    model.report_usage(Usage::new(3, 4));
    model.finish("because");
    drop(outer.context().span("gives up", &()));
    outer.finish("because");
    let steps = waiting(&listener);
    Shown::steps(
        &steps,
        &expect![[r#"
        CUSTOM_START retrieve in root, called by root, input "what?"
        TOOL_START search in retrieve, called by root, input ["what"]
        TOOL_END search in retrieve, called by root, input ["what"], output [1,2]
        LLM_START some-model in retrieve, called by root, input "what?"
        LLM_NEW_TOKEN some-model in retrieve, called by root, input "what?", chunk be
        LLM_NEW_TOKEN some-model in retrieve, called by root, input "what?", chunk cause
        LLM_END some-model in retrieve, called by root, input "what?", output "because"
        CUSTOM_START gives up in retrieve, called by root, input null
        CUSTOM_END gives up in retrieve, called by root, input null
        CUSTOM_END retrieve in root, called by root, input "what?", output "because"
    "#]],
    );
    assert_eq!(ctx.usage(), Some(Usage::new(3, 4)));
    let edges: i32 = steps
        .iter()
        .map(|step| match step.kind().edge() {
            Edge::Start => 1,
            Edge::Between => 0,
            Edge::End => -1,
        })
        .sum();
    assert_eq!(edges, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_long_stream_shows_its_beginning() {
    let (runtime, _lab) = runtime("workflow: {_type: user_reel, lab: LAB}").await;
    let mut events = ask(&runtime, Ask::Stream, 3_000).await;
    let (mut chunks, mut shown, mut left_out) = (0, Vec::new(), Vec::new());
    while let Some(event) = events.next().await {
        match event.unwrap() {
            Event::Step(step) => {
                shown.extend(step.output().map(|output| output.as_array().unwrap().len()));
                let payload = serde_json::to_value(step.payload()).unwrap();
                let provided = &payload["metadata"]["provided_metadata"];
                left_out.push((provided["chunks_left_out"].as_u64(), provided.get("workflow_run_id").is_some()));
            }
            _ => chunks += 1,
        }
    }
    assert_eq!((chunks, shown), (3_000, vec![1_000, 1_000]));
    assert_eq!(left_out, [(None, true), (None, false), (Some(2_000), false), (Some(2_000), true)]);
}

#[tokio::test(start_paused = true)]
async fn payloads_have_every_key_that_clients_know() {
    let (runtime, _lab) = runtime("workflow: {_type: user_reel, lab: LAB}").await;
    let mut events = ask(&runtime, Ask::Stream, 1).await;
    let mut payloads = String::new();
    while let Some(event) = events.next().await {
        let Ok(Event::Step(step)) = event else { continue };
        let mut payload = serde_json::to_value(step.payload()).unwrap();
        assert_eq!(payload["UUID"], step.id().to_string());
        assert_eq!(payload["event_timestamp"], step.timestamp());
        let is_end = step.kind().edge() == Edge::End;
        assert_eq!(payload["span_event_timestamp"].is_number(), is_end);
        for key in ["UUID", "event_timestamp", "span_event_timestamp"] {
            payload[key] = "…".into();
        }
        let run = payload["metadata"].get_mut("provided_metadata").into_iter();
        for run in run {
            assert_eq!(run["workflow_run_id"].as_str().unwrap().len(), 36);
            assert_eq!(run["workflow_trace_id"].as_str().unwrap().len(), 32);
            run["workflow_run_id"] = "…".into();
            run["workflow_trace_id"] = "…".into();
        }
        payloads.push_str(&payload.to_string());
        payloads.push('\n');
    }
    expect![[r#"
        {"event_type":"WORKFLOW_START","event_timestamp":"…","span_event_timestamp":"…","framework":null,"name":"user_reel","tags":null,"metadata":{"chat_responses":null,"chat_inputs":null,"tool_inputs":null,"tool_outputs":null,"tool_info":null,"span_inputs":null,"span_outputs":null,"provided_metadata":{"workflow_run_id":"…","workflow_trace_id":"…","conversation_id":null,"display_name":"<workflow>"},"tools_schema":[]},"data":{"input":{"frames":1},"output":null,"chunk":null,"payload":null},"usage_info":null,"UUID":"…"}
        {"event_type":"FUNCTION_START","event_timestamp":"…","span_event_timestamp":"…","framework":null,"name":"<workflow>","tags":null,"metadata":null,"data":{"input":{"frames":1},"output":null,"chunk":null,"payload":null},"usage_info":null,"UUID":"…"}
        {"event_type":"FUNCTION_END","event_timestamp":"…","span_event_timestamp":"…","framework":null,"name":"<workflow>","tags":null,"metadata":null,"data":{"input":{"frames":1},"output":[{"index":0}],"chunk":null,"payload":null},"usage_info":null,"UUID":"…"}
        {"event_type":"WORKFLOW_END","event_timestamp":"…","span_event_timestamp":"…","framework":null,"name":"user_reel","tags":null,"metadata":{"chat_responses":null,"chat_inputs":null,"tool_inputs":null,"tool_outputs":null,"tool_info":null,"span_inputs":null,"span_outputs":null,"provided_metadata":{"workflow_run_id":"…","workflow_trace_id":"…","conversation_id":null,"display_name":"<workflow>"},"tools_schema":[]},"data":{"input":{"frames":1},"output":[{"index":0}],"chunk":null,"payload":null},"usage_info":null,"UUID":"…"}
    "#]].assert_eq(&payloads);
}

#[test]
fn spans_beyond_the_limits_are_left_out_whole() {
    for (in_turn, limit) in [(false, TASKS_ARE_LEFT_OUT_AT), (true, TURNS_ARE_LEFT_OUT_AT)] {
        let (ctx, listener) = told();
        let turn = in_turn.then(|| listener.turn());
        let spans: Vec<_> = (0..limit + 100).map(|_| ctx.span("x", &())).collect();
        drop(spans);
        drop(turn);
        assert_eq!(listener.left_out(), 100);
        let steps = waiting(&listener);
        let ends = steps.iter().filter(|step| step.kind() == StepKind::CustomEnd).count();
        assert_eq!((steps.len(), ends), (2 * limit, limit));
        // There is room again.
        drop(ctx.span("x", &()));
        assert_eq!((waiting(&listener).len(), listener.left_out()), (2, 100));
    }
}

/// One request's turn is nobody else's: a function may read another one's steps inside its own.
#[test]
fn turns_nest() {
    let ((outer, outer_listener), (inner, inner_listener)) = (told(), told());
    let tell = |ctx: &Context| (0..TURNS_ARE_LEFT_OUT_AT).for_each(|_| drop(ctx.span("x", &())));
    let turn = outer_listener.turn();
    drop(inner_listener.turn());
    tell(&inner);
    tell(&outer);
    assert_eq!((inner_listener.waiting(), outer_listener.waiting()), (TASKS_ARE_LEFT_OUT_AT, TURNS_ARE_LEFT_OUT_AT));
    drop(turn);
}

#[tokio::test(start_paused = true)]
async fn a_call_yields_while_steps_wait_and_goes_on_without_a_reader() {
    let (ctx, listener) = told();
    assert!(listener.yield_to_reader().now_or_never().is_some());
    for _ in 0..CALLS_YIELD_AT / 2 {
        ctx.span("x", &()).finish(&());
    }
    assert!(listener.yield_to_reader().now_or_never().is_none());
    // Nobody reads, and time stands still.
    listener.yield_to_reader().await;
    assert!(listener.pop().is_some());
    assert!(listener.yield_to_reader().now_or_never().is_some());
    ctx.span("y", &()).finish(&());
    listener.close();
    assert!(listener.yield_to_reader().now_or_never().is_some());
}

#[test]
fn what_is_held_is_counted_and_returned() {
    let (ctx, listener) = told();
    let _turn = listener.turn();
    let (held, text) = (|| listener.budget().held(), "x".repeat(1 << 20));
    let spans: Vec<_> = (0..CALLS_YIELD_AT).map(|_| ctx.span(&text, &text)).collect();
    assert!(held() > VALUES && held() <= STEPS, "{}", held());
    let steps = waiting(&listener);
    assert!(!steps.is_empty() && held() > VALUES / 2, "open spans hold what their ends will repeat");
    spans.into_iter().for_each(|span| span.finish(&text));
    assert!(held() <= STEPS);
    // The queue's share is returned when a step is read, whatever its reader keeps.
    let ends = waiting(&listener);
    assert_eq!((held(), ends.len()), (0, steps.len()));
    // Texts are shared by the start and the end.
    let same = |start: &Step, end: &Step| std::ptr::eq(start.input().unwrap(), end.input().unwrap());
    assert!(steps.iter().zip(&ends).all(|(start, end)| same(start, end)));
    // What waits when the reader goes away is dropped, what is open when it ends.
    let (open, _ended) = (ctx.span("open", &text), ctx.span("ended", &text).finish(&text));
    listener.close();
    assert!(held() > 0);
    drop(open);
    assert_eq!(held(), 0);
}

/// A task that tells while the reader goes away leaves nothing in a queue that nobody reads.
#[test]
fn nothing_is_taken_after_the_reader_has_gone() {
    let (ctx, listener) = told();
    let (span, told_on) = (ctx.span("begun", &()), ctx.clone());
    listener.close();
    span.chunk("x");
    span.finish(&());
    drop(told_on.span("late", &()));
    assert_eq!((listener.waiting(), listener.budget().held(), listener.left_out()), (0, 0, 0));
}

/// Not even looked at.
struct Unwritten;

impl Serialize for Unwritten {
    fn serialize<S: serde::Serializer>(&self, _serializer: S) -> std::result::Result<S::Ok, S::Error> {
        panic!("nobody listens")
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_listener_nothing_is_written() {
    let ctx = Context::for_test(None);
    assert_eq!(ctx.listening(), Listening::Nobody);
    let mut span = ctx.span("x", &Unwritten);
    span.chunk("y");
    span.report_usage(Usage::new(1, 1));
    span.finish(&Unwritten);
    assert_eq!(ctx.usage(), Some(Usage::new(1, 1)));
}

/// The ratio, taken at its best of several rounds, is in the thousands; a tenth of a hundredth of that
/// would still show that an untold span does nothing.
#[test]
fn an_untold_span_costs_a_fraction_of_a_told_one() {
    const SPANS: u32 = 2_000;
    let time = |ctx: &Context, listener: Option<&Listener>| {
        (0..5)
            .map(|_| {
                let begun = Instant::now();
                for number in 0..SPANS {
                    ctx.span("x", std::hint::black_box(&number)).finish(&number);
                }
                let taken = begun.elapsed();
                listener.into_iter().for_each(|listener| drop(waiting(listener)));
                taken
            })
            .min()
            .unwrap()
    };
    let untold = time(&Context::for_test(None), None);
    let (ctx, listener) = told();
    let told = time(&ctx, Some(&listener));
    eprintln!("{SPANS} spans: told {told:?}, untold {untold:?}");
    assert!(told > 5 * untold, "told {told:?}, untold {untold:?}");
}

#[test]
fn kinds_have_the_names_that_filters_use() {
    let names: Vec<_> = StepKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let expected = "LLM_START LLM_END LLM_NEW_TOKEN TOOL_START TOOL_END WORKFLOW_START WORKFLOW_END TASK_START TASK_END \
                    TTC_START TTC_END FUNCTION_START FUNCTION_END CUSTOM_START CUSTOM_END SPAN_START SPAN_CHUNK SPAN_END";
    let mut expected: Vec<_> = expected.split(' ').collect();
    let mut sorted = names.clone();
    expected.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
}
