//! What the steps of one request hold, measured by the allocator: nobody reads while the function tells.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use futures_util::{FutureExt, StreamExt};
use nat_core::{Context, Event, Result, Runtime, Step, StepKind, stream};

use super::{runtime, steps_of, streams, told, told_stream};

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait; this one only counts and passes on")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const MIB: usize = 1 << 20;
/// What the steps of a request may hold, and what the tests' own functions do.
const LITTLE: usize = 12 * MIB;
const CALLS: usize = 120;
const ONE: &str = "workflow: {_type: actor, act: ACT}";
const LEAF: &str = "{functions: {leaf: {_type: actor, act: ACT}}, workflow: {_type: actor, act: ACT}}";

/// The most bytes that were held during `work`, beyond those before it.
async fn most_held<T>(work: impl Future<Output = T>) -> (usize, T) {
    let before = HELD.get();
    MOST.set(before);
    let result = work.await;
    (usize::try_from(MOST.get() - before).unwrap(), result)
}

/// Runs the call to its end, reading steps only when the function cannot go on; gives what was held at most.
async fn held_by(runtime: &Runtime, input: &str) -> usize {
    let events = told(runtime, input).await;
    let (most, mut events) = most_held(async move {
        let mut events = events;
        while let Some(event) = events.next().await {
            drop(event.unwrap());
        }
        events
    })
    .await;
    assert!(events.next().await.is_none());
    most
}

async fn running(work: fn(Context) -> Result<()>) -> Runtime {
    runtime(ONE, move |_, ctx, input| async move { work(ctx).map(|()| input) }.boxed()).await
}

#[tokio::test]
async fn a_large_input_through_many_functions_is_held_a_few_times() {
    let runtime = runtime(LEAF, |name, ctx, input| {
        async move {
            if name == "leaf" {
                return Ok(input);
            }
            let leaf = ctx.get_function::<String, String>("leaf")?;
            let mut text = input;
            for _ in 0..CALLS {
                text = leaf.call(&ctx, text).await?;
            }
            Ok(text)
        }
        .boxed()
    })
    .await;
    let most = held_by(&runtime, &"x".repeat(MIB)).await;
    println!("{CALLS} calls with a MiB: {} KiB held", most >> 10);
    assert!(most < LITTLE, "{} MiB", most / MIB);
}

/// The starts are told before the first end: each function waits for the next one.
#[tokio::test]
async fn a_large_input_through_functions_inside_each_other_is_held_a_few_times() {
    const DEPTH: usize = 40;
    let links = (0..DEPTH).map(|at| format!("f{at}: {{_type: actor, act: ACT}}")).collect::<Vec<_>>().join(", ");
    let file = format!("{{functions: {{{links}}}, workflow: {{_type: actor, act: ACT}}}}");
    for streamed in [false, true] {
        let file = file.as_str();
        let next = |name: &str| match name.strip_prefix('f') {
            None => Some("f0".to_owned()),
            Some(at) => Some(at.parse::<usize>().unwrap() + 1).filter(|at| *at < DEPTH).map(|at| format!("f{at}")),
        };
        let (most, steps) = if streamed {
            let runtime = streams(file, move |name, ctx, input| {
                let next = next(&name);
                Box::pin(stream! {
                    match next {
                        None => yield input,
                        Some(next) => {
                            let next = ctx.get_streaming_function::<String, String>(next)?;
                            let mut chunks = next.stream(&ctx, input);
                            while let Some(chunk) = chunks.next().await {
                                yield chunk?;
                            }
                        }
                    }
                })
            })
            .await;
            most_held(steps_of(told_stream(&runtime, &"x".repeat(MIB)).await)).await
        } else {
            let runtime = runtime(file, move |name, ctx, input| {
                let next = next(&name);
                async move {
                    match next {
                        None => Ok(input),
                        Some(next) => ctx.get_function::<String, String>(next)?.call(&ctx, input).await,
                    }
                }
                .boxed()
            })
            .await;
            most_held(steps_of(told(&runtime, &"x".repeat(MIB)).await)).await
        };
        assert_eq!(steps.len(), 2 * DEPTH + 4, "all are told");
        // The test keeps the steps, which hold what was shown and read.
        println!("{DEPTH} functions inside each other, streamed {streamed}: {} KiB held", most >> 10);
        assert!(most < 2 * LITTLE, "{} MiB, streamed {streamed}", most / MIB);
    }
}

#[tokio::test]
async fn whatever_a_span_is_given_is_bounded() {
    type Work = fn(Context) -> Result<()>;
    let works: [(&str, Work); 7] = [
        ("names", |ctx| {
            let name = "x".repeat(MIB);
            (0..CALLS).for_each(|_| ctx.span(&name, &()).finish(&()));
            Ok(())
        }),
        ("inputs and outputs", |ctx| {
            let text = "x".repeat(MIB);
            (0..CALLS).for_each(|_| ctx.tool_span("tool", &text).finish(&text));
            Ok(())
        }),
        ("pieces", |ctx| {
            let (text, span) = ("x".repeat(MIB), ctx.llm_span("model", &()));
            (0..CALLS).for_each(|_| span.chunk(&text));
            span.finish(&());
            Ok(())
        }),
        ("numbers, whose trees are larger than their text", |ctx| {
            let numbers = vec![0_u8; MIB / 2];
            (0..CALLS).for_each(|_| ctx.span("numbers", &numbers).finish(&numbers));
            Ok(())
        }),
        ("small objects", |ctx| {
            let objects = vec![std::collections::BTreeMap::from([("a", 1)]); 5_000];
            (0..CALLS).for_each(|_| ctx.span("objects", &objects).finish(&objects));
            Ok(())
        }),
        ("spans that stay open", |ctx| {
            let text = "x".repeat(1_000);
            // What is left out is still a value of the function's own.
            let spans: Vec<_> = (0..20_000).map(|_| ctx.span("open", &text)).collect();
            spans.into_iter().for_each(|span| span.finish(&text));
            Ok(())
        }),
        ("one value that is larger than all", |ctx| {
            let numbers = vec![0_u8; 8 * MIB];
            ctx.span("numbers", &numbers).finish(&numbers);
            Ok(())
        }),
    ];
    for (what, work) in works {
        let most = held_by(&running(work).await, "x").await;
        println!("{what}: {} KiB held", most >> 10);
        assert!(most < LITTLE, "{what}: {} MiB", most / MIB);
    }
}

/// Spans whose starts are read while they are open, and whose ends all come at once.
#[tokio::test]
async fn ends_that_come_at_once_are_bounded() {
    const SPANS: usize = 100_000;
    let runtime = runtime(ONE, |_, ctx, input| {
        async move {
            let mut spans = Vec::with_capacity(SPANS);
            for at in 0..SPANS {
                spans.push(ctx.span("open", &at));
                if at % 50 == 0 {
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                }
            }
            Ok(input)
        }
        .boxed()
    })
    .await;
    let most = held_by(&runtime, "x").await;
    println!("{SPANS} ends at once: {} KiB held", most >> 10);
    assert!(most < LITTLE, "{} MiB", most / MIB);
}

#[tokio::test]
async fn the_ends_of_streams_inside_each_other_are_bounded() {
    let runtime = streams(LEAF, |name, ctx, _| {
        Box::pin(stream! {
            if name == "leaf" {
                for _ in 0..CALLS {
                    yield "x".repeat(MIB / 8);
                }
            } else {
                let leaf = ctx.get_streaming_function::<String, String>("leaf")?;
                let streams = (0..CALLS).map(|_| leaf.stream(&ctx, String::new()));
                let mut chunks = futures_util::stream::iter(streams).flatten_unordered(None);
                while let Some(chunk) = chunks.next().await {
                    chunk?;
                }
                yield String::new();
            }
        })
    })
    .await;
    let mut events = told_stream(&runtime, "x").await;
    let (most, ends) = most_held(async {
        let mut ends = 0;
        while let Some(event) = events.next().await {
            if let Event::Step(step) = event.unwrap() {
                ends += usize::from(step.kind() == StepKind::FunctionEnd);
            }
        }
        ends
    })
    .await;
    println!("{CALLS} streams at once: {} KiB held", most >> 10);
    assert!(most < LITTLE, "{} MiB", most / MIB);
    assert_eq!(ends, CALLS + 1);
}

/// A value that does not fit leaves its start and end where they are, and says so.
#[tokio::test]
async fn what_does_not_fit_is_marked() {
    let runtime = running(|ctx| {
        ctx.span("large", &vec![0_u8; 8 * MIB]).finish("done");
        ctx.span("small", "x").finish(&vec![0_u8; 8 * MIB]);
        Ok(())
    })
    .await;
    let steps = steps_of(told(&runtime, "x").await).await;
    let marked = |step: &Step| {
        let payload = serde_json::to_value(step.payload()).unwrap();
        let provided = &payload["metadata"]["provided_metadata"];
        (provided["input_left_out"] == true, provided["output_left_out"] == true)
    };
    let seen: Vec<_> = steps.iter().map(|step| (step.name(), marked(step))).collect();
    let large = ("large", (true, false));
    assert_eq!(seen[2..6], [large, large, ("small", (false, false)), ("small", (false, true))]);
    assert!(steps[2].input().unwrap().as_str().unwrap().starts_with("(left out: "));
    assert_eq!((steps[3].output().unwrap(), steps[5].input().unwrap()), (&"done".into(), &"x".into()));
    // What was read makes room.
    assert_eq!(seen[6..], [("<workflow>", (false, false)), ("actor", (false, false))]);
}
