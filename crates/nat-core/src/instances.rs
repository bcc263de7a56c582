//! The table of user instances: at most one live instance for each user, whatever happens when.
//!
//! Every user who has, gets or loses an instance has one *slot* in the index. The slot's state decides
//! everything: whether a request gets a lease, waits for a build or for a predecessor's close, or is
//! answered with a failure. The idle cache only says when a user has been away for long enough; the
//! slot decides whether the instance may go. Builds and closes run on tasks of their own and hold no
//! lock, so no user ever waits for another user's code.

mod admission;
mod building;
mod cache;
mod closing;
mod failure;
mod gate;
mod index;
mod lease;
mod pacing;
mod slot;
mod sweep;

#[cfg(test)]
mod stress;
#[cfg(test)]
mod tests;

pub use failure::{BuildError, BuildFailure, OpenError};
pub(crate) use gate::{Gate, Queued, Turn};
pub(crate) use lease::Lease;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::UserId;
use crate::component_set::ComponentSet;
use crate::config::{BuildRetry, General};
use crate::graph::Plan;
use crate::metrics::{Totals, UserPage, UserReport};

use admission::Admission;
use cache::IdleCache;
use index::Index;
use pacing::Pacing;
use slot::{Attempt, Remains, Slot, Touch};

/// How many, and for how long.
#[derive(Clone, Debug)]
pub struct InstanceLimits {
    /// An instance whose user has made no request for this long is closed.
    pub idle_timeout: Duration,
    /// How often idle instances are looked for.
    pub sweep_interval: Duration,
    /// A build that takes longer is aborted.
    pub build_timeout: Duration,
    /// A component's close that takes longer is dropped.
    pub close_timeout: Duration,
    /// Calls of one user that run at once.
    pub running_calls: usize,
    /// Calls of one user that wait behind those that run, or could but for the build; one more is refused.
    pub waiting_calls: usize,
    /// Users with an instance at once. For a further one the longest idle is closed.
    pub users: usize,
    /// Builds at once, over all users.
    pub concurrent_builds: usize,
    /// How builds that keep failing are slowed down.
    pub build_retry: BuildRetry,
}

impl From<&General> for InstanceLimits {
    /// Whatever a program has put there: a file's values are within these bounds already.
    fn from(general: &General) -> Self {
        let span = |span: Duration| span.clamp(Duration::from_millis(1), LONGEST);
        Self {
            idle_timeout: span(general.per_user_workflow_timeout),
            sweep_interval: span(general.per_user_workflow_cleanup_interval),
            build_timeout: span(general.build_timeout),
            close_timeout: span(general.close_timeout),
            running_calls: general.max_running_calls.max(1),
            waiting_calls: general.max_waiting_calls.max(1),
            users: general.max_users.max(1),
            concurrent_builds: general.max_concurrent_builds.max(1),
            build_retry: general.build_retry.clone(),
        }
    }
}

impl Default for InstanceLimits {
    fn default() -> Self {
        Self::from(&General::default())
    }
}

/// A hundred years: as good as for ever, and still something that can be added to a point in time.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Instances handed to closing before others get a turn on this thread.
const BATCH: usize = 256;

/// The table. Made once for a server; every endpoint shares it.
pub(crate) struct Instances {
    plan: Arc<Plan>,
    shared: Arc<ComponentSet>,
    limits: InstanceLimits,
    index: Index,
    idle: IdleCache,
    admission: Admission,
    pacing: Pacing,
    builds: Semaphore,
    next_number: AtomicU64,
    totals: Totals,
    /// Builds, closes and the sweep.
    tasks: TaskTracker,
    /// Nothing new is built from here on.
    stopping: CancellationToken,
    /// Everything is being closed.
    ending: AtomicBool,
    /// The drain deadline is over: builds are aborted, leases no longer waited for.
    forced: CancellationToken,
}

impl Instances {
    /// An empty table, and its sweep. Must be called within a tokio runtime.
    pub(crate) fn new(
        plan: Arc<Plan>,
        shared: Arc<ComponentSet>,
        limits: InstanceLimits,
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let instances = Arc::new(Self {
            index: Index::default(),
            idle: IdleCache::new(limits.idle_timeout),
            admission: Admission::new(limits.users),
            pacing: Pacing::new(limits.build_retry.clone()),
            builds: Semaphore::new(limits.concurrent_builds.min(Semaphore::MAX_PERMITS)),
            next_number: AtomicU64::new(0),
            totals: Totals::default(),
            tasks: TaskTracker::new(),
            forced: CancellationToken::new(),
            ending: AtomicBool::new(false),
            plan,
            shared,
            limits,
            stopping,
        });
        instances.tasks.spawn(sweep::run(Arc::downgrade(&instances), instances.stopping.clone()));
        instances
    }

    /// Access to the user's instance, which is built first if there is none. The lease keeps it.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the place in the queue back and leaves the build running.
    pub(crate) async fn acquire(self: &Arc<Self>, user: &UserId) -> Result<Lease, OpenError> {
        if let Some(slot) = self.index.get(user)
            && let Attempt::Leased(set, touch, since) = slot.try_lease(self.touch_after())
        {
            self.touch(&slot, touch);
            return Lease::enter(slot, set, since, None).await;
        }
        self.acquire_missed(user).await
    }

    async fn acquire_missed(self: &Arc<Self>, user: &UserId) -> Result<Lease, OpenError> {
        // A build is waited for as long as it may take; a predecessor that does not close is not.
        let give_up = Instant::now() + self.limits.close_timeout.saturating_add(self.limits.build_timeout);
        let (mut slot, mut saw_build) = self.slot_for(user)?;
        let mut place = None;
        loop {
            let current = slot.clone();
            let changed = current.changed();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match current.try_lease(self.touch_after()) {
                Attempt::Leased(set, touch, since) => {
                    self.touch(&slot, touch);
                    return Lease::enter(slot.clone(), set, since, place).await;
                }
                Attempt::Building => {
                    saw_build = true;
                    if place.is_none() {
                        place = Some(Queued::at(slot.clone())?);
                    }
                    changed.await;
                    continue;
                }
                // Who has waited for this build is told how it ended; who comes later tries again.
                Attempt::Failed(error, _) if saw_build => return Err(error),
                Attempt::Failed(_, Remains::Nothing) | Attempt::Closed => {}
                Attempt::Closing | Attempt::Failed(_, Remains::ToBeClosed) => {
                    if place.is_none() {
                        place = Some(Queued::at(slot.clone())?);
                    }
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(give_up) => return Err(OpenError::Closing),
                        () = self.stopping.cancelled() => return Err(OpenError::ShuttingDown),
                    }
                    continue;
                }
            }
            (slot, saw_build) = self.slot_for(user)?;
            place = None;
        }
    }

    /// The idle cache need not hear of every request: it only says whom the sweep should ask, and the slot
    /// knows better. A quarter of the timeout keeps users who are not idle out of the sweep's way.
    fn touch_after(&self) -> Duration {
        self.limits.idle_timeout / 4
    }

    fn touch(&self, slot: &Arc<Slot>, touch: Touch) {
        if touch == Touch::Due {
            self.idle.insert(slot);
        }
    }

    /// The user's slot: the one in the index, or a new one whose build begins at once. True for a new one.
    fn slot_for(self: &Arc<Self>, user: &UserId) -> Result<(Arc<Slot>, bool), OpenError> {
        if self.stopping.is_cancelled() {
            return Err(OpenError::ShuttingDown);
        }
        if let Some(slot) = self.index.get(user) {
            return Ok((slot, false));
        }
        if let Some(error) = self.pacing.refusal(user) {
            return Err(OpenError::Build(error));
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let fresh = Slot::new(user.clone(), number, Gate::new(&self.limits));
        let slot = self.index.get_or_insert(&fresh).ok_or(OpenError::ShuttingDown)?;
        let is_new = Arc::ptr_eq(&slot, &fresh);
        if is_new {
            self.tasks.spawn(building::run(self.clone(), fresh));
        }
        Ok((slot, is_new))
    }

    /// Ends the user's instance when its last lease does; requests that come meanwhile wait for the
    /// successor. Returns when it is closed; says whether there was one.
    pub(crate) async fn invalidate(self: &Arc<Self>, user: &UserId) -> bool {
        match self.index.get(user) {
            Some(slot) => {
                self.close_when_free(&slot, crate::CloseReason::Requested);
                slot.until_closed().await;
                true
            }
            None => false,
        }
    }

    /// One entry for each live instance, in order of creation; with `only`, that user's.
    pub(crate) fn reports(&self, only: Option<&UserId>) -> Vec<UserReport> {
        let slots = match only {
            Some(user) => self.index.get(user).into_iter().collect(),
            None => self.index.all(),
        };
        let mut reports: Vec<_> =
            slots.iter().filter_map(|slot| Some((slot.number(), slot.report(&self.plan)?))).collect();
        reports.sort_unstable_by_key(|(number, _)| *number);
        reports.into_iter().map(|(_, report)| report).collect()
    }

    /// One entry for each live instance among at most `limit` users, in order of creation. `from` is where the
    /// last page said that the next one begins.
    pub(crate) fn report_page(&self, from: u64, limit: usize) -> UserPage {
        let slots = self.index.page(from, limit);
        let next = slots.last().filter(|_| slots.len() == limit).map(|slot| slot.number() + 1);
        UserPage { users: slots.iter().filter_map(|slot| slot.report(&self.plan)).collect(), next }
    }

    /// What has been built and closed so far, over all users.
    pub(crate) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Closes every instance once. Running requests are waited for until `deadline`, after which
    /// builds are aborted and instances closed under their calls. Returns the users whose instance
    /// still has not closed, because their code blocks its thread.
    pub(crate) async fn shutdown(self: &Arc<Self>, deadline: Instant) -> Vec<UserId> {
        self.stopping.cancel();
        self.ending.store(true, Ordering::Release);
        self.tasks.close();
        if tokio::time::timeout_at(deadline, self.close_all()).await.is_err() {
            self.forced.cancel();
            // Each component has `close_timeout`; a second more for the tasks themselves.
            let components = u32::try_from(self.plan.part(crate::Scope::PerUser).components.len()).unwrap_or(u32::MAX);
            let grace = self.limits.close_timeout.saturating_mul(components).saturating_add(Duration::from_secs(1));
            let _ = tokio::time::timeout(grace.min(LONGEST), self.close_all()).await;
        }
        self.index.all().iter().map(|slot| slot.user().clone()).collect()
    }

    async fn close_all(self: &Arc<Self>) {
        self.index.seal();
        // Each close is a task, and a million of them at once would take as much memory as their users.
        for batch in self.index.all().chunks(BATCH) {
            for slot in batch {
                self.close_when_free(slot, crate::CloseReason::ShuttingDown);
            }
            tokio::task::yield_now().await;
        }
        self.tasks.wait().await;
    }

    /// Whether everything is being closed.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }
}
