//! Calls in flight when their instance is closed under them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{SECOND, fill, gate, limits};
use crate::directory::Directory;
use crate::instances::{Lease, OpenError};
use crate::testing::{Lab, Step, TWO, table, until, user};
use crate::{Chunks, Context, DynFunctionHandle, InstanceLimits};

const MS: Duration = Duration::from_millis(1);
const CLOSED: &str = "`first` was closed and cannot be called any more";

fn first(lease: &Lease) -> DynFunctionHandle {
    DynFunctionHandle::new(Directory::function(&**lease.set(), "first").unwrap())
}

async fn call(handle: DynFunctionHandle) -> crate::Result<Value> {
    handle.call(&Context::for_test(None), json!({})).await
}

fn seen(lab: &Lab) -> (u64, u64) {
    (lab.early.load(Ordering::SeqCst), lab.overlaps.load(Ordering::SeqCst))
}

/// Calls of other tasks hang, the close runs out of time, and a successor is asked for at the same moment.
async fn successors_beside_calls(rounds: u32) -> (u64, u64) {
    let (mut early, mut overlaps) = (0, 0);
    for round in 0..rounds {
        let limits = InstanceLimits { close_timeout: MS * 2, ..InstanceLimits::default() };
        let (instances, lab) = table(TWO, limits).await;
        let lease = instances.acquire(&user("a")).await.unwrap();
        lab.call(|_, _| Step::Hang);
        let calls: Vec<_> = (0..1 + round % 20).map(|_| tokio::spawn(call(first(&lease)))).collect();
        tokio::time::sleep(MS).await;
        drop(lease);
        let close = tokio::spawn({
            let instances = instances.clone();
            async move { instances.invalidate(&user("a")).await }
        });
        tokio::task::yield_now().await;
        let next = tokio::spawn({
            let instances = instances.clone();
            async move { instances.acquire(&user("a")).await.map(drop) }
        });
        assert!(close.await.unwrap());
        next.await.unwrap().unwrap();
        (early, overlaps) = (early + seen(&lab).0, overlaps + seen(&lab).1);
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap_err().message(), CLOSED);
        }
    }
    (early, overlaps)
}

#[test]
fn a_successor_meets_no_call_that_its_predecessors_close_gave_up_on() {
    for workers in [1, 2, 4] {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
        let found = tokio.block_on(async { tokio::spawn(successors_beside_calls(60)).await.unwrap() });
        assert_eq!(found, (0, 0), "(early builds, two values) with {workers} workers");
    }
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(tokio.block_on(successors_beside_calls(20)), (0, 0), "on the current thread");
}

/// A call that nobody polls any more and a stream that was read half-way hold no value beyond the close.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_put_aside_is_dropped_where_it_lies() {
    let (instances, lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    lab.call(|_, _| Step::Sleep(SECOND * 3600));
    let ctx = Context::for_test(None);
    let handle = first(&lease);
    let mut aside: Vec<Pin<Box<dyn Future<Output = crate::Result<Value>>>>> =
        (0..3).map(|_| Box::pin(handle.call(&ctx, json!({}))) as _).collect();
    let mut chunks: Chunks<'_, Value> = handle.stream(&ctx, json!({})).unwrap();
    for call in &mut aside {
        assert!(call.now_or_never().is_none());
    }
    assert!(chunks.next().now_or_never().is_none());
    // One of those between leaves by itself.
    drop(aside.remove(1));
    drop(lease);
    let begin = Instant::now();
    assert!(instances.invalidate(&user("a")).await);
    assert_eq!((begin.elapsed(), lab.live_values()), (limits().close_timeout, 0));
    drop(fill(&instances, &["a"]).await);
    assert_eq!(seen(&lab), (0, 0));
    for call in aside {
        assert_eq!(call.await.unwrap_err().message(), CLOSED);
    }
    assert_eq!(StreamExt::next(&mut chunks).await.unwrap().unwrap_err().message(), CLOSED);
    assert!(StreamExt::next(&mut chunks).await.is_none());
    assert_eq!(lab.live_values(), 2);
}

/// A stream that has given something and is not being polled.
#[tokio::test(start_paused = true)]
async fn a_stream_read_half_way_is_dropped_where_it_lies() {
    let yaml = "{functions: {first: {_type: user_reel, lab: LAB}}, workflow: {_type: user_part, lab: LAB}}";
    let (instances, lab) = table(yaml, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    let ctx = Context::for_test(None);
    let mut chunks = first(&lease).stream(&ctx, json!({"frames": 3})).unwrap();
    chunks.next().await.unwrap().unwrap();
    drop(lease);
    assert!(instances.invalidate(&user("a")).await);
    assert_eq!(lab.streams_dropped.load(Ordering::SeqCst), 1);
    assert_eq!(chunks.next().await.unwrap().unwrap_err().message(), CLOSED);
    assert!(chunks.next().await.is_none());
}

struct Free(Arc<Semaphore>);

impl Drop for Free {
    fn drop(&mut self) {
        self.0.add_permits(100);
    }
}

/// Code that does not return to its await cannot be dropped: its user has no instance rather than two.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_call_that_blocks_its_thread_has_no_successor_beside_it() {
    let limits = InstanceLimits { close_timeout: MS * 20, build_timeout: MS * 50, ..InstanceLimits::default() };
    let (instances, lab) = table(TWO, limits).await;
    let (gate, ours) = gate();
    // Whatever becomes of this test, the thread is given back.
    let _free = Free(ours.clone());
    let running = Arc::new(AtomicBool::new(false));
    let runs = running.clone();
    lab.call(move |_, _| {
        runs.store(true, Ordering::SeqCst);
        Step::Block(gate.clone())
    });
    let lease = instances.acquire(&user("a")).await.unwrap();
    let blocked = tokio::spawn(call(first(&lease)));
    until("the call runs", || running.load(Ordering::SeqCst)).await;
    drop(lease);
    let closing = tokio::spawn({
        let instances = instances.clone();
        async move { instances.invalidate(&user("a")).await }
    });
    until("it is being closed", || instances.reports(None).is_empty()).await;
    assert!(matches!(instances.acquire(&user("a")).await, Err(OpenError::Closing)));
    assert_eq!(lab.begun.load(Ordering::SeqCst), 2, "no successor was begun");
    drop(fill(&instances, &["b"]).await);
    ours.add_permits(1);
    // It had ended when it returned, or found the doors closed.
    let _ = blocked.await.unwrap();
    assert!(closing.await.unwrap());
    drop(fill(&instances, &["a"]).await);
    assert_eq!(seen(&lab), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_panics_when_it_is_dropped_is_counted_out() {
    let (instances, lab) = table(TWO, limits()).await;
    let lease = instances.acquire(&user("a")).await.unwrap();
    lab.call(|_, _| Step::HangSore);
    let ctx = Context::for_test(None);
    let handle = first(&lease);
    let mut aside = Box::pin(handle.call(&ctx, json!({})));
    assert!((&mut aside).now_or_never().is_none());
    let left = tokio::spawn(call(handle.clone()));
    tokio::task::yield_now().await;
    drop(lease);
    // One is dropped by its caller, one by the close.
    left.abort();
    assert!(left.await.unwrap_err().is_panic());
    assert!(instances.invalidate(&user("a")).await);
    let totals = instances.totals().now();
    assert_eq!((totals.closes_timed_out, totals.closes_failed, lab.live_values()), (1, 1, 0));
    drop(fill(&instances, &["a"]).await);
    assert_eq!(aside.await.unwrap_err().message(), CLOSED);
}

/// All components of an instance close within one limit, and one that hangs leaves the others time to.
#[tokio::test(start_paused = true)]
async fn the_closes_of_an_instance_share_one_limit() {
    let yaml = "
functions: {first: {_type: user_part, lab: LAB}, second: {_type: user_part, lab: LAB}, third: {_type: user_part, lab: LAB}}
workflow: {_type: user_part, lab: LAB, needs: [first, second, third]}
";
    let limits = InstanceLimits { close_timeout: SECOND * 4, ..limits() };
    for (hanging, left_open, elapsed) in
        [(4, 4, SECOND * 4), (1, 1, SECOND * 5 / 2 + SECOND * 3 / 10), (0, 0, SECOND * 4 / 10)]
    {
        let (instances, lab) = table(yaml, limits.clone()).await;
        drop(fill(&instances, &["a"]).await);
        // The last built closes first.
        lab.close(move |name, _| match name {
            "<workflow>" if hanging > 0 => Step::Hang,
            _ if hanging > 1 => Step::Hang,
            _ => Step::Sleep(SECOND / 10),
        });
        let begin = Instant::now();
        assert!(instances.invalidate(&user("a")).await);
        assert_eq!((lab.counts(), lab.live_values()), ((4, 4), 0));
        assert_eq!((instances.totals().now().closes_timed_out, begin.elapsed()), (left_open, elapsed));
    }
}

/// After the drain deadline nobody waits for a permit: all are closed within the limit, or their calls dropped.
#[tokio::test(start_paused = true)]
async fn more_users_than_close_at_once_are_closed_at_the_deadline() {
    let (instances, lab) = table(TWO, InstanceLimits { concurrent_closes: 2, ..limits() }).await;
    let names: Vec<String> = (0..20).map(|number| format!("user-{number}")).collect();
    let mut leases = Vec::new();
    for name in &names {
        leases.append(&mut fill(&instances, &[name]).await);
    }
    lab.close(|_, _| Step::Hang);
    let begin = Instant::now();
    assert!(instances.shutdown(begin + SECOND * 5, SECOND * 3).await.is_empty());
    assert_eq!((begin.elapsed(), lab.live_values()), (SECOND * 8, 0));
}

/// A close that has begun before the end of everything is known ends by then.
#[tokio::test(start_paused = true)]
async fn a_close_that_runs_ends_with_everything() {
    let (instances, lab) = table(TWO, InstanceLimits { close_timeout: SECOND * 60, ..limits() }).await;
    drop(fill(&instances, &["a"]).await);
    lab.close(|_, _| Step::Hang);
    let begin = Instant::now();
    instances.stopping.cancel();
    until("it closes", || lab.counts().1 == 1).await;
    assert!(instances.shutdown(begin + SECOND, SECOND * 2).await.is_empty());
    assert_eq!((begin.elapsed(), lab.live_values()), (SECOND * 3, 0));
}
