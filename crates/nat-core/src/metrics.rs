//! What is counted: for each user, and over all of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::UserId;
use crate::component_set::CloseOutcome;
use crate::graph::Plan;
use crate::moment::Moment;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
}

/// One user's counters, from the build of the instance to its close.
#[derive(Debug)]
pub(crate) struct Counters {
    created: Moment,
    /// When the last request began.
    pub(crate) active_since: Moment,
    finished: u64,
    errors: u64,
    latency_nanos: u64,
}

impl Counters {
    pub(crate) fn new(now: Moment) -> Self {
        Self { created: now, active_since: now, finished: 0, errors: 0, latency_nanos: 0 }
    }

    pub(crate) fn record(&mut self, latency: Duration, outcome: Outcome) {
        self.finished += 1;
        self.latency_nanos = self.latency_nanos.saturating_add(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        if outcome == Outcome::Failed {
            self.errors += 1;
        }
    }
}

/// One user as the monitor shows them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserReport {
    /// Who.
    pub user_id: UserId,
    /// When the instance's build began.
    pub created_at: SystemTime,
    /// When the last request began or ended.
    pub last_activity: SystemTime,
    /// Requests that run or wait for their turn.
    pub active_requests: usize,
    /// Requests that have finished.
    pub total_requests: u64,
    /// Those of them that failed.
    pub error_count: u64,
    /// The time from opening to end of all finished requests together.
    pub latency_total: Duration,
    /// Per-user functions built, without the workflow, with the included ones of groups.
    pub functions: usize,
    /// Per-user function groups built.
    pub groups: usize,
    /// All per-user components built, the workflow among them.
    pub components: usize,
}

/// Some of the users, in order of creation: see [`Runtime::users_page`](crate::Runtime::users_page).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserPage {
    /// Users with an instance. There can be fewer than were asked for, and further ones all the same.
    pub users: Vec<UserReport>,
    /// Where the next page begins; `None` when this was the last.
    pub next: Option<u64>,
}

impl UserReport {
    pub(crate) fn new(
        user: &UserId,
        counters: &Counters,
        last_activity: Moment,
        active_requests: usize,
        components: usize,
        plan: &Plan,
    ) -> Self {
        Self {
            user_id: user.clone(),
            created_at: counters.created.on_the_wall(),
            last_activity: last_activity.on_the_wall(),
            active_requests,
            total_requests: counters.finished,
            error_count: counters.errors,
            latency_total: Duration::from_nanos(counters.latency_nanos),
            functions: plan.per_user_function_count(),
            groups: plan.per_user_group_count(),
            components,
        }
    }

    /// The mean time of the finished requests; zero before the first.
    pub fn average_latency(&self) -> Duration {
        u32::try_from(self.total_requests)
            .ok()
            .and_then(|total| self.latency_total.checked_div(total))
            .unwrap_or_default()
    }
}

/// What the wall clock shows, in seconds since 1970: for what people and clients read, never to decide anything.
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Instances over all users since the start.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    built: AtomicU64,
    closed: AtomicU64,
    build_failures: AtomicU64,
    closes_failed: AtomicU64,
    closes_timed_out: AtomicU64,
}

/// Instances over all users since the start, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceTotals {
    /// Instances that finished building.
    pub built: u64,
    /// Instances that were closed.
    pub closed: u64,
    /// Builds that ended without an instance.
    pub build_failures: u64,
    /// Components, shared ones and those of failed builds among them, whose close failed or panicked.
    pub closes_failed: u64,
    /// Components, likewise, whose close was dropped at its deadline.
    pub closes_timed_out: u64,
}

impl Totals {
    pub(crate) fn built(&self) {
        self.built.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn build_failed(&self) {
        self.build_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.closed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn components_closed(&self, outcome: &CloseOutcome) {
        let add = |to: &AtomicU64, count: usize| to.fetch_add(count as u64, Ordering::Relaxed);
        add(&self.closes_failed, outcome.failed);
        add(&self.closes_timed_out, outcome.timed_out);
    }

    pub(crate) fn now(&self) -> InstanceTotals {
        let read = |of: &AtomicU64| of.load(Ordering::Relaxed);
        InstanceTotals {
            built: read(&self.built),
            closed: read(&self.closed),
            build_failures: read(&self.build_failures),
            closes_failed: read(&self.closes_failed),
            closes_timed_out: read(&self.closes_timed_out),
        }
    }
}
