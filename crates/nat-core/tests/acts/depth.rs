//! Functions that call each other end before the stack does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use nat_core::{Context, Error, ErrorKind, Event, FunctionHandle, Result, Runtime, UserId, stream};
use serde_json::Value;

use super::{Act, session, start, told, told_stream};

const FILE: &str = "
functions: {again: {_type: actor, act: ACT}, common: {_type: shared_actor, act: ACT}}
function_groups: {troupe: {_type: troupe, act: ACT, include: [play]}}
workflow: {_type: actor, act: ACT}";

/// The largest value of `general.max_call_depth`.
const LARGEST: usize = 128;

fn limited(depth: usize) -> String {
    format!("general: {{max_call_depth: {depth}}}\n{FILE}")
}

type Again = fn(Context, String, Held) -> BoxFuture<'static, Result<String>>;
/// A handle that a function keeps from one call to the next.
type Held = Arc<OnceLock<FunctionHandle<String, String>>>;

/// Every way by which a function calls a function; each leads back to the one that goes it.
const WAYS: [(&str, Again); 11] = [
    ("get_function", |ctx, input, _| Box::pin(async move { ctx.get_function("again")?.call(&ctx, input).await })),
    ("a shared function", |ctx, input, _| Box::pin(async move { ctx.get_function("common")?.call(&ctx, input).await })),
    ("a handle that is held", |ctx, input, held| {
        Box::pin(async move {
            let again = ctx.get_function("again")?;
            held.get_or_init(|| again).call(&ctx, input).await
        })
    }),
    ("get_dyn_function", |ctx, input, _| {
        Box::pin(async move {
            let output = ctx.get_dyn_function("again")?.call(&ctx, Value::String(input)).await?;
            Ok(output.as_str().unwrap_or_default().to_owned())
        })
    }),
    ("call_text", |ctx, input, _| {
        Box::pin(async move { ctx.get_dyn_function("again")?.call_text(&ctx, &input).await })
    }),
    ("a stream of JSON", |ctx, input, _| {
        Box::pin(async move {
            let chunks = ctx.get_dyn_function("again")?.stream(&ctx, Value::String(input))?.all().await?;
            Ok(chunks.iter().filter_map(Value::as_str).collect())
        })
    }),
    ("get_streaming_function", |ctx, input, _| {
        Box::pin(async move {
            let again = ctx.get_streaming_function::<String, String>("again")?;
            Ok(again.stream(&ctx, input).all().await?.concat())
        })
    }),
    ("a function of a group", |ctx, input, _| {
        Box::pin(async move { ctx.get_function_group("troupe")?.function("play")?.call(&ctx, input).await })
    }),
    ("a function of a group by its full name", |ctx, input, _| {
        Box::pin(async move { ctx.get_function("troupe__play")?.call(&ctx, input).await })
    }),
    ("a stream of a group", |ctx, input, _| {
        Box::pin(async move {
            let chunks = ctx.get_function_group("troupe")?.dyn_function("play")?.stream(&ctx, Value::String(input))?;
            Ok(chunks.all().await?.iter().filter_map(Value::as_str).collect())
        })
    }),
    ("a task of its own", |ctx, input, _| {
        Box::pin(async move {
            let again = ctx.get_function::<String, String>("again")?;
            tokio::spawn(async move { again.call(&ctx, input).await }).await?
        })
    }),
];

/// Where the stack is, as near as safe code can tell.
#[inline(never)]
fn stack() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

/// Functions that call on until `again` has been made so many times. Counts calls, and the stack between first and last.
async fn recursing(file: &str, again: Again, calls: usize) -> (Runtime, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let [count, top, used] = std::array::from_fn(|_| Arc::new(AtomicUsize::new(0)));
    let held = Held::default();
    let (counting, used_by) = (count.clone(), used.clone());
    let step = Arc::new(move |ctx: Context, input: String| -> BoxFuture<'static, Result<String>> {
        let at = counting.fetch_add(1, Ordering::SeqCst);
        if at % LARGEST == 0 {
            top.store(stack(), Ordering::SeqCst);
        }
        used_by.fetch_max(top.load(Ordering::SeqCst).saturating_sub(stack()), Ordering::SeqCst);
        if at + 1 < calls { again(ctx, input, held.clone()) } else { async move { Ok(input) }.boxed() }
    });
    let playing = step.clone();
    let act = Act {
        // Inside of the poll, so that the stack is that of a call.
        call: Arc::new(move |_, ctx, input| {
            let step = step.clone();
            async move { step(ctx, input).await }.boxed()
        }),
        play: Arc::new(move |_, ctx, input| {
            let step = playing.clone();
            stream! { yield step(ctx, input).await?; }.boxed()
        }),
    };
    (start(file, act).await, count, used)
}

/// One call without steps, one with, and a stream with: what comes of it.
async fn outcomes(runtime: &Runtime) -> Vec<Result<(), String>> {
    let workflow = runtime.workflow(&nat_core::EntryName::Workflow).unwrap();
    let plain = session(runtime).await.call(None, workflow.decode_text("x").unwrap()).await;
    let mut outcomes = vec![plain.map(drop).map_err(|error| error.to_string())];
    for mut events in [told(runtime, "x").await, told_stream(runtime, "x").await] {
        let mut outcome = Ok(());
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Output(_) | Event::Chunk(_) | _) => {}
                Err(error) => outcome = Err(error.to_string()),
            }
        }
        outcomes.push(outcome);
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recursion_ends_with_an_error_that_shows_the_path() {
    for (way, again) in WAYS {
        tokio::spawn(async move {
            let (runtime, count, _) = recursing(FILE, again, usize::MAX).await;
            for (round, outcome) in outcomes(&runtime).await.into_iter().enumerate() {
                let error = outcome.unwrap_err();
                let name = match way {
                    "a shared function" => "common",
                    _ if way.contains("group") => "troupe__play",
                    _ => "again",
                };
                let path = format!("<workflow> -> {name} -> {name} -> {name} -> ... -> {name} -> {name} -> {name} -> {name} -> {name}");
                let expected = format!(
                    "functions call each other too deeply: {path}; `general.max_call_depth` allows 64 inside each other: \
                     end the recursion, or raise the limit"
                );
                assert_eq!(error, expected, "{way}, round {round}");
            }
            assert_eq!(count.load(Ordering::SeqCst), 3 * 64, "{way}");
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn the_error_is_a_runtime_error_and_may_be_caught() {
    let (runtime, count, _) = recursing(
        &limited(3),
        |ctx, input, _| {
            Box::pin(async move {
                let again = ctx.get_function::<String, String>("again")?;
                match again.call(&ctx, input).await {
                    Err(error) if error.kind() == &ErrorKind::Runtime => Ok(error.public_message().unwrap().to_owned()),
                    other => other,
                }
            })
        },
        usize::MAX,
    )
    .await;
    let workflow = runtime.workflow(&nat_core::EntryName::Workflow).unwrap();
    for _ in 0..2 {
        let output = session(&runtime).await.call(None, workflow.decode_text("x").unwrap()).await.unwrap();
        let text = output.into_text().unwrap();
        assert!(text.contains(": <workflow> -> again -> again -> again; `general.max_call_depth` allows 3 "), "{text}");
    }
    // Calls that have ended do not count.
    assert_eq!(count.load(Ordering::SeqCst), 2 * 3);
}

#[tokio::test]
async fn as_many_functions_as_the_file_says_are_inside_each_other() {
    for depth in [1, 2, 5] {
        for (way, again) in WAYS {
            let (runtime, count, _) = recursing(&limited(depth), again, depth).await;
            let workflow = runtime.workflow(&nat_core::EntryName::Workflow).unwrap();
            let called = session(&runtime).await.call(None, workflow.decode_text("x").unwrap()).await;
            assert!(called.is_ok(), "{way}, {depth}: {called:?}");
            assert_eq!(count.load(Ordering::SeqCst), depth, "{way}");
            let (runtime, ..) = recursing(&limited(depth), again, depth + 1).await;
            let called = session(&runtime).await.call(None, workflow.decode_text("x").unwrap()).await;
            assert!(called.is_err(), "{way}, {depth}");
        }
    }
}

/// Calls beside each other, and one after another, are no deeper than one.
#[tokio::test]
async fn only_calls_inside_each_other_count() {
    let (runtime, count, _) = recursing(
        &limited(2),
        |ctx, input, _| {
            Box::pin(async move {
                if input == "leaf" {
                    return Ok(input);
                }
                let again = ctx.get_function::<String, String>("again")?;
                let call = |_| again.call(&ctx, "leaf".to_owned());
                futures_util::future::try_join_all((0..100).map(call)).await?;
                for at in 0..100 {
                    call(at).await?;
                }
                Ok(input)
            })
        },
        usize::MAX,
    )
    .await;
    for outcome in outcomes(&runtime).await {
        outcome.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 3 * 201);
}

/// The largest limit holds on a worker's stack of 2 MiB, also in a debug build.
#[test]
fn the_largest_limit_fits_a_workers_stack() {
    const STACK: usize = 2 << 20;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .unwrap();
    for (way, again) in WAYS {
        let used = tokio.block_on(async move {
            let ended = tokio::spawn(async move {
                let (runtime, count, used) = recursing(&limited(LARGEST), again, usize::MAX).await;
                for outcome in outcomes(&runtime).await {
                    assert!(outcome.unwrap_err().contains("allows 128 "));
                }
                assert_eq!(count.load(Ordering::SeqCst), 3 * LARGEST);
                used.load(Ordering::SeqCst)
            });
            ended.await.unwrap()
        });
        println!("{way}: {} bytes of stack for a call", used / LARGEST);
        // What is left is for what the functions themselves put on the stack.
        assert!(used < STACK / 4 * 3, "{way}: {used}");
    }
}

#[tokio::test]
async fn handles_for_unit_tests_end_too() {
    static AGAIN: OnceLock<FunctionHandle<String, String>> = OnceLock::new();
    let again = nat_core::from_fn((), |_, ctx, text: String| async move {
        AGAIN.get().ok_or_else(|| Error::runtime("not set"))?.call(&ctx.clone(), text).await
    });
    let again = AGAIN.get_or_init(|| FunctionHandle::for_test(again));
    let error = again.call(&Context::for_test(Some(UserId::derived("a"))), String::new()).await.unwrap_err();
    assert!(error.to_string().contains("general.max_call_depth"), "{error}");
}
