//! The components that were built together: found by name, closed in reverse build order.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{debug, error, warn};

use crate::activity::{self, Phase};
use crate::builder::{Built, Component};
use crate::context::FunctionNumber;
use crate::directory::Directory;
use crate::function::{CloseReason, ErasedFunction, ErasedGroup, GroupMember, ObjectCell, Scope};
use crate::graph::{Plan, Target};
use crate::kind::ComponentKind;
use crate::lifecycle::ComponentChange;
use crate::{UserId, unwind};

/// All shared components, or all components of one user. What failed half-way holds only what was built.
pub(crate) struct ComponentSet {
    plan: Arc<Plan>,
    scope: Scope,
    /// In the order in which they were finished.
    built: Box<[(u32, Component)]>,
    shared: Option<Arc<ComponentSet>>,
}

/// What happened to the components of a set while it was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CloseOutcome {
    pub(crate) closed: usize,
    pub(crate) failed: usize,
    pub(crate) timed_out: usize,
}

/// The time that the closes of a set have together. It ends earlier when the end of everything is made known.
pub(crate) struct Deadline {
    begin: Instant,
    limit: Duration,
    end_of_all: Option<watch::Receiver<Option<Instant>>>,
}

impl Deadline {
    /// It begins now.
    pub(crate) fn within(limit: Duration, end_of_all: Option<watch::Receiver<Option<Instant>>>) -> Self {
        Self { begin: Instant::now(), limit, end_of_all }
    }

    /// Completes `reserve` before the limit, and no later than the end of everything.
    async fn passed(&mut self, reserve: Duration) {
        let own = self.begin + self.limit.saturating_sub(reserve);
        loop {
            let Some(end_of_all) = &mut self.end_of_all else { return tokio::time::sleep_until(own).await };
            let at = end_of_all.borrow_and_update().map_or(own, |end| end.min(own));
            tokio::select! {
                () = tokio::time::sleep_until(at) => return,
                changed = end_of_all.changed() => {
                    if changed.is_err() {
                        self.end_of_all = None;
                    }
                }
            }
        }
    }
}

impl ComponentSet {
    pub(crate) fn new(
        plan: Arc<Plan>,
        scope: Scope,
        built: Vec<(usize, Component)>,
        shared: Option<Arc<ComponentSet>>,
    ) -> Self {
        let small = |(index, component)| (u32::try_from(index).unwrap_or(u32::MAX), component);
        Self { plan, scope, built: built.into_iter().map(small).collect(), shared }
    }

    pub(crate) fn len(&self) -> usize {
        self.built.len()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.built.iter().map(|(_, component)| component.name())
    }

    /// The places of the plan that are filled, in build order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = usize> {
        // Every index came from a usize of the plan.
        self.built.iter().map(|(index, _)| *index as usize)
    }

    /// The component at `index` of the plan's part. Components are nearly always finished in the
    /// plan's order, so the first place looked at is the right one.
    pub(crate) fn component(&self, index: usize) -> Option<&Component> {
        let is_it = |(at, _): &&(u32, Component)| *at as usize == index;
        let found = self.built.get(index).filter(is_it).or_else(|| self.built.iter().find(is_it));
        found.map(|(_, component)| component)
    }

    /// The function at `target`; `None` only in a set that failed half-way.
    pub(crate) fn target(&self, target: Target) -> Option<Arc<dyn ErasedFunction>> {
        match (&self.component(target.component)?.0, target.member) {
            (Built::Function(function), _) => Some(function.clone()),
            (Built::Group(group), Some(member)) => Some(GroupMember::of(group.clone(), member)),
            (Built::Group(_), None) | (Built::Object(_), _) => None,
        }
    }

    /// Closes every component once, the last built first, all of them together within `deadline`. A component that
    /// fails, panics or hangs is logged by name, and the others are closed all the same: one that takes long leaves
    /// each of those behind it at least half of an equal share.
    ///
    /// Calls that a thread is running may go on after this, as may what is left of their components:
    /// [`ComponentSet::emptied`] waits for them.
    pub(crate) async fn close(
        &self,
        reason: CloseReason,
        mut deadline: Deadline,
        user: Option<&UserId>,
    ) -> CloseOutcome {
        let mut outcome = CloseOutcome::default();
        let Deadline { begin, limit, .. } = deadline;
        let count = u32::try_from(self.built.len()).unwrap_or(u32::MAX);
        let reserve = limit / count.saturating_mul(2).max(1);
        for ((_, component), behind) in self.built.iter().rev().zip((0..count).rev()) {
            let name = component.name();
            let closing = match &component.0 {
                Built::Function(function) => function.close(reason),
                Built::Group(group) => group.close(reason),
                Built::Object(object) => object.close(reason),
            };
            let mut closing = activity::during(Phase::Close, name, user, closing);
            let (id, user) = (user, user.map(tracing::field::display));
            let passed = deadline.passed(reserve.saturating_mul(behind));
            let ended = tokio::select! {
                biased;
                ended = AssertUnwindSafe(&mut closing).catch_unwind() => Some(ended),
                () = passed => None,
            };
            let (mut failed, mut timed_out) = (false, false);
            match ended {
                Some(Ok(Ok(()))) => debug!(component = name, user, %reason, "closed"),
                Some(Ok(Err(error))) => {
                    failed = true;
                    warn!(component = name, user, %reason, %error, "failed to close");
                }
                Some(Err(panic)) => {
                    failed = true;
                    let text = unwind::text(panic);
                    let (id, panic) = unwind::to_report(&text);
                    error!(%id, component = name, user, %reason, panic, "panicked while closing");
                }
                None => {
                    timed_out = true;
                    warn!(
                        component = name, user, %reason, close_timeout = ?limit, after = ?begin.elapsed(),
                        "did not close in time: its close was dropped"
                    );
                }
            }
            // A person's code runs here, too.
            let dropped = unwind::caught(|| drop(closing)).and(match &component.0 {
                _ if !timed_out => Ok(()),
                Built::Function(function) => function.give_up(),
                Built::Group(group) => group.give_up(),
                // Its close has taken it.
                Built::Object(_) => Ok(()),
            });
            if let Err(text) = dropped {
                failed = true;
                let (id, panic) = unwind::to_report(&text);
                error!(%id, component = name, user, %reason, panic, "panicked while it was dropped");
            }
            self.plan.observed.report(name, id, ComponentChange::Closed(reason));
            outcome.closed += 1;
            outcome.failed += usize::from(failed);
            outcome.timed_out += usize::from(timed_out);
        }
        outcome
    }

    /// Waits until no call holds a value of the set: after [`ComponentSet::close`] only for calls that block their
    /// thread.
    pub(crate) async fn emptied(&self) {
        for (_, component) in &self.built {
            match &component.0 {
                Built::Function(function) => function.emptied().await,
                Built::Group(group) => group.emptied().await,
                // Held by what was built with it, which is waited for.
                Built::Object(_) => {}
            }
        }
    }
}

impl Directory for ComponentSet {
    fn function(&self, name: &str) -> Option<Arc<dyn ErasedFunction>> {
        let part = self.plan.part(self.scope);
        let Some(target) = part.function(name) else {
            return self.shared.as_ref()?.function(name);
        };
        self.target(target)
    }

    fn group(&self, name: &str) -> Option<Arc<dyn ErasedGroup>> {
        let part = self.plan.part(self.scope);
        let Some(component) = part.groups.get(name) else {
            return self.shared.as_ref()?.group(name);
        };
        match &self.component(*component)?.0 {
            Built::Group(group) => Some(group.clone()),
            Built::Function(_) | Built::Object(_) => None,
        }
    }

    fn object(&self, kind: ComponentKind, name: &str) -> Option<Arc<ObjectCell>> {
        let Some(component) = self.plan.part(self.scope).object(kind, name) else {
            return self.shared.as_ref()?.object(kind, name);
        };
        match &self.component(component)?.0 {
            Built::Object(object) => Some(object.clone()),
            Built::Function(_) | Built::Group(_) => None,
        }
    }

    fn name_of(&self, function: FunctionNumber) -> Option<Arc<str>> {
        self.plan.name(function)
    }

    fn shared(&self) -> Option<Arc<dyn Directory>> {
        self.shared.clone().map(|shared| shared as Arc<dyn Directory>)
    }
}

impl fmt::Debug for ComponentSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
