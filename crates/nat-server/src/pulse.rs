//! Whether anything happens on a connection, and since when nothing does.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// A connection's signs of life: cheap to give on every request, looked at by one slow timer.
#[derive(Debug)]
pub(crate) struct Pulse {
    origin: Instant,
    /// Requests being answered, and one more while an answer waits for the client to read it.
    busy: AtomicU32,
    /// When `busy` last fell, in nanoseconds from `origin`.
    last: AtomicU64,
}

/// A sign of life that lasts as long as the value.
#[derive(Debug)]
pub(crate) struct Busy<'a>(&'a Pulse);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), busy: AtomicU32::new(0), last: AtomicU64::new(0) }
    }

    pub(crate) fn busy(&self) -> Busy<'_> {
        self.begin();
        Busy(self)
    }

    /// The same without a guard: [`Pulse::end`] must follow.
    pub(crate) fn begin(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        // 2^64 nanoseconds are 584 years.
        let now = u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
        self.busy.fetch_sub(1, Ordering::Release);
    }

    /// Whether nothing is being answered or sent.
    pub(crate) fn is_silent(&self) -> bool {
        self.busy.load(Ordering::Acquire) == 0
    }

    /// When something last ended, or the connection began.
    pub(crate) fn silent_since(&self) -> Instant {
        self.origin + Duration::from_nanos(self.last.load(Ordering::Relaxed))
    }

    /// When the connection will have been silent for `limit`, if nothing happens from `now` on.
    pub(crate) fn silent_until(&self, now: Instant, limit: Duration) -> Instant {
        match self.is_silent() {
            true => self.silent_since() + limit,
            false => now + limit,
        }
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_begins_when_the_last_request_ends() {
        let limit = Duration::from_secs(10);
        let pulse = Pulse::new();
        let start = Instant::now();
        assert_eq!(pulse.silent_until(start, limit), start + limit);
        let (first, second) = (pulse.busy(), pulse.busy());
        tokio::time::advance(Duration::from_secs(60)).await;
        drop(first);
        assert_eq!(pulse.silent_until(Instant::now(), limit), start + Duration::from_secs(70));
        tokio::time::advance(Duration::from_secs(5)).await;
        drop(second);
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(pulse.silent_until(Instant::now(), limit), start + Duration::from_secs(75));
    }
}
