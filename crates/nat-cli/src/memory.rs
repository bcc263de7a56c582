//! What was freed goes back to the system.
//!
//! glibc keeps freed memory for itself unless it happens to lie at the end of a heap. A server that once held
//! ten thousand streams or a million users would look as large for good, and its neighbours would go without.
//! So when much has ended, the allocator is asked to let go. That takes it time in which others cannot
//! allocate, and therefore happens when nothing more ends, or seldom: at most a two-hundredth of the time is spent on it.

use std::convert::Infallible;
use std::time::Duration;

use nat_core::Runtime;
use nat_server::Traffic;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::debug;

/// How often it is looked at whether enough has ended.
const LOOK: Duration = Duration::from_secs(2);
/// The least time between two requests to the allocator, and as a multiple of what the last one took.
const PAUSE: (Duration, u32) = (Duration::from_secs(5), 200);
/// While more keeps ending it is put off, but not for longer than this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections that have to end to make it worth while; of instances one is enough, they may be of any size.
const CONNECTIONS: u64 = 64;

/// Watches what ends, for as long as it is polled.
pub(crate) async fn give_back(runtime: Runtime, traffic: Traffic) -> Infallible {
    let (mut given, mut seen) = (Ended::default(), Ended::default());
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut not_before, mut at_last) = (Instant::now(), None);
    loop {
        let now = ticks.tick().await;
        let ended = Ended { instances: runtime.totals().closed, connections: traffic.connections_ended() };
        let settled = std::mem::replace(&mut seen, ended) == ended;
        if !ended.is_much_since(given) || now < not_before {
            continue;
        }
        if settled || now >= *at_last.get_or_insert(now + PATIENCE) {
            let took = tokio::task::spawn_blocking(trim).await.unwrap_or_default();
            debug!(?took, "freed memory was given back to the system");
            (given, at_last) = (ended, None);
            not_before = Instant::now() + PAUSE.0.max(took * PAUSE.1);
        }
    }
}

/// What has ended so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ended {
    instances: u64,
    connections: u64,
}

impl Ended {
    fn is_much_since(self, before: Self) -> bool {
        self.instances > before.instances || self.connections - before.connections >= CONNECTIONS
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
        let ended = |instances, connections| Ended { instances, connections };
        let before = ended(5, 1000);
        assert!(!before.is_much_since(before));
        assert!(!ended(5, 1000 + CONNECTIONS - 1).is_much_since(before), "some connections");
        assert!(ended(5, 1000 + CONNECTIONS).is_much_since(before), "many");
        assert!(ended(6, 1000).is_much_since(before), "an instance");
    }
}
