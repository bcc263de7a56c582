//! Everything at once: many clients, few users, tiny timeouts, cancellation at every await, builds and closes that fail,
//! panic and hang, calls that outlive their lease, invalidation, and a shutdown into all of it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use moka::sync::Cache;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{InstanceLimits, Instances, Lease};
use crate::assembly::Assembly;
use crate::component_set::{ComponentSet, Deadline};
use crate::config::BuildRetry;
use crate::directory::Directory;
use crate::function::CloseReason;
use crate::metrics::Outcome;
use crate::testing::{Lab, Step, TWO, plan, table, user};
use crate::{Context as CallContext, DynFunctionHandle, UserId, shared};

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

/// The length of one run.
#[derive(Clone, Copy)]
enum Length {
    Acquisitions(u64),
    /// Until then, and until the run has met everything that it is about: a busy machine takes longer for it.
    Time(Instant),
}

impl Length {
    /// Of all runs together: `NAT_STRESS_ACQUISITIONS`, else `NAT_STRESS_SECONDS`, else one second.
    fn of_one_run() -> Self {
        let read = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
        let runs = u64::try_from(WORKERS.len()).expect("a few");
        match read("NAT_STRESS_ACQUISITIONS") {
            Some(all) => Self::Acquisitions(all / runs),
            None => {
                let all = Duration::from_secs(read("NAT_STRESS_SECONDS").unwrap_or(1));
                Self::Time(Instant::now() + all / WORKERS.len() as u32)
            }
        }
    }

    fn is_over(self, seen: &Seen, instances: &Instances) -> bool {
        match self {
            Self::Acquisitions(wanted) => seen.attempts() >= wanted,
            // The bound keeps a run that does not meet everything from going on for ever.
            Self::Time(end) => {
                Instant::now() >= end
                    && (seen.attempts() >= MOST || seen.met(instances).iter().all(|count| *count > ENOUGH))
            }
        }
    }
}

/// Times that a run has to meet each of the things that it is about.
const ENOUGH: u64 = 15;
/// Acquisitions in which a run meets all of them.
const MOST: u64 = 1_000_000;

/// Worker threads of the runtimes that everything runs on.
const WORKERS: [usize; 3] = [1, 2, 4];

/// What a run has seen.
#[derive(Default)]
struct Seen {
    acquired: AtomicU64,
    cancelled: AtomicU64,
    refused: AtomicU64,
    calls_hung: AtomicU64,
}

impl Seen {
    fn attempts(&self) -> u64 {
        [&self.acquired, &self.cancelled, &self.refused].iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }

    /// Cancelled and refused acquisitions, closed instances, stray calls, and closes that were given up.
    fn met(&self, instances: &Instances) -> [u64; 5] {
        let read = |of: &AtomicU64| of.load(Ordering::SeqCst);
        let totals = instances.totals().now();
        [read(&self.cancelled), read(&self.refused), totals.closed, read(&self.calls_hung), totals.closes_timed_out]
    }
}

/// Calls through handles, which no lease keeps: those of tasks of their own, those that nobody polls any more, and
/// streams that are read no further.
struct Strays {
    tasks: TaskTracker,
    aside: Mutex<VecDeque<Aside>>,
}

/// A call that was polled once.
type Aside = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Strays {
    /// Begins one, which hangs until its instance is closed under it.
    fn begin(&self, lease: &Lease, dice: &mut Dice) {
        let Some(first) = lease.set().function("first") else { return };
        let handle = DynFunctionHandle::new(first);
        let stream = dice.roll(3) == 0;
        let call = async move {
            let ctx = CallContext::for_test(None);
            if stream {
                let mut chunks = handle.stream(&ctx, json!({})).expect("it takes nothing");
                while chunks.next().await.is_some() {}
            } else {
                let _closed = handle.call(&ctx, json!({})).await;
            }
        };
        if dice.roll(2) == 0 {
            self.tasks.spawn(call);
            return;
        }
        let mut call: Aside = Box::pin(call);
        if (&mut call).now_or_never().is_none() {
            let mut aside = self.aside.lock();
            aside.push_back(call);
            let left = if aside.len() > 64 { aside.pop_front() } else { None };
            drop(aside);
            drop(left);
        }
    }
}

/// Half of the functions that are called hang, some for a while; the workflow's own calls are not asked.
fn hanging_calls(lab: &Lab) {
    let rolls = AtomicU64::new(7);
    lab.call(move |_, _| match Dice(rolls.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) | 1).roll(4) {
        0 => Step::Yield(3),
        1 => Step::Sleep(Duration::from_millis(2)),
        _ => Step::Hang,
    });
}

async fn client(instances: Arc<Instances>, strays: Arc<Strays>, seen: Arc<Seen>, number: u64, length: Length) {
    let mut dice = Dice(number * 7919 + 17);
    while !length.is_over(&seen, &instances) {
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
                if dice.roll(500) == 0 {
                    strays.begin(&lease, &mut dice);
                    seen.calls_hung.fetch_add(1, Ordering::Relaxed);
                }
                lease.finish(Outcome::Done);
                &seen.acquired
            }
            Some(Err(_)) => &seen.refused,
            None => &seen.cancelled,
        };
        count.fetch_add(1, Ordering::Relaxed);
        match dice.roll(2_000) {
            0 => drop(instances.invalidate(&user).await),
            1 => drop(CancelAt { future: Box::pin(instances.invalidate(&user)), polls_left: 1 }.await),
            2..6 => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => {}
        }
    }
}

/// No user ever has two instances, no build begins before the predecessor and every call of it are gone, and
/// everything that was built is closed once: on runtimes of one, two and four workers.
#[test]
fn at_most_one_instance_and_every_one_closed() {
    // Panics are part of the plan; their backtraces are not worth reading.
    std::panic::set_hook(Box::new(|_| {}));
    for workers in WORKERS {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
        runtime.expect("a runtime").block_on(run(workers));
    }
}

async fn run(workers: usize) {
    let (instances, lab) = table(TWO, limits()).await;
    hostile(&lab);
    hanging_calls(&lab);
    let (seen, tasks, length) = (Arc::new(Seen::default()), TaskTracker::new(), Length::of_one_run());
    let strays = Arc::new(Strays { tasks: tasks.clone(), aside: Mutex::default() });
    let clients = (0..32).map(|number| {
        let (instances, strays, seen) = (instances.clone(), strays.clone(), seen.clone());
        tokio::spawn(client(instances, strays, seen, number, length))
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("no client panics");
    }
    let unclosed = instances.shutdown(Instant::now() + Duration::from_millis(20), Duration::from_secs(2)).await;
    assert_eq!(unclosed, Vec::<UserId>::new());
    assert!(instances.reports(None).is_empty());
    let totals = instances.totals().now();
    assert_eq!(totals.built, totals.closed, "instances built and closed");
    assert_eq!(lab.live_values(), 0, "values that were never dropped, though calls of them still lie aside");
    let aside = std::mem::take(&mut *strays.aside.lock());
    for aside in aside {
        aside.await;
    }
    tasks.close();
    tasks.wait().await;
    let read = |of: &AtomicU64| of.load(Ordering::SeqCst);
    let (attempts, acquired, met) = (seen.attempts(), read(&seen.acquired), seen.met(&instances));
    let [cancelled, refused, evicted, hung, closes_given_up] = met;
    let (built, closed) = lab.counts();
    println!(
        "{workers} workers, {attempts} acquisitions: {acquired} leases, {cancelled} cancelled, {refused} refused; \
         {hung} stray calls, {evicted} instances closed, {closes_given_up} closes given up; parts: {built} built, {closed} closed; \
         {} overlaps, {} early builds",
        read(&lab.overlaps),
        read(&lab.early),
    );
    assert!(met.iter().all(|count| *count > ENOUGH), "the run must have met what it is about: {met:?}");
    assert_eq!(read(&lab.overlaps), 0, "two values of one user at once");
    assert_eq!(read(&lab.early), 0, "a build that began before the predecessor was gone");
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
                        set.close(CloseReason::Idle, Deadline::within(Duration::from_secs(1), None), None).await;
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
