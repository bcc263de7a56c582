//! One build in progress: the components of one part of the plan, one after another, on one task.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::debug;

use crate::activity::{self, Phase};
use crate::builder::{BuildReason, Builder, Built, Component};
use crate::component_set::ComponentSet;
use crate::directory::Directory;
use crate::function::{ErasedFunction, ErasedGroup, GroupMember, ObjectCell, Scope};
use crate::graph::{Part, Plan, Planned, Target};
use crate::kind::ComponentKind;
use crate::lifecycle::ComponentChange;
use crate::registration::Settings;
use crate::{Error, Result, UserId};

/// The build of all shared components, or of all components of one user.
pub(crate) struct Assembly {
    plan: Arc<Plan>,
    scope: Scope,
    shared: Option<Arc<ComponentSet>>,
    user: Option<UserId>,
    reason: BuildReason,
    progress: Mutex<Progress>,
    changed: Notify,
}

struct Progress {
    states: Vec<State>,
    /// The built ones, in the order in which they were finished.
    built: Vec<(usize, Component)>,
    /// Who asked for whom while it was not built yet.
    waits: Vec<(usize, usize)>,
    /// Who asked for whom in vain.
    refusals: Vec<(usize, usize)>,
    panicked: Option<usize>,
}

#[derive(Clone)]
enum State {
    Waiting,
    Building,
    Built(Component),
    Failed(Error),
}

/// A component that failed, and why.
#[derive(Clone, Debug)]
pub(crate) struct FailedComponent {
    pub(crate) index: usize,
    pub(crate) error: Error,
}

impl Assembly {
    /// The shared part, at start.
    pub(crate) fn shared(plan: Arc<Plan>) -> Arc<Self> {
        Self::new(plan, Scope::Shared, None, None, BuildReason::Startup)
    }

    /// One user's part.
    pub(crate) fn per_user(plan: Arc<Plan>, shared: Arc<ComponentSet>, user: UserId) -> Arc<Self> {
        Self::new(plan, Scope::PerUser, Some(shared), Some(user), BuildReason::FirstRequest)
    }

    fn new(
        plan: Arc<Plan>,
        scope: Scope,
        shared: Option<Arc<ComponentSet>>,
        user: Option<UserId>,
        reason: BuildReason,
    ) -> Arc<Self> {
        let count = plan.part(scope).components.len();
        let progress = Progress {
            states: vec![State::Waiting; count],
            built: Vec::with_capacity(count),
            waits: Vec::new(),
            refusals: Vec::new(),
            panicked: None,
        };
        Arc::new(Self { plan, scope, shared, user, reason, progress: Mutex::new(progress), changed: Notify::new() })
    }

    pub(crate) fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    pub(crate) fn reason(&self) -> BuildReason {
        self.reason
    }

    pub(crate) fn part(&self) -> &Part {
        self.plan.part(self.scope)
    }

    pub(crate) fn planned(&self, index: usize) -> &Planned {
        &self.part().components[index]
    }

    /// Builds everything, in the plan's order. What was built when this fails or is dropped is still
    /// to be taken and closed.
    pub(crate) async fn build_all(self: &Arc<Self>) -> Result<(), FailedComponent> {
        for index in 0..self.part().components.len() {
            if let Err(error) = self.ensure(index, None).await {
                // A component asked for by name on the way may be the one that really failed.
                let index = self.progress.lock().culprit(index);
                return Err(FailedComponent { index, error });
            }
        }
        Ok(())
    }

    /// Takes what has been built so far, in the order in which it was finished.
    pub(crate) fn take(&self) -> ComponentSet {
        let built = std::mem::take(&mut self.progress.lock().built);
        ComponentSet::new(self.plan.clone(), self.scope, built, self.shared.clone())
    }

    /// The components that have not been built, in the plan's order.
    pub(crate) fn remaining(&self) -> Vec<usize> {
        let progress = self.progress.lock();
        let unbuilt = |(_, state): &(usize, &State)| !matches!(state, State::Built(_));
        progress.states.iter().enumerate().filter(unbuilt).map(|(index, _)| index).collect()
    }

    /// The component that is being built, and waits for no other one.
    pub(crate) fn under_way(&self) -> Option<usize> {
        self.progress.lock().innermost()
    }

    /// The component whose build panicked.
    pub(crate) fn panicked(&self) -> Option<usize> {
        self.progress.lock().panicked
    }

    /// A function that component `asker` wants by name.
    pub(crate) async fn function(self: &Arc<Self>, asker: usize, name: &str) -> Result<Arc<dyn ErasedFunction>> {
        match self.part().function(name) {
            Some(Target { component, member }) => match (self.ensure(component, Some(asker)).await?.0, member) {
                (Built::Function(function), _) => Ok(function),
                (Built::Group(group), Some(member)) => Ok(GroupMember::of(group, member)),
                (Built::Group(_), None) | (Built::Object(_), _) => Err(not_found("Function", name)),
            },
            None => {
                self.refuse_per_user(asker, name)?;
                self.shared.as_ref().and_then(|shared| shared.function(name)).ok_or_else(|| not_found("Function", name))
            }
        }
    }

    /// Whether a group has that name, for the users of this part or for all.
    pub(crate) fn is_group(&self, name: &str) -> bool {
        [Scope::PerUser, Scope::Shared].into_iter().any(|scope| self.plan.part(scope).groups.contains_key(name))
    }

    /// A function group that component `asker` wants by name.
    pub(crate) async fn group(self: &Arc<Self>, asker: usize, name: &str) -> Result<Arc<dyn ErasedGroup>> {
        match self.part().groups.get(name) {
            Some(component) => match self.ensure(*component, Some(asker)).await?.0 {
                Built::Group(group) => Ok(group),
                Built::Function(_) | Built::Object(_) => Err(not_found("Function group", name)),
            },
            None => {
                self.refuse_per_user(asker, name)?;
                self.shared
                    .as_ref()
                    .and_then(|shared| shared.group(name))
                    .ok_or_else(|| not_found("Function group", name))
            }
        }
    }

    /// A component of a further kind that component `asker` wants by name.
    pub(crate) async fn object(
        self: &Arc<Self>,
        asker: usize,
        kind: ComponentKind,
        name: &str,
    ) -> Result<Arc<ObjectCell>> {
        let not_found = || not_found(&kind.capitalized(), name);
        match self.part().object(kind, name) {
            Some(component) => match self.ensure(component, Some(asker)).await?.0 {
                Built::Object(object) => Ok(object),
                Built::Function(_) | Built::Group(_) => Err(not_found()),
            },
            None => {
                if self.scope == Scope::Shared && self.plan.is_per_user_object(kind, name) {
                    let asker = self.planned(asker).described();
                    return Err(Error::value(format!("{asker} depends on per-user {} `{name}`", kind.noun())));
                }
                self.shared.as_ref().and_then(|shared| shared.object(kind, name)).ok_or_else(not_found)
            }
        }
    }

    /// A name that is no reference in the settings is first seen here, so the rule is checked here too.
    fn refuse_per_user(&self, asker: usize, name: &str) -> Result<()> {
        match (self.scope, self.plan.per_user_target(name)) {
            (Scope::Shared, Some(kind)) => {
                let asker = self.planned(asker).described();
                Err(Error::value(format!("{asker} depends on per-user {kind} `{name}`")))
            }
            _ => Ok(()),
        }
    }

    /// The component at `index`, built if need be.
    async fn ensure(self: &Arc<Self>, index: usize, asker: Option<usize>) -> Result<Component> {
        let ensured = self.built_or_build(index, asker).await;
        if let (Err(_), Some(asker)) = (&ensured, asker) {
            self.progress.lock().refusals.push((asker, index));
        }
        ensured
    }

    async fn built_or_build(self: &Arc<Self>, index: usize, asker: Option<usize>) -> Result<Component> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            match self.claim(index, asker)? {
                Claim::Built(component) => return Ok(component),
                Claim::Mine => return self.build(index).await,
                Claim::Others => changed.await,
            }
        }
    }

    fn claim(&self, index: usize, asker: Option<usize>) -> Result<Claim> {
        let mut progress = self.progress.lock();
        let claim = match &progress.states[index] {
            State::Built(component) => return Ok(Claim::Built(component.clone())),
            State::Failed(error) => return Err(error.clone()),
            State::Building => Claim::Others,
            State::Waiting => Claim::Mine,
        };
        if let Some(asker) = asker {
            if let Some(path) = progress.path(index, asker) {
                let names = std::iter::once(asker).chain(path).map(|at| format!("`{}`", self.planned(at).label.name));
                let path = names.collect::<Vec<_>>().join(" -> ");
                return Err(Error::value(format!("components wait for each other while they are built: {path}")));
            }
            progress.waits.push((asker, index));
        }
        if matches!(claim, Claim::Mine) {
            progress.states[index] = State::Building;
        }
        Ok(claim)
    }

    async fn build(self: &Arc<Self>, index: usize) -> Result<Component> {
        let claimed = Claimed { assembly: self, index };
        let planned = self.planned(index);
        debug!(component = %planned.label.name, user = self.user.as_ref().map(tracing::field::display), "building");
        let builder = Builder::new(self.clone(), index);
        let building = (planned.registration.build)(Settings(planned.settings.clone()), &builder);
        let built = activity::during(Phase::Build, &planned.label.name, self.user.as_ref(), building).await;
        // From here to the end nothing awaits: a component that is finished is recorded, or was never finished.
        let mut progress = self.progress.lock();
        progress.states[index] = match &built {
            Ok(component) => State::Built(component.clone()),
            Err(error) => State::Failed(error.clone()),
        };
        if let Ok(component) = &built {
            progress.built.push((index, component.clone()));
        }
        drop(progress);
        drop(claimed);
        if built.is_ok() {
            self.plan.observed.report(&planned.label.name, self.user.as_ref(), ComponentChange::Built);
        }
        built
    }
}

enum Claim {
    Built(Component),
    Mine,
    Others,
}

/// A build under way. When its future is dropped half-way, the next one who asks may try again.
struct Claimed<'a> {
    assembly: &'a Assembly,
    index: usize,
}

impl Drop for Claimed<'_> {
    fn drop(&mut self) {
        let mut progress = self.assembly.progress.lock();
        if std::thread::panicking() {
            // The innermost comes first.
            progress.panicked.get_or_insert(self.index);
        }
        if matches!(progress.states[self.index], State::Building) {
            progress.states[self.index] = State::Waiting;
        }
        progress.waits.retain(|(asker, target)| *asker != self.index && *target != self.index);
        drop(progress);
        self.assembly.changed.notify_waiters();
    }
}

impl Progress {
    /// Where the failure of `index` began: a component that asks in vain for another one usually passes its error on.
    fn culprit(&self, index: usize) -> usize {
        let mut culprit = index;
        // No chain is longer than there are components.
        for _ in &self.states {
            let State::Failed(error) = &self.states[culprit] else { break };
            let passed_on = |target: &usize| match &self.states[*target] {
                State::Failed(cause) => error.message().contains(cause.message()),
                _ => false,
            };
            let asked = self.refusals.iter().filter(|(asker, _)| *asker == culprit).map(|(_, target)| *target);
            match asked.rev().find(passed_on) {
                Some(target) => culprit = target,
                None => break,
            }
        }
        culprit
    }

    fn innermost(&self) -> Option<usize> {
        let building = |index: &usize| matches!(self.states[*index], State::Building);
        let waits = |index: &usize| self.waits.iter().any(|(asker, target)| asker == index && building(target));
        (0..self.states.len()).filter(building).find(|index| !waits(index))
    }

    /// The chain by which `from` already waits for `to`, if it does.
    fn path(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut path = vec![from];
        let mut seen = vec![false; self.states.len()];
        self.extend(&mut path, &mut seen, to).then_some(path)
    }

    fn extend(&self, path: &mut Vec<usize>, seen: &mut [bool], to: usize) -> bool {
        let Some(&last) = path.last() else { return false };
        if last == to {
            return true;
        }
        if std::mem::replace(&mut seen[last], true) {
            return false;
        }
        for (_, target) in self.waits.iter().filter(|(asker, _)| *asker == last) {
            path.push(*target);
            if self.extend(path, seen, to) {
                return true;
            }
            path.pop();
        }
        false
    }
}

fn not_found(kind: &str, name: &str) -> Error {
    Error::value(format!("{kind} `{name}` not found"))
}
