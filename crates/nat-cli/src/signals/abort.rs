//! The last words of a process that aborts: stack overflow, failed allocation, a panic while another one unwinds.
//!
//! The standard library ends such a process by SIGABRT, on the thread that is to blame. The handler can do next to nothing
//! there (the stack is a few kilobytes, the allocator may be broken): it notes the number of the thread, wakes the
//! supervisor and waits a moment, in which that thread says whose code it was. Then the process ends as it would have.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nat_core::activity;
use signal_hook::consts::SIGABRT;
use signal_hook::low_level::{pipe, register};

/// The number of the thread that aborts, plus one.
static THREAD: AtomicU64 = AtomicU64::new(0);
static TOLD: AtomicBool = AtomicBool::new(false);

/// How long the thread that aborts waits for the last words, in steps.
const WAIT: (u32, Duration) = (50, Duration::from_millis(10));

/// Hears SIGABRT from now on, and wakes `wakes` for it.
///
/// # Errors
///
/// The system gives no handler.
pub(super) fn listen(wakes: &UnixStream) -> io::Result<()> {
    // In this order: the note, the wake, the wait.
    // SAFETY: an atomic store, and a read of a thread-local that has neither destructor nor lazy initialisation.
    #[allow(unsafe_code)]
    unsafe {
        register(SIGABRT, || {
            let number = u64::from(activity::thread_number()) + 1;
            let _ = THREAD.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
        })?;
    }
    pipe::register(SIGABRT, wakes.try_clone()?)?;
    // SAFETY: an atomic load and nanosleep(2), both allowed in handlers.
    #[allow(unsafe_code)]
    unsafe {
        register(SIGABRT, wait)?;
    }
    Ok(())
}

fn wait() {
    for _ in 0..WAIT.0 {
        if TOLD.load(Ordering::SeqCst) {
            return;
        }
        // The thread is about to end the process; there is nothing to wake it with in a handler.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(WAIT.1);
    }
}

/// The number of the thread that aborts, if one does; 0 for one that has run no component.
pub(super) fn under_way() -> Option<u32> {
    let number = THREAD.load(Ordering::SeqCst).checked_sub(1)?;
    u32::try_from(number).ok()
}

/// Lets the thread that aborts do so, and gives it the time for that: a dump of the process then shows it as the culprit.
pub(super) fn told() {
    TOLD.store(true, Ordering::SeqCst);
    std::thread::park_timeout(WAIT.1 * WAIT.0);
}
