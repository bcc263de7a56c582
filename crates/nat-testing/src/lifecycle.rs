//! The record of builds and closes, and assertions on it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use nat_core::__testing::{ComponentChange, ComponentEvent, ComponentObserver};
use nat_core::{CloseReason, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::TestUserName;

/// The time after which a wait for an event is a failure of the test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Every build and close of a component in one workflow, in order. A clone is the same record.
///
/// Components are named as in the file; the workflow is `<workflow>`. A component counts as built when its builder
/// function has returned a value, and as closed when its close has ended, in whichever way.
#[derive(Clone, Default)]
pub struct Lifecycle(Arc<Record>);

#[derive(Default)]
struct Record {
    events: Mutex<Vec<LifecycleEvent>>,
    changed: Notify,
}

/// One build or close.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LifecycleEvent {
    /// The component's name in the file; `<workflow>` for the workflow.
    pub component: String,
    /// The user whose instance it belongs to; `None` for a shared component.
    pub user: Option<UserId>,
    /// `None` for a build, the reason for a close.
    pub closed: Option<CloseReason>,
}

impl Lifecycle {
    pub(crate) fn observer(&self) -> ComponentObserver {
        let record = self.0.clone();
        Arc::new(move |event: ComponentEvent<'_>| {
            let closed = match event.change {
                ComponentChange::Built => None,
                ComponentChange::Closed(reason) => Some(reason),
            };
            let (component, user) = (event.component.to_owned(), event.user.cloned());
            record.events.lock().push(LifecycleEvent { component, user, closed });
            record.changed.notify_waiters();
        })
    }

    /// All events so far.
    pub fn events(&self) -> Vec<LifecycleEvent> {
        self.0.events.lock().clone()
    }

    /// The events of one user's instances, such as `["built notepad", "closed notepad (idle)"]`.
    pub fn of_user(&self, user: impl TestUserName) -> Vec<String> {
        self.shown(Some(&user.user_id()))
    }

    /// The events of the shared components, such as `["built catalogue"]`.
    pub fn of_shared(&self) -> Vec<String> {
        self.shown(None)
    }

    fn shown(&self, user: Option<&UserId>) -> Vec<String> {
        self.0.events.lock().iter().filter(|event| event.user.as_ref() == user).map(ToString::to_string).collect()
    }

    /// The number of builds of a component, over all users.
    pub fn built(&self, component: &str) -> usize {
        self.count(|event| event.component == component && event.closed.is_none())
    }

    /// The number of closes of a component, over all users.
    pub fn closed(&self, component: &str) -> usize {
        self.count(|event| event.component == component && event.closed.is_some())
    }

    /// The number of builds of a component for one user.
    pub fn built_for(&self, user: impl TestUserName, component: &str) -> usize {
        let user = Some(user.user_id());
        self.count(|event| event.component == component && event.user == user && event.closed.is_none())
    }

    /// The number of closes of a component for one user.
    pub fn closed_for(&self, user: impl TestUserName, component: &str) -> usize {
        let user = Some(user.user_id());
        self.count(|event| event.component == component && event.user == user && event.closed.is_some())
    }

    fn count(&self, is_meant: impl Fn(&LifecycleEvent) -> bool) -> usize {
        self.0.events.lock().iter().filter(|event| is_meant(event)).count()
    }

    /// Waits until `condition` holds. It is checked now and after each event.
    ///
    /// # Panics
    ///
    /// When it does not hold after a minute of tokio's time, with `what` and the events so far.
    pub async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let held = async {
            loop {
                let changed = self.0.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if condition(self) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(PATIENCE, held).await.is_err() {
            panic!("waited {PATIENCE:?} in vain until {what}; events so far:\n{self:?}");
        }
    }

    /// Asserts that every component that was built has been closed exactly once, each instance in reverse build order.
    /// For the end of a test, after [`TestWorkflow::shutdown`](crate::TestWorkflow::shutdown).
    ///
    /// # Panics
    ///
    /// When that is not so, with the component, its user and the events.
    #[track_caller]
    pub fn assert_all_closed(&self) {
        let mut open: HashMap<Option<UserId>, Vec<String>> = HashMap::new();
        for event in self.events() {
            let stack = open.entry(event.user.clone()).or_default();
            if event.closed.is_none() {
                stack.push(event.component);
            } else if stack.last() == Some(&event.component) {
                stack.pop();
            } else {
                let expected =
                    stack.last().map_or_else(|| "nothing is left to close".to_owned(), |it| format!("`{it}` is next"));
                panic!("`{}` of {} was closed, but {expected}:\n{self:?}", event.component, owner(event.user.as_ref()));
            }
        }
        for (user, stack) in open {
            assert!(stack.is_empty(), "{stack:?} of {} was not closed:\n{self:?}", owner(user.as_ref()));
        }
    }
}

fn owner(user: Option<&UserId>) -> String {
    user.map_or_else(|| "the shared components".to_owned(), |user| format!("user {user}"))
}

impl fmt::Display for LifecycleEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.closed {
            None => write!(f, "built {}", self.component),
            Some(reason) => write!(f, "closed {} ({reason})", self.component),
        }
    }
}

impl fmt::Debug for Lifecycle {
    /// One event in each line, with its user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for event in self.events() {
            writeln!(f, "{event}, {}", owner(event.user.as_ref()))?;
        }
        Ok(())
    }
}
