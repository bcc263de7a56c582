//! Everything at once: many workers, few users, tiny timeouts, cancellation at every await, builds and
//! closes that fail, panic and hang, invalidation, and a shutdown into all of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use moka::sync::Cache;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::InstanceLimits;
use crate::assembly::Assembly;
use crate::component_set::ComponentSet;
use crate::config::BuildRetry;
use crate::function::CloseReason;
use crate::metrics::Outcome;
use crate::testing::{Lab, Step, TWO, plan, table, user};
use crate::{UserId, shared};

/// A small generator, so that a run can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Drops its future when that has been polled so many times without an end.
struct CancelAt<F> {
    future: Pin<Box<F>>,
    polls_left: u64,
}

impl<F: Future> Future for CancelAt<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.polls_left == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.polls_left -= 1;
                Poll::Pending
            }
        }
    }
}

fn hostile(lab: &Lab) {
    let rolls = AtomicU64::new(0x9e37_79b9_7f4a_7c15);
    let roll = move |sides: u64| {
        let seed = rolls.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        Dice(seed | 1).roll(1_000_003) % sides
    };
    let roll = Arc::new(roll);
    let build = roll.clone();
    lab.build(move |_, _| match build(100) {
        0..60 => Step::Pass,
        60..80 => Step::Yield(3),
        80..88 => Step::Sleep(Duration::from_millis(1)),
        88..95 => Step::Fail,
        95..98 => Step::Panic,
        _ => Step::Hang,
    });
    lab.close(move |_, _| match roll(100) {
        0..60 => Step::Pass,
        60..80 => Step::Yield(3),
        80..92 => Step::Sleep(Duration::from_millis(1)),
        92..95 => Step::Fail,
        95..97 => Step::Panic,
        _ => Step::Hang,
    });
}

const USERS: u64 = 24;

fn limits() -> InstanceLimits {
    InstanceLimits {
        idle_timeout: Duration::from_millis(2),
        sweep_interval: Duration::from_millis(1),
        build_timeout: Duration::from_millis(8),
        close_timeout: Duration::from_millis(4),
        running_calls: 4,
        waiting_calls: 64,
        // Fewer places than users, so that some have to make room.
        users: 20,
        concurrent_builds: 6,
        concurrent_closes: 6,
        queue_timeout: Duration::from_millis(50),
        build_retry: BuildRetry {
            after: 3,
            first_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(4),
        },
    }
}

/// At least a million acquisitions: no user ever has two instances, no build begins before the
/// predecessor has closed, and everything that was built is closed once.
#[test]
fn at_most_one_instance_and_every_one_closed() {
    // Panics are part of the plan; their backtraces are not worth reading.
    std::panic::set_hook(Box::new(|_| {}));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let (lab, acquired, cancelled, refused, evicted) = runtime.block_on(async {
        let (instances, lab) = table(TWO, limits()).await;
        hostile(&lab);
        let [acquired, cancelled, refused] = [(); 3].map(|()| Arc::new(AtomicU64::new(0)));
        let workers = (0..32_u64).map(|worker| {
            let instances = instances.clone();
            let (acquired, cancelled, refused) = (acquired.clone(), cancelled.clone(), refused.clone());
            tokio::spawn(async move {
                let mut dice = Dice(worker * 7919 + 17);
                for _ in 0..33_000 {
                    let user = user(&dice.roll(USERS).to_string());
                    // Most of the time nothing is cancelled on the hit path, which has no await to cancel at.
                    let polls_left = if dice.roll(4) == 0 { dice.roll(6) } else { u64::MAX };
                    let acquire = CancelAt { future: Box::pin(instances.acquire(&user)), polls_left };
                    let count = match acquire.await {
                        Some(Ok(mut lease)) => {
                            match dice.roll(64) {
                                0 => tokio::time::sleep(Duration::from_millis(3)).await,
                                1..8 => tokio::task::yield_now().await,
                                _ => {}
                            }
                            lease.finish(Outcome::Done);
                            &acquired
                        }
                        Some(Err(_)) => &refused,
                        None => &cancelled,
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                    match dice.roll(2_000) {
                        0 => drop(instances.invalidate(&user).await),
                        1 => drop(CancelAt { future: Box::pin(instances.invalidate(&user)), polls_left: 1 }.await),
                        2..6 => tokio::time::sleep(Duration::from_millis(5)).await,
                        _ => {}
                    }
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.expect("no worker panics");
        }
        let unclosed = instances.shutdown(Instant::now() + Duration::from_millis(20), Duration::from_secs(2)).await;
        assert_eq!(unclosed, Vec::<UserId>::new());
        assert!(instances.reports(None).is_empty());
        let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let totals = instances.totals().now();
        assert_eq!(totals.built, totals.closed, "instances built and closed");
        (lab, read(&acquired), read(&cancelled), read(&refused), totals.closed)
    });
    let attempts = acquired + cancelled + refused;
    let (built, closed) = lab.counts();
    let read = |of: &AtomicU64| of.load(Ordering::SeqCst);
    println!(
        "{attempts} acquisitions: {acquired} leases, {cancelled} cancelled, {refused} refused; \
         {evicted} instances closed; parts: {built} built, {closed} closed, {} overlaps, {} early builds",
        read(&lab.overlaps),
        read(&lab.early),
    );
    assert!(attempts >= 1_000_000);
    assert!(cancelled > 100 && refused > 100 && evicted > 100, "the run must have met what it is about");
    assert_eq!(read(&lab.overlaps), 0, "two values of one user at once");
    assert_eq!(read(&lab.early), 0, "a build that began before the predecessor was gone");
    assert_eq!(built, closed, "parts built and closed");
    assert_eq!(lab.live_values(), 0, "values that were never dropped");
}

/// A table that builds once for all who wait but lets moka decide alone what goes: the book notices what
/// goes wrong there, so it would notice it above.
#[test]
fn a_table_without_slots_is_caught() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    let (calls, overlaps) = runtime.block_on(async {
        let (number, lab) = Lab::new();
        let plan = plan(TWO, number);
        let shared = shared::build(&plan, &limits(), &Default::default()).await.expect("nothing shared");
        lab.build(|_, _| Step::Yield(3));
        lab.close(|_, _| Step::Sleep(Duration::from_millis(1)));
        let tasks = TaskTracker::new();
        let (closers, runtime) = (tasks.clone(), tokio::runtime::Handle::current());
        let cache: Cache<UserId, Arc<ComponentSet>> = Cache::builder()
            .time_to_idle(Duration::from_millis(2))
            .eviction_listener(move |_, set: Arc<ComponentSet>, _| {
                closers.spawn_on(
                    async move {
                        set.close(CloseReason::Idle, Duration::from_secs(1), None).await;
                    },
                    &runtime,
                );
            })
            .build();
        // One build at a time for each user, as a careful person would have it.
        let building: Arc<Vec<tokio::sync::Mutex<()>>> = Arc::new((0..USERS).map(|_| Default::default()).collect());
        let workers = (0..32_u64).map(|worker| {
            let (cache, plan, shared, building) = (cache.clone(), plan.clone(), shared.clone(), building.clone());
            tasks.spawn(async move {
                let mut dice = Dice(worker * 7919 + 17);
                for number in (0..500).map(|_| dice.roll(USERS)).collect::<Vec<_>>() {
                    let user = user(&number.to_string());
                    let single = building[usize::try_from(number).expect("few users")].lock().await;
                    if cache.get(&user).is_none() {
                        let assembly = Assembly::per_user(plan.clone(), shared.clone(), user.clone());
                        if assembly.build_all().await.is_ok() {
                            cache.insert(user, Arc::new(assembly.take()));
                        }
                    }
                    drop(single);
                    tokio::time::sleep(Duration::from_micros(dice.roll(3_000))).await;
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.expect("no worker panics");
        }
        (32 * 500, lab.overlaps.load(Ordering::SeqCst))
    });
    println!("without slots: {overlaps} overlaps in {calls} calls");
    assert!(overlaps > 0);
}
