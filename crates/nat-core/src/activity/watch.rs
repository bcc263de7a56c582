//! Keeps a runtime's other workers in service while code of a component blocks one of them.
//!
//! A worker of tokio's multi-threaded scheduler that an I/O event wakes holds the I/O driver while it polls the task of
//! that event, and wakes no other worker for one task. If the task blocks, nobody waits for I/O any more, although other
//! workers are free. A task that is spawned from outside wakes one of them, which then takes the driver over.
//!
//! So a thread looks at the slots of all threads while components run, and spawns an empty task on each runtime when a
//! poll lasts. It sleeps while no component runs: the first poll afterwards wakes it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{SLOTS, Turn};

/// A poll that lasts from one look to the next is taken to block its thread.
const INTERVAL: Duration = Duration::from_millis(20);
/// Looks without a running component after which the thread sleeps.
const LOOKS_BEFORE_SLEEP: u32 = 50;

static WATCH: Watch = Watch { asleep: AtomicBool::new(true), state: Mutex::new(State::new()), wake: Condvar::new() };

struct Watch {
    asleep: AtomicBool,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    runtimes: Vec<Arc<Watched>>,
    runs: bool,
}

struct Watched {
    handle: Handle,
    /// The task that was spawned last has not run yet: all workers block, and another one would only wait as well.
    pending: AtomicBool,
}

impl State {
    const fn new() -> Self {
        Self { runtimes: Vec::new(), runs: false }
    }
}

/// The calling thread's runtime is watched as long as the value lives.
pub(crate) struct Guard(Arc<Watched>);

/// Begins to watch the runtime that the calling thread belongs to. One with a single thread has nobody to wake.
pub(crate) fn runtime() -> Option<Guard> {
    let handle = Handle::try_current().ok()?;
    if handle.runtime_flavor() == RuntimeFlavor::CurrentThread {
        return None;
    }
    let watched = Arc::new(Watched { handle, pending: AtomicBool::new(false) });
    let mut state = WATCH.state.lock();
    if !state.runs {
        // Without a further thread workers that block are only found by what waits behind them.
        let started = std::thread::Builder::new().name("nat-watch".to_owned()).spawn(|| WATCH.run());
        state.runs = started.is_ok();
    }
    state.runtimes.push(watched.clone());
    drop(state);
    Some(Guard(watched))
}

impl Drop for Guard {
    fn drop(&mut self) {
        WATCH.state.lock().runtimes.retain(|one| !Arc::ptr_eq(one, &self.0));
    }
}

/// A component is about to run.
pub(super) fn component_runs() {
    if WATCH.asleep.load(Ordering::Relaxed) {
        WATCH.wake_up();
    }
}

impl Watch {
    #[cold]
    fn wake_up(&self) {
        if self.asleep.swap(false, Ordering::AcqRel) {
            let _state = self.state.lock();
            self.wake.notify_one();
        }
    }

    fn run(&self) {
        let mut last: HashMap<u32, u64> = HashMap::new();
        let mut quiet = 0;
        loop {
            let mut state = self.state.lock();
            if quiet >= LOOKS_BEFORE_SLEEP {
                self.asleep.store(true, Ordering::Release);
                quiet = 0;
            }
            while self.asleep.load(Ordering::Acquire) {
                self.wake.wait(&mut state);
            }
            self.wake.wait_for(&mut state, INTERVAL);
            drop(state);
            let now = running();
            quiet = if now.is_empty() { quiet + 1 } else { 0 };
            if now.iter().any(|turn| last.get(&turn.thread) == Some(&turn.number)) {
                self.state.lock().runtimes.iter().for_each(Watched::wake_a_worker);
            }
            last = now.into_iter().map(|turn| (turn.thread, turn.number)).collect();
        }
    }
}

/// The polls of components that are under way.
fn running() -> Vec<Turn> {
    let slots = SLOTS.lock().clone();
    slots.iter().filter_map(|slot| slot.running_turn()).collect()
}

impl Watched {
    fn wake_a_worker(self: &Arc<Self>) {
        if self.pending.swap(true, Ordering::AcqRel) {
            return;
        }
        let watched = self.clone();
        self.handle.spawn(async move { watched.pending.store(false, Ordering::Release) });
    }
}
