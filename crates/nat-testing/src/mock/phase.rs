//! One phase of a mock: held and released by the test.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use nat_core::{Error, Result, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::TestUserName;
use crate::lifecycle::PATIENCE;

/// The builds, the calls or the closes of a mock, under the control of the test.
///
/// A held phase begins and does not go on before it is released; the limits of the file (`build_timeout`,
/// `close_timeout`, …) apply all the while. What has passed is not held again.
pub struct MockPhase {
    name: &'static str,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// All users are held, except for these.
    all_but: Option<HashSet<UserId>>,
    held: HashSet<UserId>,
    failures: VecDeque<Error>,
    begun: Vec<Option<UserId>>,
}

impl State {
    fn is_held(&self, user: Option<&UserId>) -> bool {
        let listed = |users: &HashSet<UserId>| user.is_some_and(|user| users.contains(user));
        listed(&self.held) || self.all_but.as_ref().is_some_and(|released| !listed(released))
    }
}

impl MockPhase {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, state: Mutex::default(), changed: Notify::new() }
    }

    /// Holds the phase for everybody from here on.
    pub fn hold(&self) {
        self.state.lock().all_but = Some(HashSet::new());
    }

    /// Holds the phase for one user from here on.
    pub fn hold_for(&self, user: impl TestUserName) {
        let (mut state, user) = (self.state.lock(), user.user_id());
        if let Some(released) = &mut state.all_but {
            released.remove(&user);
        }
        state.held.insert(user);
    }

    /// Lets everybody go on, those who wait and those who come later.
    pub fn release(&self) {
        let mut state = self.state.lock();
        (state.all_but, state.held) = (None, HashSet::new());
        drop(state);
        self.changed.notify_waiters();
    }

    /// Lets one user go on, now and later.
    pub fn release_for(&self, user: impl TestUserName) {
        let (mut state, user) = (self.state.lock(), user.user_id());
        state.held.remove(&user);
        if let Some(released) = &mut state.all_but {
            released.insert(user);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Fails the next one that is not held, with `error`. Several calls of this method fail as many.
    pub fn fail_next(&self, error: Error) {
        self.state.lock().failures.push_back(error);
    }

    /// The number of those that have begun, held ones among them.
    pub fn begun(&self) -> usize {
        self.state.lock().begun.len()
    }

    /// The number of those of one user that have begun.
    pub fn begun_for(&self, user: impl TestUserName) -> usize {
        let user = Some(user.user_id());
        self.state.lock().begun.iter().filter(|begun| **begun == user).count()
    }

    /// Waits until `count` of them have begun.
    ///
    /// # Panics
    ///
    /// When that has not happened after a minute of tokio's time.
    pub async fn until_begun(&self, count: usize) {
        self.until(count, "anybody", || self.begun()).await;
    }

    /// Waits until `count` of one user have begun.
    ///
    /// # Panics
    ///
    /// As [`MockPhase::until_begun`].
    pub async fn until_begun_for(&self, user: impl TestUserName, count: usize) {
        let user = user.user_id();
        self.until(count, &format!("user {user}"), || self.begun_for(&user)).await;
    }

    async fn until(&self, count: usize, whose: &str, begun: impl Fn() -> usize) {
        let reached = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if begun() >= count {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(PATIENCE, reached).await.is_err() {
            panic!("waited {PATIENCE:?} for {count} {}s of {whose}; there were {}", self.name, begun());
        }
    }

    /// Begins one, and waits while it is held.
    pub(super) async fn pass(&self, user: Option<&UserId>) -> Result<()> {
        self.state.lock().begun.push(user.cloned());
        self.changed.notify_waiters();
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state.lock();
                if !state.is_held(user) {
                    return state.failures.pop_front().map_or(Ok(()), Err);
                }
            }
            changed.await;
        }
    }
}

impl fmt::Debug for MockPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockPhase").field("name", &self.name).field("begun", &self.begun()).finish_non_exhaustive()
    }
}
