//! What was freed goes back to the system.
//!
//! glibc keeps freed memory for itself unless it happens to lie at the end of a heap. A server that once held
//! ten thousand streams or a million users would look as large for good, and its neighbours would go without.
//! So when much has ended, the allocator is asked to let go. That takes it time in which others cannot
//! allocate, and therefore happens seldom: at most a thousandth of the time is spent on it.

use std::convert::Infallible;
use std::time::Duration;

use nat_core::Runtime;
use tokio::runtime::Handle;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::debug;

/// How often it is looked at whether enough has ended.
const LOOK: Duration = Duration::from_secs(2);
/// The least time between two requests to the allocator, and as a multiple of what the last one took.
const PAUSE: (Duration, u32) = (Duration::from_secs(5), 1000);
/// Connections that have to end to make it worth while; of instances one is enough, they may be of any size.
const CONNECTIONS: usize = 64;

/// Watches what ends, for as long as it is polled.
pub(crate) async fn give_back(runtime: Runtime) -> Infallible {
    let mut tide = Tide::default();
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut not_before = Instant::now();
    loop {
        let now = ticks.tick().await;
        // Every connection is a task.
        let tasks = Handle::current().metrics().num_alive_tasks();
        if tide.ebbs(runtime.totals().closed, tasks) && now >= not_before {
            let took = tokio::task::spawn_blocking(trim).await.unwrap_or_default();
            debug!(?took, "freed memory was given back to the system");
            tide.turned(tasks);
            not_before = Instant::now() + PAUSE.0.max(took * PAUSE.1);
        }
    }
}

/// What has ended since memory was last given back.
#[derive(Debug, Default)]
struct Tide {
    closed_before: u64,
    closed: u64,
    most_tasks: usize,
}

impl Tide {
    /// Whether enough has ended, of so many instances closed in all and tasks alive now.
    fn ebbs(&mut self, closed: u64, tasks: usize) -> bool {
        self.closed = closed;
        self.most_tasks = self.most_tasks.max(tasks);
        closed > self.closed_before || self.most_tasks - tasks >= CONNECTIONS
    }

    fn turned(&mut self, tasks: usize) {
        (self.closed_before, self.most_tasks) = (self.closed, tasks);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn trim() -> Duration {
    let began = Instant::now();
    // SAFETY: it takes no pointer, and the allocator locks itself.
    #[allow(unsafe_code)]
    unsafe {
        libc::malloc_trim(0);
    }
    began.elapsed()
}

/// Other allocators see to it themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_has_to_end_before_memory_is_given_back() {
        let mut tide = Tide::default();
        assert!(!tide.ebbs(0, 10));
        assert!(!tide.ebbs(0, 1000));
        assert!(!tide.ebbs(0, 1000 - CONNECTIONS + 1), "some connections have ended");
        assert!(tide.ebbs(0, 1000 - CONNECTIONS), "many have");
        tide.turned(1000 - CONNECTIONS);
        assert!(!tide.ebbs(0, 1000 - CONNECTIONS));
        assert!(tide.ebbs(1, 1000 - CONNECTIONS), "an instance has closed");
        tide.turned(1000 - CONNECTIONS);
        assert!(!tide.ebbs(1, 1000 - CONNECTIONS));
    }
}
