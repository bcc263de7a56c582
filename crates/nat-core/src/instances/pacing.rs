//! A build that always fails must cost little: after some failures in a row, the reason is repeated
//! for a while instead of being found out again.

use std::time::Duration;

use tokio::time::Instant;

use super::cache::FailureCache;
use super::failure::{BuildError, BuildFailure};
use crate::UserId;
use crate::config::BuildRetry;

/// Users whose failures are remembered at once. One who is forgotten is only built for earlier.
const REMEMBERED: u64 = 10_000;

/// One user's failures in a row.
pub(super) struct Failures {
    count: u32,
    last: BuildError,
    until: Option<Instant>,
}

pub(super) struct Pacing {
    retry: BuildRetry,
    failures: FailureCache,
}

impl Pacing {
    pub(super) fn new(retry: BuildRetry) -> Self {
        // Twice the longest wait: the count must outlive the wait that it caused.
        let memory = retry.max_delay.saturating_mul(2).max(Duration::from_secs(1));
        Self { failures: FailureCache::new(REMEMBERED, memory), retry }
    }

    /// The last failure, while the next attempt has to wait.
    pub(super) fn refusal(&self, user: &UserId) -> Option<BuildError> {
        let failures = self.failures.get(user)?;
        let left = failures.until?.checked_duration_since(Instant::now())?;
        Some(BuildError { retry_after: Some(left), ..failures.last.clone() }).filter(|_| !left.is_zero())
    }

    pub(super) fn succeeded(&self, user: &UserId) {
        if self.failures.get(user).is_some() {
            self.failures.remove(user);
        }
    }

    /// Counts a failure; the error says when it makes sense to try again.
    pub(super) fn failed(&self, user: &UserId, error: BuildError) -> BuildError {
        // Neither says anything about the next attempt.
        if matches!(error.cause, BuildFailure::NoPlace | BuildFailure::Aborted) {
            return error;
        }
        let count = self.failures.get(user).map_or(0, |failures| failures.count).saturating_add(1);
        let delay = self.delay(count);
        let failures = Failures { count, last: error.clone(), until: delay.map(|delay| Instant::now() + delay) };
        self.failures.insert(user, failures);
        BuildError { retry_after: delay, ..error }
    }

    fn delay(&self, count: u32) -> Option<Duration> {
        let doublings = count.checked_sub(self.retry.after.max(1))?;
        let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
        Some(self.retry.first_delay.saturating_mul(factor).min(self.retry.max_delay))
    }
}
