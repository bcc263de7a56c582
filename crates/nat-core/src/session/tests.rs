//! Answers in pieces: what holds while they are read, and after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Semaphore;

use super::{CallError, Chunk, OutputStream, Session};
use crate::testing::reels::{inputs_written, runtime};
use crate::testing::{Lab, Step, until, user};
use crate::{EntryName, Error, ErrorKind, Runtime, Usage, UserReport};

const REEL: &str = "workflow: {_type: user_reel, lab: LAB}";
const SECOND: Duration = Duration::from_secs(1);

async fn open(runtime: &Runtime) -> Session {
    let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
    workflow.open(Some(user("alice"))).await.unwrap()
}

fn input(runtime: &Runtime, frames: u32) -> super::Input {
    let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
    workflow.decode(format!(r#"{{"frames":{frames}}}"#).as_bytes()).unwrap()
}

async fn play(runtime: &Runtime, frames: u32) -> OutputStream {
    open(runtime).await.stream(None, input(runtime, frames))
}

fn text(chunk: Option<Result<Chunk, CallError>>) -> String {
    chunk.expect("there is one more").unwrap().into_text().unwrap()
}

fn of_function(error: CallError) -> Error {
    match error {
        CallError::Function(error) => error,
        CallError::Panicked { .. } => panic!("the function did not panic"),
    }
}

fn report(runtime: &Runtime) -> UserReport {
    runtime.users(None).remove(0)
}

/// What the monitor says: running, finished, failed.
fn counts(runtime: &Runtime) -> (usize, u64, u64) {
    let report = report(runtime);
    (report.active_requests, report.total_requests, report.error_count)
}

fn produced(lab: &Lab) -> u64 {
    lab.produced.load(Ordering::SeqCst)
}

fn dropped(lab: &Lab) -> u64 {
    lab.streams_dropped.load(Ordering::SeqCst)
}

/// Before the frame of that index, `step`; before the others nothing.
fn before_frame(lab: &Lab, index: u64, step: Step) {
    let frames = std::sync::atomic::AtomicU64::new(0);
    lab.call(move |_, _| match frames.fetch_add(1, Ordering::SeqCst) {
        at if at == index => step.clone(),
        _ => Step::Pass,
    });
}

#[tokio::test(start_paused = true)]
async fn chunks_come_in_order_and_end() {
    let (runtime, lab) = runtime(REEL).await;
    let mut stream = play(&runtime, 3).await;
    for index in 0..3 {
        assert_eq!(text(stream.next().await), format!(r#"{{"index":{index}}}"#));
    }
    assert!(stream.next().await.is_none() && stream.next().await.is_none());
    assert_eq!((produced(&lab), dropped(&lab)), (3, 1));
    assert_eq!(stream.usage(), Some(Usage::new(3, 6)));
    drop(stream);
    assert_eq!(counts(&runtime), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_single_function_streams_one_chunk() {
    let (runtime, _lab) = runtime("workflow: {_type: user_part, lab: LAB}").await;
    let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
    let mut stream = open(&runtime).await.stream(None, workflow.decode(b"{}").unwrap());
    assert_eq!(text(stream.next().await), r#"{"calls":1}"#);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.usage(), None);
}

#[tokio::test(start_paused = true)]
async fn a_function_of_a_group_streams_one_chunk() {
    let file = "
        general: {front_end: {_type: fastapi, endpoints: [{path: /push, method: POST, description: '', function_name: pair__push}]}}
        function_groups: {pair: {_type: user_group, include: [push]}}
        workflow: {_type: user_part, lab: LAB}
    ";
    let (runtime, _lab) = runtime(file).await;
    let push = runtime.workflow(&EntryName::Function("pair__push".to_owned())).unwrap();
    let session = push.open(Some(user("alice"))).await.unwrap();
    let mut stream = session.stream(None, push.decode(br#"{"item":"x"}"#).unwrap());
    assert_eq!(text(stream.next().await), "push:x");
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_single_call_is_what_the_function_says() {
    let single = async |file: &str| {
        let (runtime, lab) = runtime(file).await;
        let output = open(&runtime).await.call(None, input(&runtime, 4)).await;
        (output.map(|output| String::from_utf8(output.into_json().unwrap().to_vec()).unwrap()), produced(&lab))
    };
    assert_eq!(single(REEL).await.0.unwrap(), r#"{"value":"4 frames"}"#);
    let (folded, produced) = single("workflow: {_type: shared_reel, lab: LAB}").await;
    assert_eq!((folded.unwrap().as_str(), produced), (r#"{"index":4}"#, 4));
    let (refused, produced) = single("workflow: {_type: bare_reel, lab: LAB}").await;
    let error = of_function(refused.unwrap_err());
    assert_eq!(error.kind(), &ErrorKind::Value);
    assert_eq!(error.public_message(), Some("Cannot get a single output value for streaming workflows"));
    assert_eq!(produced, 0, "nothing was streamed");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_last_item_and_counts() {
    let (runtime, lab) = runtime(REEL).await;
    before_frame(&lab, 2, Step::Fail);
    let mut stream = play(&runtime, 9).await;
    assert_eq!(text(stream.next().await), r#"{"index":0}"#);
    assert_eq!(text(stream.next().await), r#"{"index":1}"#);
    let error = of_function(stream.next().await.unwrap().unwrap_err());
    assert_eq!(error.message(), "refused");
    assert_eq!(dropped(&lab), 1, "the function's stream is gone with its error");
    assert!(stream.next().await.is_none());
    assert_eq!(counts(&runtime), (1, 0, 0), "the session is held until the stream is dropped");
    drop(stream);
    assert_eq!(counts(&runtime), (0, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_the_stream_and_not_the_instance() {
    let (runtime, lab) = runtime(REEL).await;
    before_frame(&lab, 1, Step::Panic);
    let mut stream = play(&runtime, 3).await;
    assert_eq!(text(stream.next().await), r#"{"index":0}"#);
    assert!(matches!(stream.next().await, Some(Err(CallError::Panicked { .. }))));
    assert!(stream.next().await.is_none());
    drop(stream);
    assert_eq!((counts(&runtime), dropped(&lab)), ((0, 1, 1), 1));
    lab.call(|_, _| Step::Pass);
    assert_eq!(text(play(&runtime, 1).await.next().await), r#"{"index":0}"#);
    assert_eq!(runtime.totals().built, 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_leaves_drops_the_stream_and_gives_everything_back() {
    let (runtime, lab) = runtime(REEL).await;
    before_frame(&lab, 1, Step::Hang);
    let mut stream = play(&runtime, 3).await;
    assert_eq!(text(stream.next().await), r#"{"index":0}"#);
    assert!(stream.next().now_or_never().is_none(), "the function waits");
    assert_eq!((counts(&runtime), dropped(&lab)), ((1, 0, 0), 0));
    drop(stream);
    assert_eq!(dropped(&lab), 1);
    assert_eq!(counts(&runtime), (0, 1, 0), "a reader who leaves is no failure of the function");
}

#[tokio::test(start_paused = true)]
async fn streams_take_turns_as_calls_do() {
    let (runtime, _lab) = runtime("{general: {max_running_calls: 1}, workflow: {_type: user_reel, lab: LAB}}").await;
    let first = play(&runtime, 3).await;
    let second = tokio::spawn({
        let runtime = runtime.clone();
        async move { text(play(&runtime, 1).await.next().await) }
    });
    tokio::time::sleep(SECOND).await;
    assert!(!second.is_finished(), "a stream that nobody reads still has its turn");
    drop(first);
    assert_eq!(second.await.unwrap(), r#"{"index":0}"#);
}

#[tokio::test(start_paused = true)]
async fn a_half_read_stream_keeps_its_instance() {
    let file = "
        general: {per_user_workflow_timeout: 1s, per_user_workflow_cleanup_interval: 1s}
        workflow: {_type: user_reel, lab: LAB}
    ";
    let (runtime, lab) = runtime(file).await;
    *lab.journal.lock() = Some(Vec::new());
    let mut stream = play(&runtime, 2).await;
    text(stream.next().await);
    let closing = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.close_user(&user("alice")).await }
    });
    tokio::time::sleep(60 * SECOND).await;
    assert!(!closing.is_finished());
    assert_eq!(text(stream.next().await), r#"{"index":1}"#);
    assert!(stream.next().await.is_none());
    tokio::time::sleep(60 * SECOND).await;
    assert!(!closing.is_finished(), "the last byte may still be on its way");
    drop(stream);
    assert!(closing.await.unwrap());
    assert_eq!(lab.journal.lock().take().unwrap(), ["close <workflow>"]);
}

#[tokio::test(start_paused = true)]
async fn a_close_waits_for_streams_in_flight() {
    let (runtime, lab) = runtime("{general: {close_timeout: 1h}, workflow: {_type: shared_reel, lab: LAB}}").await;
    *lab.journal.lock() = Some(Vec::new());
    let mut stream = play(&runtime, 2).await;
    text(stream.next().await);
    let closing = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.shutdown(Duration::ZERO).await }
    });
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(lab.journal.lock().as_ref().unwrap().len(), 0);
    assert_eq!(text(stream.next().await), r#"{"index":1}"#);
    assert!(stream.next().await.is_none());
    closing.await.unwrap();
    assert_eq!(lab.journal.lock().take().unwrap(), ["close <workflow>"]);
}

#[tokio::test(start_paused = true)]
async fn a_function_does_not_run_ahead_of_its_reader() {
    let (runtime, lab) = runtime(REEL).await;
    let mut stream = play(&runtime, 1_000).await;
    tokio::time::sleep(SECOND).await;
    assert_eq!(produced(&lab), 0, "nothing happens before the stream is read");
    for read in 1..=10 {
        text(stream.next().await);
        tokio::time::sleep(SECOND).await;
        assert_eq!(produced(&lab), read);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_can_be_given_up_while_it_waits_and_read_on() {
    let (runtime, lab) = runtime(REEL).await;
    before_frame(&lab, 0, Step::Sleep(10 * SECOND));
    let mut stream = play(&runtime, 1).await;
    for _ in 0..3 {
        assert!(tokio::time::timeout(SECOND, stream.next()).await.is_err());
    }
    assert_eq!(text(stream.next().await), r#"{"index":0}"#);
}

#[tokio::test(start_paused = true)]
async fn handles_stream_without_json_in_between() {
    let (runtime, lab) =
        runtime("{functions: {reel: {_type: user_reel, lab: LAB}}, workflow: {_type: user_part, lab: LAB}}").await;
    let session = open(&runtime).await;
    let ctx = session.context(None, None);
    let reel =
        ctx.get_streaming_function::<crate::testing::reels::ReelInput, crate::testing::reels::Frame>("reel").unwrap();
    let wrong = ctx.get_streaming_function::<String, crate::testing::reels::Frame>("reel").unwrap_err();
    assert_eq!(wrong.kind(), &ErrorKind::Type);
    let written = inputs_written();
    let mut chunks = reel.stream(&ctx, serde_json::from_str(r#"{"frames":2}"#).unwrap());
    assert_eq!(chunks.next().await.unwrap().unwrap().index, 0);
    assert_eq!(chunks.all().await.unwrap().len(), 1);
    assert_eq!(inputs_written() - written, 0);
    let by_name = ctx.get_dyn_function("reel").unwrap();
    let chunks = by_name.stream(&ctx, serde_json::json!({"frames": 1})).unwrap().all().await.unwrap();
    assert_eq!(chunks, [serde_json::json!({"index": 0})]);
    assert!(by_name.stream(&ctx, serde_json::json!({})).is_err());
    drop(session);
    assert!(runtime.close_user(&user("alice")).await);
    let closed = reel.stream(&ctx, serde_json::from_str(r#"{"frames":2}"#).unwrap()).next().await.unwrap();
    assert_eq!(closed.unwrap_err().message(), "`reel` was closed and cannot be called any more");
    assert_eq!(dropped(&lab), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_panics_when_dropped_takes_nobody_with_it() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            panic!("too late");
        }
    }
    let (runtime, _lab) = runtime(REEL).await;
    let session = open(&runtime).await;
    let ctx = session.context(None, None);
    let Session { access, function, .. } = session;
    let stream = crate::stream! {
        let _late = Late;
        yield Box::new(()) as crate::function::Payload;
        std::future::pending::<crate::Result<()>>().await?;
    };
    let mut stream = OutputStream::new(Box::pin(stream), function, ctx, crate::interface::Given::Chunk, access);
    assert!(stream.next().now_or_never().flatten().is_some());
    drop(stream);
    assert_eq!(counts(&runtime), (0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn readers_in_many_tasks_leave_nothing_behind() {
    let (runtime, lab) = runtime("{general: {max_running_calls: 64}, workflow: {_type: user_reel, lab: LAB}}").await;
    let gate = Arc::new(Semaphore::new(0));
    before_frame(&lab, u64::MAX, Step::Gate(gate));
    let readers: Vec<_> = (0..64_u64)
        .map(|number| {
            let runtime = runtime.clone();
            tokio::spawn(async move {
                let mut stream = play(&runtime, 32).await;
                for _ in 0..number % 32 {
                    text(stream.next().await);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for reader in readers {
        reader.await.unwrap();
    }
    until("nobody reads", || report(&runtime).active_requests == 0).await;
    assert_eq!(counts(&runtime), (0, 64, 0));
}
