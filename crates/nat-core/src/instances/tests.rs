//! One test for each promise of the table.

mod calls;
mod room;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::slot::Verdict;
use super::{BuildFailure, Instances, Lease, OpenError};
use crate::testing::{Lab, Step, TWO, table, until, user};
use crate::{CloseReason, InstanceLimits, UserId};

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> InstanceLimits {
    InstanceLimits::default()
}

async fn fill(instances: &Arc<Instances>, names: &[&str]) -> Vec<Lease> {
    let mut leases = Vec::new();
    for name in names {
        leases.push(instances.acquire(&user(name)).await.expect("it builds"));
    }
    leases
}

fn gate() -> (Arc<Semaphore>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    (gate.clone(), gate)
}

fn begun(lab: &Lab) -> u64 {
    lab.begun.load(Ordering::SeqCst)
}

/// Takes the journal, which has to be on.
fn journal(lab: &Lab) -> Vec<String> {
    lab.journal.lock().replace(Vec::new()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn one_build_serves_all_who_wait() {
    let (instances, lab) = table(TWO, limits()).await;
    let (gate, ours) = gate();
    lab.build(move |_, _| Step::Gate(gate.clone()));
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let instances = instances.clone();
                async move { instances.acquire(&user("a")).await.map(|_| ()) }
            })
        })
        .collect();
    until("the build has begun", || begun(&lab) == 1).await;
    ours.add_permits(2);
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    assert_eq!(lab.counts(), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_neither_stops_nor_repeats_a_build() {
    let (instances, lab) = table(TWO, limits()).await;
    let (gate, ours) = gate();
    lab.build(move |_, _| Step::Gate(gate.clone()));
    for _ in 0..3 {
        let alice = user("a");
        let mut leaving = Box::pin(instances.acquire(&alice));
        assert!((&mut leaving).now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    ours.add_permits(2);
    instances.acquire(&user("a")).await.unwrap();
    assert_eq!((begun(&lab), lab.counts()), (2, (2, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_failed_build_answers_everybody_and_leaves_nothing() {
    let (instances, lab) = table(TWO, limits()).await;
    *lab.journal.lock() = Some(Vec::new());
    lab.build(|name, _| if name == "first" { Step::Sleep(SECOND) } else { Step::Fail });
    let alice = user("a");
    let both = futures_util::future::join(instances.acquire(&alice), instances.acquire(&alice)).await;
    for result in [both.0, both.1] {
        let Err(OpenError::Build(error)) = result else { panic!("the build fails") };
        assert_eq!((error.error.message(), error.cause, error.retry_after), ("refused", BuildFailure::Failed, None));
    }
    until("the part that was built is closed", || lab.counts() == (1, 1)).await;
    assert_eq!(journal(&lab), ["build first", "close first (build failed)"]);
    until("the slot is gone", || instances.index.all().is_empty()).await;
    lab.build(|_, _| Step::Pass);
    instances.acquire(&user("a")).await.expect("the next request tries again");
}

#[tokio::test(start_paused = true)]
async fn a_request_after_a_failure_waits_for_what_was_built_and_tries_again() {
    let (instances, lab) = table(TWO, limits()).await;
    let (gate, ours) = gate();
    lab.build(|name, _| if name == "first" { Step::Pass } else { Step::Fail });
    lab.close(move |_, _| Step::Gate(gate.clone()));
    assert!(matches!(instances.acquire(&user("a")).await, Err(OpenError::Build(_))));
    lab.build(|_, _| Step::Pass);
    let second = tokio::spawn({
        let instances = instances.clone();
        async move { instances.acquire(&user("a")).await.map(|_| ()) }
    });
    tokio::time::sleep(SECOND).await;
    assert_eq!(begun(&lab), 2, "nothing is built before the old part has closed");
    ours.add_permits(1);
    second.await.unwrap().unwrap();
    assert_eq!((lab.early.load(Ordering::SeqCst), lab.overlaps.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_build_that_panics_is_a_failed_build() {
    let (instances, lab) = table(TWO, limits()).await;
    lab.build(|name, _| if name == "first" { Step::Pass } else { Step::Panic });
    let Err(OpenError::Build(error)) = instances.acquire(&user("a")).await else { panic!("the build fails") };
    assert_eq!(error.cause, BuildFailure::Panicked);
    assert!(error.error.public_message().is_some_and(|text| text.starts_with("internal error")));
    until("the part that was built is closed", || lab.counts() == (1, 1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_build_that_hangs_ends_at_the_timeout_and_what_it_built_is_closed() {
    let (instances, lab) = table(TWO, limits()).await;
    lab.build(|name, _| if name == "first" { Step::Pass } else { Step::Hang });
    let begin = Instant::now();
    let Err(OpenError::Build(error)) = instances.acquire(&user("a")).await else { panic!("the build hangs") };
    assert_eq!(error.cause, BuildFailure::TimedOut);
    assert_eq!(error.error.message(), "building `<workflow>` took longer than 60s (general.build_timeout)");
    assert_eq!(begin.elapsed().as_secs(), 60);
    until("the part that was built is closed", || lab.counts() == (1, 1)).await;
    assert_eq!(instances.builds.available_permits(), 1024, "its place among the builds is free again");
}

#[tokio::test(start_paused = true)]
async fn builds_that_keep_failing_are_paced() {
    let (instances, lab) = table(TWO, limits()).await;
    lab.build(|_, _| Step::Fail);
    let try_once = async || match instances.acquire(&user("a")).await {
        Err(OpenError::Build(error)) => error.retry_after,
        _ => panic!("the build fails"),
    };
    assert_eq!(try_once().await, None);
    assert_eq!(try_once().await, None);
    assert_eq!(try_once().await, Some(Duration::from_millis(100)), "the third in a row");
    assert_eq!(begun(&lab), 3);
    for _ in 0..100 {
        assert!(try_once().await.is_some());
    }
    assert_eq!(begun(&lab), 3, "the reason is repeated, not found out again");
    tokio::time::advance(Duration::from_millis(101)).await;
    assert_eq!(try_once().await, Some(Duration::from_millis(200)));
    assert_eq!(begun(&lab), 4);
    lab.build(|_, _| Step::Pass);
    tokio::time::advance(SECOND).await;
    instances.acquire(&user("a")).await.expect("it builds at last");
    let other = instances.acquire(&user("b")).await;
    assert!(other.is_ok(), "nobody else is paced");
}

#[tokio::test(start_paused = true)]
async fn closes_run_once_in_reverse_build_order() {
    let yaml = "
functions:
  c: {_type: user_part, lab: LAB, needs: [a]}
  a: {_type: user_part, lab: LAB}
  b: {_type: user_part, lab: LAB, asks: [c]}
workflow: {_type: user_part, lab: LAB}
";
    let (instances, lab) = table(yaml, limits()).await;
    *lab.journal.lock() = Some(Vec::new());
    drop(instances.acquire(&user("a")).await.unwrap());
    assert_eq!(journal(&lab), ["build a", "build c", "build b", "build <workflow>"]);
    let both = futures_util::future::join(instances.invalidate(&user("a")), instances.invalidate(&user("a"))).await;
    assert_eq!(both, (true, true));
    assert_eq!(
        journal(&lab),
        ["close <workflow> (requested)", "close b (requested)", "close c (requested)", "close a (requested)"]
    );
    assert!(!instances.invalidate(&user("a")).await, "there is nothing left to close");
}

#[tokio::test(start_paused = true)]
async fn one_close_that_hangs_panics_or_fails_does_not_keep_the_others_open() {
    for step in [Step::Hang, Step::Panic, Step::Fail] {
        let (instances, lab) = table(TWO, limits()).await;
        lab.close(move |name, _| if name == "<workflow>" { step.clone() } else { Step::Pass });
        drop(instances.acquire(&user("a")).await.unwrap());
        assert!(instances.invalidate(&user("a")).await);
        assert_eq!(lab.counts(), (2, 2));
        assert_eq!(lab.live_values(), 0, "at the deadline the value goes, too");
        let totals = instances.totals().now();
        assert_eq!((totals.closed, totals.closes_failed + totals.closes_timed_out), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_successor_is_built_only_after_its_predecessor_has_closed() {
    let (instances, lab) = table(TWO, limits()).await;
    let (gate, ours) = gate();
    lab.close(move |_, _| Step::Gate(gate.clone()));
    drop(instances.acquire(&user("a")).await.unwrap());
    let closing = tokio::spawn({
        let instances = instances.clone();
        async move { instances.invalidate(&user("a")).await }
    });
    let successor = tokio::spawn({
        let instances = instances.clone();
        async move { instances.acquire(&user("a")).await.map(|_| ()) }
    });
    tokio::time::sleep(SECOND).await;
    assert_eq!(begun(&lab), 2);
    ours.add_permits(2);
    successor.await.unwrap().unwrap();
    assert!(closing.await.unwrap());
    assert_eq!((begun(&lab), lab.early.load(Ordering::SeqCst)), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lease_holds_off_a_requested_close_and_newcomers_get_the_successor() {
    let (instances, lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let mut closing = tokio::spawn({
        let instances = instances.clone();
        async move { instances.invalidate(&user("a")).await }
    });
    tokio::time::sleep(SECOND).await;
    let alice = user("a");
    let mut newcomer = Box::pin(instances.acquire(&alice));
    assert!((&mut newcomer).now_or_never().is_none());
    assert!((&mut closing).now_or_never().is_none());
    assert_eq!(lab.counts(), (2, 0));
    drop(lease);
    newcomer.await.unwrap();
    assert_eq!(lab.counts(), (4, 2));
}

/// moka's clock is the machine's, so this one takes real time; it waits for what must happen and
/// never for how long it may take.
#[tokio::test]
async fn idle_time_begins_when_the_last_lease_ends() {
    let timeout = Duration::from_millis(60);
    let limits =
        InstanceLimits { idle_timeout: timeout, sweep_interval: Duration::from_millis(5), ..InstanceLimits::default() };
    let (instances, lab) = table(TWO, limits).await;
    let first = instances.acquire(&user("a")).await.unwrap();
    let second = instances.acquire(&user("a")).await.unwrap();
    tokio::time::sleep(timeout * 2).await;
    drop(first);
    tokio::time::sleep(timeout * 2).await;
    assert_eq!(lab.counts(), (2, 0), "an instance in use stays, whatever the cache believes");
    drop(second);
    let idle = Instant::now();
    until("the idle instance is closed", || lab.counts() == (2, 2)).await;
    assert!(idle.elapsed() >= timeout, "closed {:?} after its last request", idle.elapsed());
    assert!(instances.reports(None).is_empty());
    instances.acquire(&user("a")).await.expect("a new instance");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_another_users_build_or_close() {
    let (instances, lab) = table(TWO, limits()).await;
    let slow = |_: &str, who: Option<&UserId>| if who == Some(&user("slow")) { Step::Hang } else { Step::Pass };
    fill(&instances, &["slow", "fast"]).await;
    lab.close(slow);
    lab.build(slow);
    let slow = user("slow");
    let closing = tokio::spawn({
        let (instances, slow) = (instances.clone(), slow.clone());
        async move { instances.invalidate(&slow).await }
    });
    tokio::task::yield_now().await;
    let begin = Instant::now();
    fill(&instances, &["fast", "new"]).await;
    assert_eq!(instances.reports(None).len(), 2);
    instances.invalidate(&user("fast")).await;
    instances.sweep().await;
    assert_eq!(begin.elapsed(), Duration::ZERO);
    closing.await.unwrap();
    assert_eq!(begin.elapsed(), limits().close_timeout, "both components of the slow one had their time together");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn code_that_blocks_its_thread_keeps_only_its_own_user_waiting() {
    let limits = InstanceLimits {
        build_timeout: Duration::from_millis(20),
        close_timeout: Duration::from_millis(20),
        ..InstanceLimits::default()
    };
    let (instances, lab) = table(TWO, limits).await;
    let (building, free_build) = gate();
    let (closing, free_close) = gate();
    fill(&instances, &["closes"]).await;
    lab.build(move |_, who| if who == Some(&user("builds")) { Step::Block(building.clone()) } else { Step::Pass });
    lab.close(move |_, who| if who == Some(&user("closes")) { Step::Block(closing.clone()) } else { Step::Pass });
    let blocked = tokio::spawn({
        let instances = instances.clone();
        async move { instances.invalidate(&user("closes")).await }
    });
    let Err(OpenError::Build(error)) = instances.acquire(&user("builds")).await else { panic!("it blocks") };
    assert_eq!(error.cause, BuildFailure::TimedOut);
    fill(&instances, &["c", "d"]).await;
    assert_eq!(instances.reports(None).len(), 2);
    assert!(matches!(instances.acquire(&user("builds")).await, Err(OpenError::Closing)), "its thread is still at it");
    free_build.add_permits(16);
    free_close.add_permits(16);
    assert!(blocked.await.unwrap());
    until("the user of the blocked build can build again", || instances.index.get(&user("builds")).is_none()).await;
    fill(&instances, &["builds", "closes"]).await;
}

#[tokio::test(start_paused = true)]
async fn the_longest_idle_makes_room() {
    let (instances, lab) = table(TWO, InstanceLimits { users: 3, ..limits() }).await;
    for name in ["a", "b", "c", "a"] {
        drop(fill(&instances, &[name]).await);
        tokio::time::advance(SECOND).await;
    }
    let held = fill(&instances, &["d"]).await;
    let names =
        |instances: &Arc<Instances>| instances.reports(None).into_iter().map(|one| one.user_id).collect::<Vec<_>>();
    assert_eq!(names(&instances), [user("a"), user("c"), user("d")]);
    let more = fill(&instances, &["a", "c"]).await;
    assert!(matches!(instances.acquire(&user("e")).await, Err(OpenError::TooManyUsers { limit: 3 })));
    drop((held, more));
    fill(&instances, &["e"]).await;
    assert_eq!(instances.reports(None).len(), 3);
    until("those who made room are closed", || lab.counts() == (10, 4)).await;
}

/// Candidates are chosen in advance; one who has come back since is no candidate any more.
#[tokio::test(start_paused = true)]
async fn who_came_back_does_not_make_room() {
    let (instances, _lab) = table(TWO, InstanceLimits { users: 3, ..limits() }).await;
    for name in ["a", "b", "c", "d"] {
        drop(fill(&instances, &[name]).await);
        tokio::time::advance(SECOND).await;
    }
    drop(fill(&instances, &["b"]).await);
    drop(fill(&instances, &["e"]).await);
    let left: Vec<_> = instances.reports(None).into_iter().map(|one| one.user_id).collect();
    assert_eq!(left, [user("b"), user("d"), user("e")], "c was the longest idle");
}

#[tokio::test(start_paused = true)]
async fn pages_name_everybody_once_and_in_order() {
    let (instances, _lab) = table(TWO, InstanceLimits { users: 5000, ..limits() }).await;
    let names: Vec<String> = (0..3000).map(|number| format!("user-{number}")).collect();
    for name in &names {
        drop(fill(&instances, &[name]).await);
    }
    let expected: Vec<_> = names.iter().map(|name| user(name)).collect();
    for limit in [1, 7, 1000, 2999, 3000, 3001, usize::MAX] {
        let (mut seen, mut from) = (Vec::new(), Some(0));
        while let Some(begin) = from {
            let page = instances.report_page(begin, limit);
            assert!(page.users.len() <= limit);
            seen.extend(page.users.into_iter().map(|one| one.user_id));
            from = page.next;
        }
        assert_eq!(seen, expected, "pages of {limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_user_is_bounded() {
    let limits = InstanceLimits { running_calls: 1, waiting_calls: 2, ..limits() };
    let (instances, _lab) = table(TWO, limits).await;
    let running = instances.acquire(&user("a")).await.unwrap();
    let alice = user("a");
    let mut first = Box::pin(instances.acquire(&alice));
    let mut second = Box::pin(instances.acquire(&alice));
    assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
    assert!(matches!(instances.acquire(&alice).await, Err(OpenError::QueueFull { limit: 2 })));
    instances.acquire(&user("b")).await.expect("nobody else is in that queue");
    drop(second);
    let mut third = Box::pin(instances.acquire(&alice));
    assert!((&mut third).now_or_never().is_none(), "who leaves makes room");
    drop(running);
    drop(first.await.unwrap());
    drop(third.await.unwrap());
    let report = instances.reports(Some(&alice)).remove(0);
    assert_eq!((report.active_requests, report.total_requests), (0, 3));
}

/// As many as may run and wait afterwards: a new user's first calls are no fewer than a known one's.
#[tokio::test(start_paused = true)]
async fn a_build_is_waited_for_by_as_many_as_may_call_after_it() {
    let limits = InstanceLimits { running_calls: 1, waiting_calls: 2, ..limits() };
    let (instances, lab) = table(TWO, limits).await;
    let (gate, ours) = gate();
    lab.build(move |_, _| Step::Gate(gate.clone()));
    let alice = user("a");
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(instances.acquire(&alice))).collect();
    assert!(calls.iter_mut().all(|call| call.now_or_never().is_none()));
    let full = |result| matches!(result, Err(OpenError::QueueFull { limit: 2 }));
    assert!(full(instances.acquire(&alice).await), "three are inside");
    ours.add_permits(2);
    until("the build is over", || lab.counts() == (2, 0)).await;
    assert!(full(instances.acquire(&alice).await), "who comes now takes no place of those who have waited");
    for call in calls {
        drop(call.await.unwrap());
    }
    drop(instances.acquire(&alice).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_leases_and_closes_everybody_once() {
    let (instances, lab) = table(TWO, limits()).await;
    *lab.journal.lock() = Some(Vec::new());
    drop(fill(&instances, &["idle"]).await);
    let lease = instances.acquire(&user("busy")).await.unwrap();
    let begin = Instant::now();
    let ending = tokio::spawn({
        let instances = instances.clone();
        async move { instances.shutdown(Instant::now() + SECOND * 30, SECOND).await }
    });
    until("the idle one is closed", || lab.counts() == (4, 2)).await;
    assert!(matches!(instances.acquire(&user("idle")).await, Err(OpenError::ShuttingDown)));
    assert!(matches!(instances.acquire(&user("busy")).await, Err(OpenError::ShuttingDown)));
    tokio::time::sleep(SECOND * 5).await;
    drop(lease);
    assert!(ending.await.unwrap().is_empty());
    assert_eq!(lab.counts(), (4, 4));
    assert!(begin.elapsed() < SECOND * 6);
    assert!(journal(&lab).iter().all(|line| !line.starts_with("close") || line.ends_with("(shutting down)")));
}

#[tokio::test(start_paused = true)]
async fn after_the_drain_deadline_nothing_is_waited_for() {
    let (instances, lab) = table(TWO, limits()).await;
    let _lease = instances.acquire(&user("busy")).await.unwrap();
    lab.build(|_, _| Step::Hang);
    let hanging = tokio::spawn({
        let instances = instances.clone();
        async move { instances.acquire(&user("hangs")).await.map(|_| ()) }
    });
    until("the build hangs", || begun(&lab) == 3).await;
    let begin = Instant::now();
    assert!(instances.shutdown(Instant::now() + SECOND, SECOND).await.is_empty());
    assert!(begin.elapsed() < SECOND * 2);
    assert_eq!(lab.counts(), (2, 2), "closed under its lease");
    let Err(OpenError::Build(error)) = hanging.await.unwrap() else { panic!("the build was aborted") };
    assert_eq!(error.cause, BuildFailure::Aborted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_names_who_could_not_be_closed() {
    let limits = InstanceLimits { close_timeout: Duration::from_millis(10), ..InstanceLimits::default() };
    let (instances, lab) = table(TWO, limits).await;
    let (gate, ours) = gate();
    drop(fill(&instances, &["a", "b"]).await);
    lab.close(move |_, who| if who == Some(&user("a")) { Step::Block(gate.clone()) } else { Step::Pass });
    let unclosed = instances.shutdown(Instant::now() + Duration::from_millis(10), SECOND).await;
    assert_eq!(unclosed, [user("a")]);
    ours.add_permits(2);
    until("the thread is free", || lab.counts() == (4, 4)).await;
}

#[tokio::test(start_paused = true)]
async fn components_that_wait_for_each_other_are_an_error_and_not_a_wait() {
    let yaml = "
functions:
  a: {_type: user_part, lab: LAB, asks: [b]}
  b: {_type: user_part, lab: LAB, asks: [c]}
  c: {_type: user_part, lab: LAB, asks: [a]}
workflow: {_type: user_part, lab: LAB}
";
    let (instances, _lab) = table(yaml, limits()).await;
    let Err(OpenError::Build(error)) = instances.acquire(&user("a")).await else { panic!("a circle") };
    assert_eq!(error.error.message(), "components wait for each other while they are built: `c` -> `a` -> `b` -> `c`");
}

#[tokio::test(start_paused = true)]
async fn a_handle_outlives_its_function_and_says_so() {
    let (instances, _lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let set = lease.set().clone();
    let function = crate::directory::Directory::function(&*set, "first").unwrap();
    let handle = crate::DynFunctionHandle::new(function);
    let ctx = crate::Context::for_test(None);
    handle.call(&ctx, serde_json::json!({})).await.unwrap();
    drop(lease);
    instances.invalidate(&user("a")).await;
    let error = handle.call(&ctx, serde_json::json!({})).await.unwrap_err();
    assert_eq!(error.message(), "`first` was closed and cannot be called any more");
}

#[tokio::test(start_paused = true)]
async fn a_close_waits_for_calls_through_handles() {
    let (instances, lab) = table(TWO, limits()).await;
    let (gate, ours) = gate();
    let lease = instances.acquire(&user("a")).await.unwrap();
    let function = crate::directory::Directory::function(&**lease.set(), "first").unwrap();
    lab.call(move |_, _| Step::Gate(gate.clone()));
    let call = tokio::spawn(async move {
        crate::DynFunctionHandle::new(function).call(&crate::Context::for_test(None), serde_json::json!({})).await
    });
    tokio::task::yield_now().await;
    drop(lease);
    let closing = tokio::spawn({
        let instances = instances.clone();
        async move { instances.invalidate(&user("a")).await }
    });
    tokio::time::sleep(SECOND).await;
    assert_eq!(lab.counts(), (2, 1), "the workflow has closed, the function that runs has not");
    ours.add_permits(1);
    call.await.unwrap().unwrap();
    closing.await.unwrap();
    assert_eq!(lab.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_was_given_up_opens_no_door_again() {
    let (instances, lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let function = crate::directory::Directory::function(&**lease.set(), "first").unwrap();
    let handle = crate::DynFunctionHandle::new(function);
    lab.call(|_, _| Step::Hang);
    let hanging = tokio::spawn({
        let handle = handle.clone();
        async move { handle.call(&crate::Context::for_test(None), serde_json::json!({})).await }
    });
    tokio::task::yield_now().await;
    drop(lease);
    assert!(
        instances.invalidate(&user("a")).await,
        "the call that hangs is waited for no longer than a close may take"
    );
    lab.call(|_, _| Step::Pass);
    let error = handle.call(&crate::Context::for_test(None), serde_json::json!({})).await.unwrap_err();
    assert_eq!(error.message(), "`first` was closed and cannot be called any more");
    hanging.abort();
}

/// A detached task may keep calling: its call ends with the close that gave up on it, not beside a successor.
#[tokio::test(start_paused = true)]
async fn a_call_in_flight_ends_with_the_close_that_gives_up_on_it() {
    let (instances, lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let function = crate::directory::Directory::function(&**lease.set(), "first").unwrap();
    let handle = crate::DynFunctionHandle::new(function);
    lab.call(|_, _| Step::Sleep(SECOND * 3600));
    let call = tokio::spawn({
        let handle = handle.clone();
        async move { handle.call(&crate::Context::for_test(None), serde_json::json!({})).await }
    });
    tokio::task::yield_now().await;
    drop(lease);
    assert!(instances.invalidate(&user("a")).await);
    assert_eq!(lab.live_values(), 0, "the value went with its close");
    assert_eq!(instances.totals().now().closes_timed_out, 1);
    drop(instances.acquire(&user("a")).await.unwrap());
    assert_eq!((lab.early.load(Ordering::SeqCst), lab.overlaps.load(Ordering::SeqCst)), (0, 0));
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.message(), "`first` was closed and cannot be called any more");
    drop(handle);
    assert_eq!(lab.live_values(), 2);
}

/// Whatever people's values do when they are dropped, the others are closed, the user can come again, and the end comes.
#[tokio::test(start_paused = true)]
async fn a_panic_in_a_drop_costs_nobody_their_place() {
    let (instances, lab) = table(TWO, limits()).await;
    drop(fill(&instances, &["a"]).await);
    lab.close(|name, _| if name == "<workflow>" { Step::HangSore } else { Step::Pass });
    assert!(instances.invalidate(&user("a")).await);
    let totals = instances.totals().now();
    assert_eq!((lab.counts(), totals.closed), ((2, 2), 1), "the function beneath was closed as well");
    assert_eq!((totals.closes_timed_out, totals.closes_failed), (1, 1));
    drop(fill(&instances, &["a"]).await);

    // The same for what is left of a build that failed.
    lab.build(|name, _| if name == "<workflow>" { Step::Fail } else { Step::Pass });
    lab.close(|_, _| Step::HangSore);
    assert!(instances.acquire(&user("b")).await.is_err());
    lab.build(|_, _| Step::Pass);
    drop(fill(&instances, &["b"]).await);
    assert_eq!(instances.totals().now().closes_timed_out, 2, "closes after failed builds are counted, too");
    assert!(instances.shutdown(Instant::now() + SECOND, SECOND).await.is_empty());
}

/// A request that is let in just before the stop adds a slot while the stop looks them over.
#[test]
fn a_stop_misses_nobody_who_comes_with_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let far = Instant::now() + SECOND * 60;
    for round in 0..1500_u32 {
        let (instances, lab) = runtime.block_on(table(TWO, limits()));
        let together = std::sync::Barrier::new(2);
        let unclosed = std::thread::scope(|scope| {
            scope.spawn(|| {
                let alice = user("a");
                together.wait();
                (0..round * 7 % 3000).for_each(|_| std::hint::spin_loop());
                drop(runtime.block_on(instances.acquire(&alice)));
            });
            together.wait();
            (0..1000).for_each(|_| std::hint::spin_loop());
            runtime.block_on(instances.shutdown(far, SECOND))
        });
        let (built, closed) = lab.counts();
        assert_eq!((unclosed, built, instances.reports(None).len()), (vec![], closed, 0), "round {round}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_is_announced_builds_nothing_new() {
    let (instances, _lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    instances.stopping.cancel();
    tokio::task::yield_now().await;
    drop(instances.acquire(&user("a")).await.expect("who is busy is served to the end"));
    assert!(matches!(instances.acquire(&user("b")).await, Err(OpenError::ShuttingDown)));
    drop(lease);
    instances.shutdown(Instant::now(), SECOND).await;
    assert!(matches!(instances.acquire(&user("a")).await, Err(OpenError::ShuttingDown)));
}

/// Nobody's idle time is waited for at a stop: neither that of users who are idle then, nor that of users who become
/// idle later.
#[tokio::test(start_paused = true)]
async fn an_announced_stop_closes_users_as_soon_as_they_are_idle() {
    let (instances, lab) = table(TWO, limits()).await;
    let leases = fill(&instances, &["busy", "busier"]).await;
    drop(fill(&instances, &["a", "b"]).await);
    let begin = Instant::now();
    instances.stopping.cancel();
    until("the idle ones are closed", || lab.counts() == (8, 4)).await;
    for (lease, closed) in leases.into_iter().zip([6, 8]) {
        tokio::time::sleep(SECOND).await;
        drop(lease);
        until("it is closed when it becomes idle", || lab.counts() == (8, closed)).await;
    }
    assert!(begin.elapsed() < SECOND * 3);
    assert!(instances.shutdown(Instant::now() + SECOND, SECOND).await.is_empty());
    assert_eq!(lab.counts(), (8, 8));
}

/// However often moka believes a busy user idle, the sweep has one reminder of them.
#[tokio::test(start_paused = true)]
async fn a_slot_is_put_off_once_at_a_time() {
    let (instances, _lab) = table(TWO, limits()).await;
    let alice = user("a");
    let lease = instances.acquire(&alice).await.unwrap();
    let slot = instances.index.get(&alice).unwrap();
    let asked = || slot.close_if_idle(SECOND);
    assert!(matches!(asked(), Verdict::NotYet(SECOND)));
    assert!(matches!(asked(), Verdict::Awaited));
    drop(lease);
    assert!(matches!(asked(), Verdict::Awaited));
    slot.no_longer_awaited();
    assert!(matches!(asked(), Verdict::NotYet(SECOND)));
    tokio::time::advance(SECOND).await;
    assert!(matches!(asked(), Verdict::Close(_)), "whoever asks, it is idle now");
}

/// Whoever makes room still exists until the close is over, so how many may be closing is bounded as well.
#[tokio::test(start_paused = true)]
async fn slow_closes_do_not_pile_up_behind_newcomers() {
    let limits = InstanceLimits { users: 10, close_timeout: SECOND * 3600, ..limits() };
    let (instances, lab) = table(TWO, limits).await;
    let (gate, ours) = gate();
    lab.close(move |_, _| Step::Gate(gate.clone()));
    let (mut served, mut refused) = (0, 0);
    for number in 0..500 {
        match instances.acquire(&user(&format!("user-{number}"))).await {
            Ok(lease) => served += usize::from(lease.set().len() == 2),
            Err(OpenError::TooManyUsers { limit: 10 }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(lab.live_values() <= 2 * (10 + 64), "{}", lab.live_values());
    }
    assert_eq!((served, refused), (10 + 64, 500 - 74));
    ours.add_permits(2 * 74);
    drop(fill(&instances, &["late"]).await);
}

/// Many first requests of one user at a full table send one other user away, not one each.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_newcomer_takes_one_place() {
    let (instances, lab) = table(TWO, InstanceLimits { users: 20, running_calls: 100, ..limits() }).await;
    for number in 0..20 {
        drop(fill(&instances, &[&format!("old-{number}")]).await);
    }
    for number in 1..=200 {
        let newcomer = Arc::new(user(&format!("new-{number}")));
        let calls = (0..16).map(|_| {
            let (instances, newcomer) = (instances.clone(), newcomer.clone());
            tokio::spawn(async move { instances.acquire(&newcomer).await.map(drop) })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
        until("the one who made room is closed", || lab.counts().1 >= 2 * number).await;
        assert_eq!(lab.counts(), (2 * (20 + number), 2 * number));
    }
}

#[tokio::test(start_paused = true)]
async fn the_component_that_failed_is_named() {
    let yaml = "
functions:
  a: {_type: user_part, lab: LAB, asks: [b]}
  b: {_type: user_part, lab: LAB, asks: [c]}
  c: {_type: user_part, lab: LAB}
workflow: {_type: user_part, lab: LAB}
";
    let (instances, lab) = table(yaml, limits()).await;
    lab.build(|name, _| if name == "c" { Step::Hang } else { Step::Pass });
    let Err(OpenError::Build(error)) = instances.acquire(&user("a")).await else { panic!("it hangs") };
    assert_eq!(error.error.message(), "building `c` took longer than 60s (general.build_timeout)");
    for failing in ["a", "b", "c"] {
        lab.build(move |name, _| if name == failing { Step::Fail } else { Step::Pass });
        let assembly = crate::assembly::Assembly::per_user(instances.plan.clone(), instances.shared.clone(), user("x"));
        let failed = assembly.build_all().await.unwrap_err();
        assert_eq!(&*assembly.planned(failed.index).label.name, failing);
    }
    lab.build(|name, _| if name == "b" { Step::Panic } else { Step::Pass });
    let assembly = crate::assembly::Assembly::per_user(instances.plan.clone(), instances.shared.clone(), user("x"));
    let building = tokio::spawn({
        let assembly = assembly.clone();
        async move { assembly.build_all().await.is_ok() }
    });
    assert!(building.await.unwrap_err().is_panic());
    assert_eq!(assembly.panicked().map(|index| &*assembly.planned(index).label.name), Some("b"));
}

#[tokio::test(start_paused = true)]
async fn groups_are_found_at_the_time_of_a_call() {
    let yaml = "{function_groups: {pair: {_type: user_group}}, workflow: {_type: user_part, lab: LAB}}";
    let (instances, _lab) = table(yaml, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let ctx = crate::Context::new(None, None, lease.set().clone(), Default::default(), None);
    let push = ctx.get_function_group("pair").unwrap().function::<String, String>("push").unwrap();
    assert_eq!(push.call(&ctx, "x".to_owned()).await.unwrap(), "push:x");
    let missing = ctx.get_function_group("pear").unwrap_err();
    assert_eq!(missing.message(), "Function group `pear` not found");
}

#[test]
fn reasons_read_as_words() {
    let all = [CloseReason::Idle, CloseReason::ShuttingDown, CloseReason::Requested, CloseReason::BuildFailed];
    assert_eq!(all.map(|reason| reason.to_string()), ["idle", "shutting down", "requested", "build failed"]);
}
