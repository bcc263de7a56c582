//! The end of a runtime.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Runtime, StartError};
use crate::instances::OpenError;
use crate::testing::{Lab, Step, config, registry, until};
use crate::{EntryName, UserId};

const SECOND: Duration = Duration::from_secs(1);
const BOTH: &str = "
functions: {common: {_type: shared_part, lab: LAB}}
workflow: {_type: user_part, lab: LAB}";

#[tokio::test(start_paused = true)]
async fn who_ends_it_again_waits_for_the_same_end() {
    let (number, lab) = Lab::new();
    let runtime = Runtime::start(&config(BOTH, number), &registry(), CancellationToken::new()).await.unwrap();
    lab.close(|_, _| Step::Sleep(SECOND * 3));
    let began = Instant::now();
    let ends = [1, 2, 3].map(|_| {
        let runtime = runtime.clone();
        tokio::spawn(async move {
            runtime.shutdown(SECOND * 9).await;
            began.elapsed()
        })
    });
    for end in ends {
        assert!((SECOND * 3..SECOND * 4).contains(&end.await.unwrap()));
    }
    assert_eq!(lab.counts(), (1, 1));

    // One who gives up half-way leaves the rest to the next.
    let (number, lab) = Lab::new();
    let runtime = Runtime::start(&config(BOTH, number), &registry(), CancellationToken::new()).await.unwrap();
    lab.close(|_, _| Step::Sleep(SECOND * 3));
    assert!(tokio::time::timeout(SECOND, runtime.shutdown(SECOND)).await.is_err());
    runtime.shutdown(SECOND).await;
    assert_eq!((lab.counts(), lab.live_values()), ((1, 1), 0));
}

#[tokio::test(start_paused = true)]
async fn no_time_is_too_long() {
    let (number, lab) = Lab::new();
    let mut config = config(BOTH, number);
    for span in [Duration::MAX, Duration::ZERO] {
        let general = &mut config.general;
        (general.queue_timeout, general.build_retry.first_delay, general.build_retry.max_delay) = (span, span, span);
        (general.build_timeout, general.close_timeout) = (span, span);
        (general.per_user_workflow_timeout, general.per_user_workflow_cleanup_interval) = (span, span);
        let runtime = Runtime::start(&config, &registry(), CancellationToken::new()).await.unwrap();
        let workflow = runtime.workflow(&crate::EntryName::Workflow).unwrap();
        drop(workflow.open(Some(crate::UserId::named("a"))).await.unwrap());
        let report = runtime.shutdown(Duration::MAX).await;
        assert_eq!((report.instances.built, report.instances.closed), (1, 1));
    }
    assert_eq!(lab.counts(), (4, 4));
}

/// A call of a shared workflow has the drain, as a user's has, and what waits for its turn with it.
#[tokio::test(start_paused = true)]
async fn shared_calls_are_drained() {
    for kind in ["shared_part", "user_part"] {
        let (number, lab) = Lab::new();
        let mut config = config(&format!("workflow: {{_type: {kind}, lab: LAB}}"), number);
        config.general.max_running_calls = 1;
        let runtime = Runtime::start(&config, &registry(), CancellationToken::new()).await.unwrap();
        lab.call(|_, _| Step::Sleep(SECOND * 10));
        let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
        let begin = Instant::now();
        let calls: Vec<_> = (0..3)
            .map(|_| {
                let workflow = workflow.clone();
                tokio::spawn(async move {
                    let input = workflow.decode(b"{}").unwrap();
                    let mut session =
                        workflow.open(Some(UserId::named("a"))).await.map_err(|error| error.to_string())?;
                    session.call(None, input).await.map(drop).map_err(|error| error.to_string())
                })
            })
            .collect();
        tokio::task::yield_now().await;
        runtime.shutdown(SECOND * 25).await;
        // Two have ended by themselves, the third is ended by the close.
        assert_eq!(begin.elapsed().as_secs(), 25 + 4, "{kind}");
        let mut ended = Vec::new();
        for call in calls {
            ended.push(call.await.unwrap());
        }
        let closed = Err("`<workflow>` was closed and cannot be called any more".to_owned());
        assert_eq!(ended, [Ok(()), Ok(()), closed], "{kind}");
        assert_eq!(lab.live_values(), 0);
        let refused = workflow.open(Some(UserId::named("a"))).await.map(drop).unwrap_err();
        assert!(matches!(refused, OpenError::ShuttingDown), "{kind}: {refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_dropped_closes_what_it_has_built() {
    let yaml = "
functions: {one: {_type: shared_part, lab: LAB}, two: {_type: shared_part, lab: LAB}, three: {_type: shared_part, lab: LAB}}
workflow: {_type: user_part, lab: LAB}";
    for patience in [SECOND / 2, SECOND * 3 / 2, SECOND * 5 / 2] {
        let (number, lab) = Lab::new();
        lab.build(|_, _| Step::Sleep(SECOND));
        let (config, registry, stopping) = (config(yaml, number), registry(), CancellationToken::new());
        let start = Runtime::start(&config, &registry, stopping.clone());
        assert!(tokio::time::timeout(patience, start).await.is_err());
        let begun = lab.begun.load(Ordering::SeqCst);
        tokio::time::sleep(SECOND * 20).await;
        assert_eq!(lab.begun.load(Ordering::SeqCst), begun, "nothing more is built");
        assert_eq!((lab.counts(), lab.live_values()), ((begun - 1, begun - 1), 0));
        assert!(!stopping.is_cancelled(), "the token of the program is its own");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shared_build_that_hangs_ends_at_the_timeout() {
    let yaml = "
functions: {one: {_type: shared_part, lab: LAB}, two: {_type: shared_part, lab: LAB, needs: [one]}}
workflow: {_type: user_part, lab: LAB}";
    let (number, lab) = Lab::new();
    lab.build(|name, _| if name == "two" { Step::Hang } else { Step::Pass });
    let begin = Instant::now();
    let started = Runtime::start(&config(yaml, number), &registry(), CancellationToken::new()).await;
    let Err(StartError::Build { component, error }) = started else { panic!("{started:?}") };
    assert_eq!((component.as_str(), begin.elapsed()), ("two", SECOND * 60));
    assert_eq!(error.message(), "building `two` took longer than 60s (general.build_timeout)");
    assert_eq!(lab.counts(), (1, 1));
}

/// Calls that each wait for a further call of their own user: none of them would ever end.
#[tokio::test(start_paused = true)]
async fn a_turn_is_waited_for_no_longer_than_the_queue_timeout() {
    for kind in ["shared_part", "user_part"] {
        let (number, _lab) = Lab::new();
        let mut config = config(&format!("workflow: {{_type: {kind}, lab: LAB}}"), number);
        config.general.queue_timeout = SECOND * 7;
        let runtime = Runtime::start(&config, &registry(), CancellationToken::new()).await.unwrap();
        let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
        let open = || workflow.open(Some(UserId::named("a")));
        let nested = (0..8).map(|_| async {
            let _outer = open().await.unwrap();
            tokio::task::yield_now().await;
            open().await.map(drop)
        });
        let begin = Instant::now();
        let refused = futures_util::future::join_all(nested).await.into_iter().filter_map(Result::err);
        let refused: Vec<_> = refused.map(|error| error.to_string()).collect();
        assert_eq!(begin.elapsed(), SECOND * 7, "{kind}");
        assert_eq!(refused[0], "no running call ended within 7s (general.queue_timeout); try again later");
        drop(open().await.expect("there is room again"));
    }
}

/// The shared components were built, and the start was dropped before it could tell.
#[tokio::test(start_paused = true)]
async fn a_start_that_is_dropped_with_its_answer_closes_it() {
    let (number, lab) = Lab::new();
    let (config, registry) = (config(BOTH, number), registry());
    let mut start = Box::pin(Runtime::start(&config, &registry, CancellationToken::new()));
    assert!((&mut start).now_or_never().is_none());
    until("it is built", || lab.counts() == (1, 0)).await;
    tokio::time::sleep(SECOND).await;
    drop(start);
    until("it is closed", || lab.counts() == (1, 1)).await;
    assert_eq!(lab.live_values(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_dropped_cuts_no_close_short() {
    let (number, lab) = Lab::new();
    let runtime = Runtime::start(&config(BOTH, number), &registry(), CancellationToken::new()).await.unwrap();
    lab.close(|_, _| Step::Sleep(SECOND * 3));
    let begin = Instant::now();
    assert!(tokio::time::timeout(SECOND, runtime.shutdown(SECOND)).await.is_err());
    assert_eq!((lab.counts(), lab.live_values()), ((1, 1), 1), "it closes, and has not closed");
    runtime.shutdown(Duration::ZERO).await;
    assert_eq!((begin.elapsed(), lab.live_values()), (SECOND * 3, 0));
}
