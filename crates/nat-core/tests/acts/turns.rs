//! A function gets its turn, and its answer comes, whatever is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::stream::BoxStream;
use nat_core::{CancellationToken, Context, Edge, Error, Event, EventStream, Step, StepKind, stream};
use tokio::task::{JoinSet, block_in_place, yield_now};

use super::{ends, runtime, steps_of, streams, told, told_stream};

const ONE: &str = "workflow: {_type: actor, act: ACT}";
const LEAF: &str = "{functions: {leaf: {_type: actor, act: ACT}}, workflow: {_type: actor, act: ACT}}";
/// No more steps than this may come before something that does not wait for them.
const FEW: usize = 4_000;

/// A task that tells without end, in bursts, as long as the result lives.
fn tell_on(ctx: &Context, burst: usize) -> impl Drop + Send + use<> {
    let (ctx, stop) = (ctx.clone(), CancellationToken::new());
    let stopped = stop.clone();
    tokio::spawn(async move {
        while !stopped.is_cancelled() {
            (0..burst).for_each(|_| ctx.span("tick", &()).finish(&()));
            yield_now().await;
        }
    });
    stop.drop_guard()
}

/// Reads until something that is no step; says how many steps came before.
async fn next_but_steps(events: &mut EventStream) -> (usize, Option<Result<Event, nat_core::CallError>>) {
    let mut steps = 0;
    loop {
        match events.next().await {
            Some(Ok(Event::Step(_))) => steps += 1,
            other => return (steps, other),
        }
        assert!(steps < FEW, "nothing but steps");
        yield_now().await;
    }
}

/// Every start has its end, and no end comes alone.
fn assert_paired(steps: &[Step]) {
    let mut open = HashMap::new();
    for step in steps {
        match step.kind().edge() {
            Edge::Start => assert!(open.insert(step.id(), step.name().to_owned()).is_none()),
            Edge::End => assert!(open.remove(&step.id()).is_some(), "{step:?}"),
            Edge::Between => assert!(open.contains_key(&step.id()), "{step:?}"),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Answer,
    Failure,
    Panic,
}

/// A function that awaits a few times, beside a task of its own that outlives it and tells without end.
async fn an_answer_comes_beside_a_task_that_tells(burst: usize, awaits: usize, outcome: Outcome) {
    let kept = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let keep = kept.clone();
    let runtime = runtime(ONE, move |_, ctx, input| {
        let keep = keep.clone();
        async move {
            keep.lock().push(tell_on(&ctx, burst));
            for _ in 0..awaits {
                yield_now().await;
            }
            match outcome {
                Outcome::Answer => Ok(input),
                Outcome::Failure => Err(Error::runtime("refused")),
                Outcome::Panic => panic!("asked to"),
            }
        }
        .boxed()
    })
    .await;
    let mut events = told(&runtime, "x").await;
    let (_, answer) = next_but_steps(&mut events).await;
    match (outcome, answer) {
        (Outcome::Answer, Some(Ok(Event::Output(_)))) => {
            let (_, end) = next_but_steps(&mut events).await;
            assert!(end.is_none(), "{end:?}");
        }
        (Outcome::Failure | Outcome::Panic, Some(Err(_))) => {}
        (_, answer) => panic!("{outcome:?}: {answer:?}"),
    }
    assert!(!kept.lock().is_empty(), "the task still tells");
    assert!(events.next().await.is_none());
}

async fn answers_come_beside_tasks_that_tell() {
    for outcome in [Outcome::Answer, Outcome::Failure, Outcome::Panic] {
        for burst in [1, 10] {
            an_answer_comes_beside_a_task_that_tells(burst, 0, outcome).await;
            an_answer_comes_beside_a_task_that_tells(burst, 20, outcome).await;
        }
    }
}

#[tokio::test]
async fn answers_come_beside_tasks_that_tell_on_one_thread() {
    answers_come_beside_tasks_that_tell().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn answers_come_beside_tasks_that_tell_on_one_worker() {
    tokio::spawn(answers_come_beside_tasks_that_tell()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_come_beside_tasks_that_tell_on_two_workers() {
    tokio::spawn(answers_come_beside_tasks_that_tell()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_come_beside_tasks_that_tell_on_four_workers() {
    tokio::spawn(answers_come_beside_tasks_that_tell()).await.unwrap();
}

#[tokio::test]
async fn chunks_come_beside_tasks_that_tell() {
    let runtime = streams(ONE, |_, ctx, _| {
        let chunks: BoxStream<'static, _> = Box::pin(stream! {
            let _telling = tell_on(&ctx, 3);
            for index in 0..5 {
                for _ in 0..3 {
                    yield_now().await;
                }
                yield index.to_string();
            }
        });
        chunks
    })
    .await;
    let mut events = told_stream(&runtime, "x").await;
    for index in 0..5 {
        match next_but_steps(&mut events).await {
            (_, Some(Ok(Event::Chunk(chunk)))) => assert_eq!(chunk.into_text().unwrap(), index.to_string()),
            (_, other) => panic!("{other:?}"),
        }
    }
    assert!(next_but_steps(&mut events).await.1.is_none());
}

/// The function's calls, more than may wait, in each of the ways by which their reader cannot read meanwhile.
#[test]
fn calls_do_not_wait_for_a_reader_who_is_blocked() {
    const CALLS: usize = 1_200;
    type Calls = fn(Context) -> nat_core::Result<()>;
    let blocked: [(&str, Calls); 4] = [
        ("calls inside block_on", |ctx| {
            let leaf = ctx.get_function::<String, String>("leaf")?;
            tokio::runtime::Handle::current().block_on(async {
                for _ in 0..CALLS {
                    leaf.call(&ctx, "x".to_owned()).await?;
                }
                Ok(())
            })
        }),
        ("streams inside block_on", |ctx| {
            let leaf = ctx.get_streaming_function::<String, String>("leaf")?;
            tokio::runtime::Handle::current().block_on(async {
                for _ in 0..CALLS {
                    leaf.stream(&ctx, "x".to_owned()).all().await?;
                }
                Ok(())
            })
        }),
        ("a join of tasks that call", |ctx| {
            let leaf = ctx.get_function::<String, String>("leaf")?;
            let mut tasks = JoinSet::new();
            for _ in 0..CALLS {
                let (leaf, ctx) = (leaf.clone(), ctx.clone());
                tasks.spawn(async move { leaf.call(&ctx, "x".to_owned()).await });
            }
            tokio::runtime::Handle::current()
                .block_on(tasks.join_all())
                .into_iter()
                .try_for_each(|called| called.map(drop))
        }),
        ("a lock of a task that calls", |ctx| {
            let leaf = ctx.get_function::<String, String>("leaf")?;
            let lock = Arc::new(tokio::sync::Mutex::new(()));
            let locked = lock.clone().try_lock_owned()?;
            tokio::spawn(async move {
                for _ in 0..CALLS {
                    leaf.call(&ctx, "x".to_owned()).await.unwrap();
                }
                drop(locked);
            });
            drop(lock.blocking_lock());
            Ok(())
        }),
    ];
    for (what, blocked) in blocked {
        let work = async move {
            let runtime = runtime(LEAF, move |name, ctx, input| {
                async move {
                    if name != "leaf" {
                        block_in_place(|| blocked(ctx))?;
                    }
                    Ok(input)
                }
                .boxed()
            })
            .await;
            assert_paired(&steps_of(told(&runtime, "x").await).await);
        };
        assert!(ends(4, work), "{what} waits for good");
    }
}

#[tokio::test]
async fn what_is_left_out_is_left_out_whole_and_counted() {
    const SPANS: usize = 10_000;
    let runtime = runtime(ONE, |_, ctx, input| {
        async move {
            for _ in 0..SPANS {
                let span = ctx.llm_span("model", &());
                span.chunk("token");
                span.finish(&());
            }
            Ok(input)
        }
        .boxed()
    })
    .await;
    let mut events = told(&runtime, "x").await;
    let mut steps = Vec::new();
    while let Some(event) = events.next().await {
        if let Event::Step(step) = event.unwrap() {
            steps.push(step);
        }
    }
    assert_paired(&steps);
    assert!(steps.len() < 5_000, "{} steps waited", steps.len());
    let spans = steps.iter().filter(|step| step.kind() == StepKind::LlmStart).count();
    let pieces = steps.iter().filter(|step| step.kind() == StepKind::LlmNewToken).count();
    let left_out = events.steps_left_out();
    assert!(spans > 1_000 && spans < SPANS);
    // A span that is left out takes its pieces with it; the last one let in may have lost its piece.
    let lost = u64::try_from(SPANS - spans + (spans - pieces)).unwrap();
    assert_eq!(left_out, lost);
    let last = steps.last().unwrap();
    assert_eq!((last.kind(), last.steps_left_out()), (StepKind::WorkflowEnd, left_out));
    let payload = serde_json::to_value(last.payload()).unwrap();
    assert_eq!(payload["metadata"]["provided_metadata"]["steps_left_out"], left_out);
    assert!(steps[..steps.len() - 1].iter().all(|step| step.steps_left_out() == 0));
}

/// Calls on the function's own task, however many, let the reader read in between.
#[tokio::test]
async fn a_function_that_makes_many_calls_lets_its_reader_read() {
    const CALLS: usize = 5_000;
    for at_once in [false, true] {
        let ahead = Arc::new(AtomicUsize::new(0));
        let made = ahead.clone();
        let runtime = runtime(LEAF, move |name, ctx, input| {
            let made = made.clone();
            async move {
                if name == "leaf" {
                    made.fetch_add(1, Ordering::SeqCst);
                    return Ok(input);
                }
                let leaf = ctx.get_function::<String, String>("leaf")?;
                if at_once {
                    let call = |_| leaf.call(&ctx, "x".to_owned());
                    futures_util::future::try_join_all((0..CALLS).map(call)).await?;
                } else {
                    for _ in 0..CALLS {
                        leaf.call(&ctx, "x".to_owned()).await?;
                    }
                }
                Ok(input)
            }
            .boxed()
        })
        .await;
        let mut events = told(&runtime, "x").await;
        let (mut steps, mut ended) = (Vec::new(), 0);
        while let Some(event) = events.next().await {
            if let Event::Step(step) = event.unwrap() {
                ended += usize::from(step.kind() == StepKind::FunctionEnd);
                steps.push(step);
            }
            assert!(ahead.load(Ordering::SeqCst) <= ended + 500, "the function does not run far ahead");
        }
        assert_eq!((steps.len(), events.steps_left_out()), (2 * CALLS + 4, 0));
        assert_paired(&steps);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_many_tasks_are_told_or_counted() {
    const CALLS: usize = 2_000;
    let runtime = runtime(LEAF, |name, ctx, input| {
        async move {
            if name == "leaf" {
                yield_now().await;
                return Ok(input);
            }
            let leaf = ctx.get_function::<String, String>("leaf")?;
            let mut tasks = JoinSet::new();
            for _ in 0..CALLS {
                let (leaf, ctx) = (leaf.clone(), ctx.clone());
                tasks.spawn(async move { leaf.call(&ctx, "x".to_owned()).await });
            }
            tasks.join_all().await.into_iter().collect::<nat_core::Result<Vec<_>>>()?;
            Ok(input)
        }
        .boxed()
    })
    .await;
    let mut events = told(&runtime, "x").await;
    let mut steps = Vec::new();
    while let Some(event) = events.next().await {
        if let Event::Step(step) = event.unwrap() {
            steps.push(step);
        }
    }
    assert_paired(&steps);
    let left_out = usize::try_from(events.steps_left_out()).unwrap();
    assert_eq!(steps.len() + 2 * left_out, 2 * CALLS + 4);
}
