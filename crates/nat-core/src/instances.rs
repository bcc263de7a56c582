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
mod newcomers;
mod pacing;
mod slot;
mod sweep;

#[cfg(test)]
mod stress;
#[cfg(test)]
mod tests;

pub use failure::{BuildError, BuildFailure, OpenError};
pub(crate) use gate::{GateLimits, Queued, SharedGate, Turn};
pub(crate) use lease::Lease;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::UserId;
use crate::component_set::ComponentSet;
use crate::config::{BuildRetry, General};
use crate::function::CloseReason;
use crate::graph::Plan;
use crate::metrics::{Totals, UserPage, UserReport};

use admission::Admission;
use cache::IdleCache;
use index::Index;
use newcomers::Newcomers;
use pacing::Pacing;
use slot::{Attempt, Free, Leased, Remains, Slot, Touch};

/// Limits on user instances: their number, and the time that each phase may take.
#[derive(Clone, Debug)]
pub struct InstanceLimits {
    /// An instance whose user has made no request for this long is closed.
    pub idle_timeout: Duration,
    /// How often idle instances are looked for.
    pub sweep_interval: Duration,
    /// A build that takes longer is aborted.
    pub build_timeout: Duration,
    /// The closes of an instance's components that take longer, all together, are dropped.
    pub close_timeout: Duration,
    /// A call that waits longer for one of its user's running calls to end is refused.
    pub queue_timeout: Duration,
    /// Calls of one user that run at once.
    pub running_calls: usize,
    /// Calls of one user that wait behind those that run, or could but for the build; one more is refused.
    pub waiting_calls: usize,
    /// Users with an instance at once. For a further one the longest idle is closed.
    pub users: usize,
    /// Builds at once, over all users.
    pub concurrent_builds: usize,
    /// Closes at once, over all users.
    pub concurrent_closes: usize,
    /// The delays between builds that keep failing.
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
            queue_timeout: span(general.queue_timeout),
            running_calls: general.max_running_calls.max(1),
            waiting_calls: general.max_waiting_calls.max(1),
            users: general.max_users.max(1),
            concurrent_builds: general.max_concurrent_builds.max(1),
            concurrent_closes: general.max_concurrent_closes.max(1),
            build_retry: BuildRetry {
                after: general.build_retry.after,
                first_delay: span(general.build_retry.first_delay),
                max_delay: span(general.build_retry.max_delay),
            },
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

/// Beside the deadline of the closes themselves, for the tasks that they run on.
const GRACE: Duration = Duration::from_millis(250);

/// Instances handed to closing before others get a turn on this thread. Each is a task of some microseconds, behind
/// which the requests of others wait.
const BATCH: usize = 16;

/// The table. Made once for a server; every endpoint shares it.
pub(crate) struct Instances {
    plan: Arc<Plan>,
    shared: Arc<ComponentSet>,
    limits: InstanceLimits,
    index: Index,
    idle: Arc<IdleCache>,
    admission: Admission,
    pacing: Pacing,
    builds: Semaphore,
    closes: Arc<Semaphore>,
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
    /// When everything has to be closed, from the drain deadline on.
    closed_by: watch::Sender<Option<Instant>>,
    /// Ends the sweep.
    gone: CancellationToken,
    _ends_with_the_table: DropGuard,
}

impl Instances {
    /// An empty table, and its sweep. Must be called within a tokio runtime.
    pub(crate) fn new(
        plan: Arc<Plan>,
        shared: Arc<ComponentSet>,
        limits: InstanceLimits,
        stopping: CancellationToken,
    ) -> Arc<Self> {
        let (newcomers, gone) = (Arc::new(Newcomers::default()), CancellationToken::new());
        let instances = Arc::new(Self {
            index: Index::new(&newcomers, GateLimits::new(&limits)),
            idle: Arc::new(IdleCache::new(limits.idle_timeout)),
            admission: Admission::new(limits.users, newcomers.clone()),
            pacing: Pacing::new(limits.build_retry.clone()),
            builds: Semaphore::new(limits.concurrent_builds.min(Semaphore::MAX_PERMITS)),
            closes: Arc::new(Semaphore::new(limits.concurrent_closes.min(Semaphore::MAX_PERMITS))),
            next_number: AtomicU64::new(0),
            totals: Totals::default(),
            tasks: TaskTracker::new(),
            forced: CancellationToken::new(),
            ending: AtomicBool::new(false),
            closed_by: watch::Sender::default(),
            _ends_with_the_table: gone.clone().drop_guard(),
            gone: gone.clone(),
            plan,
            shared,
            limits,
            stopping,
        });
        let sweep = sweep::run(Arc::downgrade(&instances), newcomers, instances.stopping.clone(), gone);
        instances.tasks.spawn(sweep);
        instances
    }

    /// Access to the user's instance, which is built first if there is none. The lease keeps it.
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the place in the queue back and leaves the build running.
    pub(crate) async fn acquire(self: &Arc<Self>, user: &UserId) -> Result<Lease, OpenError> {
        if let Some((slot, Attempt::Leased(set, touch, since))) = self.index.try_lease(user, self.touch_after()) {
            self.touch(&slot, touch);
            return Lease::enter(slot, set, since, None, self.limits.queue_timeout).await;
        }
        // Boxed: nearly every request finds its instance, and would carry the room for this wait.
        Box::pin(self.acquire_missed(user)).await
    }

    async fn acquire_missed(self: &Arc<Self>, user: &UserId) -> Result<Lease, OpenError> {
        // A build is waited for as long as it may take; a predecessor that does not close is not.
        let give_up = Instant::now() + self.limits.close_timeout.saturating_add(self.limits.build_timeout);
        let (mut slot, mut saw_build) = self.slot_for(user)?;
        let mut waits = saw_build.then(|| slot.made());
        let mut place = None;
        loop {
            let current = slot.clone();
            let changed = current.changed();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match current.try_lease(self.touch_after()) {
                Attempt::Leased(set, touch, since) => {
                    self.touch(&slot, touch);
                    return Lease::enter(slot.clone(), set, since, place, self.limits.queue_timeout).await;
                }
                Attempt::Building => {
                    saw_build = true;
                    if waits.is_none() {
                        waits = Some(slot.wait_for_build());
                    }
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
            waits = saw_build.then(|| slot.made());
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
        let fresh = Slot::new(user.clone(), number, self.index.home_of(user).clone());
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
        self.end_instance(user, CloseReason::Requested).await
    }

    /// [`Instances::invalidate`], for another reason.
    pub(crate) async fn end_instance(self: &Arc<Self>, user: &UserId, reason: CloseReason) -> bool {
        match self.index.get(user) {
            Some(slot) => {
                self.close_when_free(&slot, reason);
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

    /// Opens no shared or per-user session from here on.
    pub(crate) fn end(&self) {
        self.stopping.cancel();
        self.ending.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.gone.cancel();
        self.tasks.close();
    }

    /// Closes every instance once. Running requests are waited for until `deadline`, after which builds are aborted
    /// and instances closed under their calls, within `close_limit`. Returns the users whose instance still has not
    /// closed, because their code blocks its thread.
    pub(crate) async fn shutdown(self: &Arc<Self>, deadline: Instant, close_limit: Duration) -> Vec<UserId> {
        self.end();
        if tokio::time::timeout_at(deadline, self.close_all()).await.is_err() {
            let closed_by = deadline + close_limit;
            self.closed_by.send_modify(|known| *known = Some(known.map_or(closed_by, |known| known.min(closed_by))));
            self.forced.cancel();
            let _ = tokio::time::timeout_at(closed_by + GRACE, self.close_all()).await;
        }
        self.index.all().iter().map(|slot| slot.user().clone()).collect()
    }

    async fn close_all(self: &Arc<Self>) {
        self.index.seal();
        let all = self.index.all();
        for (count, slot) in (1_usize..).zip(&all) {
            slot.mark(CloseReason::ShuttingDown);
            if count % (16 * BATCH) == 0 {
                tokio::task::yield_now().await;
            }
        }
        for (count, slot) in (1_usize..).zip(all) {
            // One that is dropped here has begun to close nothing, and leaves it to the next.
            let permit = self.close_permit().await;
            match slot.close_if_free(Leased::Wait) {
                Some(Free::Close(set)) => self.close(slot, set, CloseReason::ShuttingDown, permit),
                Some(Free::Nothing) => {}
                None => self.close_marked(slot, CloseReason::ShuttingDown),
            }
            if count % BATCH == 0 {
                tokio::task::yield_now().await;
            }
        }
        self.tasks.wait().await;
    }

    /// Whether everything is being closed. A session that was counted before this is asked is either refused by it,
    /// or waited for by the shutdown.
    pub(crate) fn is_ending(&self) -> bool {
        fence(Ordering::SeqCst);
        self.ending.load(Ordering::SeqCst)
    }
}
