//! Signals, and an end that nothing can hold up.
//!
//! Components may block every worker of the runtime, the thread that runs the server, or a lock of their own logging. So
//! what has to happen in any case runs on threads that never run their code: the *supervisor* hears signals, counts the
//! time and ends the process; the *announcer* logs and tells the async part ([`Signals::stop`], [`Signals::hurry`]), which
//! may run foreign code (wakers, a program's own log), and which the supervisor waits for only within a bound.

mod abort;
mod announcer;
mod hangup;
mod stop;
mod supervisor;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use nat_core::activity::{self, Activity};
use nat_core::config::General;
use parking_lot::Mutex;
use signal_hook::consts::SIGHUP;
use signal_hook::consts::SIGTERM;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::logging::{self, Log};

/// The exit status of a process whose code blocked its thread beyond every deadline of the stop: `EX_SOFTWARE`.
pub(crate) const BLOCKED: u8 = 70;

/// What the process was told. A clone is the same.
#[derive(Clone)]
pub(crate) struct Signals {
    shared: Arc<Shared>,
    /// Fires at the first signal.
    pub(crate) stop: CancellationToken,
    /// Fires at the second.
    pub(crate) hurry: CancellationToken,
}

/// What a signal puts an end to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// Requests that run may finish.
    Server,
    /// Nobody waits for the calls any more.
    OneShot,
}

/// The time that a stop may take in each of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// For running calls: `general.shutdown_timeout`.
    pub(crate) drain: Duration,
    /// For the closes: `general.close_timeout`.
    pub(crate) close: Duration,
}

/// What the threads and the async part know of each other.
struct Shared {
    running: Running,
    /// The first signal; 0 before there was one.
    received: AtomicI32,
    allowance: Mutex<Allowance>,
    /// The async part has ended: what is left is to print its result.
    over: AtomicBool,
    /// Answers to the second signal: of the thread that runs the server, and of a worker.
    main_answers: AtomicBool,
    worker_answers: AtomicBool,
}

impl Signals {
    /// Hears SIGINT, SIGTERM and, unless the process was started to ignore it, SIGHUP from now on. `workers` is the runtime
    /// whose stop it is.
    ///
    /// # Errors
    ///
    /// The system gives no thread, no pipe or no handler.
    pub(crate) fn listen(running: Running, general: &General, workers: Handle, log: &Log) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            running,
            received: AtomicI32::new(0),
            allowance: Mutex::new(Allowance::of(general)),
            over: AtomicBool::new(false),
            main_answers: AtomicBool::new(false),
            worker_answers: AtomicBool::new(false),
        });
        let signals = Self { shared, stop: CancellationToken::new(), hurry: CancellationToken::new() };
        let announcer = announcer::start(signals.clone(), log.clone())?;
        supervisor::start(signals.shared.clone(), announcer, workers)?;
        Ok(signals)
    }

    /// Gives a stop the time that another version of the file says.
    pub(crate) fn allow(&self, general: &General) {
        *self.shared.allowance.lock() = Allowance::of(general);
    }

    /// Runs the async part, and answers for its thread when the second signal asks whether it still runs.
    pub(crate) async fn answering<T>(&self, part: impl Future<Output = T>) -> T {
        let answer = async {
            self.hurry.cancelled().await;
            self.shared.main_answers.store(true, Ordering::SeqCst);
            std::future::pending().await
        };
        tokio::select! {
            biased;
            never = answer => never,
            ended = part => ended,
        }
    }

    /// Says that the async part has ended: a signal ends the process at once from here on.
    pub(crate) fn over(&self) {
        self.shared.over.store(true, Ordering::SeqCst);
    }

    /// Whether there was one. `stop` also fires when a runtime comes to its end by itself.
    pub(crate) fn received(&self) -> bool {
        self.shared.first() != 0
    }

    /// How a server ends: by SIGTERM or SIGHUP itself if that is what came first, as its parent expects; an interrupt is
    /// how a person ends it, which is 0.
    pub(crate) fn exit(&self, log: &Log) -> ExitCode {
        match self.shared.first() {
            SIGTERM | SIGHUP => self.end(log),
            _ => ExitCode::SUCCESS,
        }
    }

    /// Ends the process by the signal that came first, as the parent of what was interrupted expects.
    pub(crate) fn end(&self, log: &Log) -> ExitCode {
        log.flush();
        let number = self.shared.first();
        raise(number);
        ExitCode::from(128 + u8::try_from(number).unwrap_or_default())
    }
}

/// Ends the process by a signal; returns where that cannot be. The first process of a container is never ended by a
/// signal of its own, and would abort instead: it exits with the status that shells show for the signal.
fn raise(number: i32) {
    if std::process::id() != 1 {
        let _ = signal_hook::low_level::emulate_default_handler(number);
    }
}

impl Shared {
    fn first(&self) -> i32 {
        self.received.load(Ordering::SeqCst)
    }
}

impl Allowance {
    pub(crate) fn of(general: &General) -> Self {
        Self { drain: general.shutdown_timeout, close: general.close_timeout }
    }

    /// The longest that a stop takes.
    pub(crate) fn longest(self) -> Duration {
        self.drain.saturating_add(self.close).saturating_add(stop::MARGIN)
    }
}

/// Ends the threads of a runtime without waiting for code that blocks them, and gives what that is.
pub(crate) fn end_workers(runtime: tokio::runtime::Runtime) -> Vec<Activity> {
    let before = activity::all();
    // Code that computes for a moment blocks nothing yet.
    runtime.shutdown_timeout(Duration::from_millis(300));
    still_running(&before)
}

/// What has come to no `await` since `before` was read.
fn still_running(before: &[Activity]) -> Vec<Activity> {
    let now = activity::all();
    now.into_iter().filter(|now| before.iter().any(|before| before.is_same_poll(now))).collect()
}

/// Says why the process ends with [`BLOCKED`]. `unclosed` counts instances that could not be closed.
pub(crate) fn report_blocked(blocked: &[Activity], unclosed: usize) {
    let code = named(blocked);
    logging::last_words(|| {
        error!(
            unclosed,
            "the process ends with status {BLOCKED}: code blocks its thread beyond the deadlines of the stop: {code}"
        );
    });
}

/// The first few of them in words.
fn named(blocked: &[Activity]) -> String {
    const MOST: usize = 8;
    let mut names: Vec<String> = blocked.iter().take(MOST).map(ToString::to_string).collect();
    match blocked.len() {
        0 => return "which component it belongs to is not known".to_owned(),
        count if count > MOST => names.push(format!("{} more", count - MOST)),
        _ => {}
    }
    names.join(", ")
}
