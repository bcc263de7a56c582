//! The thread that hears signals, counts the time, and ends the process. It runs no code but its own, and takes no lock
//! that anybody else could hold while their code runs.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use nat_core::activity;
use signal_hook::consts::{SIGABRT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::low_level::{exit, pipe};
use tokio::runtime::Handle;

use super::announcer::Announcement;
use super::stop::{Asked, Stop, Up};
use super::{BLOCKED, Shared, abort, hangup, raise, still_running};

/// How long the last words are waited for.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// Between two looks at what runs: what is the same poll at both blocks its thread.
const LOOK: Duration = Duration::from_millis(50);

/// Starts to hear signals.
///
/// # Errors
///
/// The system gives no thread, no pipe or no handler.
pub(super) fn start(shared: Arc<Shared>, announcer: Sender<Announcement>, workers: Handle) -> io::Result<()> {
    let (wakes, woken) = UnixStream::pair()?;
    // First: once another handler is in place, how the process was started cannot be seen any more.
    let hears_hangup = !hangup::is_ignored();
    let mut heard = Vec::new();
    let signals = [(SIGINT, "SIGINT", true), (SIGTERM, "SIGTERM", true), (SIGHUP, "SIGHUP", hears_hangup)];
    for (number, name, _) in signals.into_iter().filter(|(.., hears)| *hears) {
        let came = Arc::new(AtomicBool::new(false));
        // In this order, so that the note is there when the thread wakes.
        signal_hook::flag::register(number, came.clone())?;
        pipe::register(number, wakes.try_clone()?)?;
        heard.push(Heard { number, name, came });
    }
    abort::listen(&wakes)?;
    let stop = Stop::new(shared.running);
    let supervisor = Supervisor { shared, announcer, workers, woken, heard, stop };
    std::thread::Builder::new().name("nat-signals".to_owned()).spawn(move || supervisor.run())?;
    Ok(())
}

/// A signal, and whether it has come since it was looked at.
struct Heard {
    number: i32,
    name: &'static str,
    came: Arc<AtomicBool>,
}

struct Supervisor {
    shared: Arc<Shared>,
    announcer: Sender<Announcement>,
    workers: Handle,
    woken: UnixStream,
    heard: Vec<Heard>,
    stop: Stop,
}

impl Supervisor {
    fn run(mut self) {
        loop {
            self.wait();
            if let Some(thread) = abort::under_way() {
                self.abort(thread);
            }
            for at in 0..self.heard.len() {
                if self.heard[at].came.swap(false, Ordering::SeqCst) {
                    self.signal(self.heard[at].number, self.heard[at].name);
                }
            }
            if self.shared.over.load(Ordering::SeqCst) {
                // A result that is left to print waits for its reader, and for no deadline.
                self.stop.disarm();
            }
            let answers = [&self.shared.main_answers, &self.shared.worker_answers];
            let answered = answers.iter().all(|answer| answer.load(Ordering::SeqCst));
            match self.stop.time(Instant::now(), answered) {
                None => {}
                Some(Up::Blocked) => self.end_blocked(),
                Some(Up::Hurried) => end_by(self.shared.first()),
            }
        }
    }

    /// Until a signal comes, or the time is up.
    fn wait(&mut self) {
        let left = self.stop.next().map(|at| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return;
        }
        let set = self.woken.set_read_timeout(left);
        match set.and_then(|()| self.woken.read(&mut [0; 16])) {
            Ok(1..) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            // Neither can happen to a socket whose other end is ours; a loop that spins would be worse than a late answer.
            Ok(0) | Err(_) => std::thread::park_timeout(LOOK),
        }
    }

    fn signal(&mut self, number: i32, name: &'static str) {
        let _ = self.shared.received.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
        let (allowance, over) = (*self.shared.allowance.lock(), self.shared.over.load(Ordering::SeqCst));
        match self.stop.signal(number, Instant::now(), allowance, over) {
            Asked::Nothing => {}
            Asked::Stop => self.announce(Announcement::Stop(name)),
            Asked::Hurry => {
                self.announce(Announcement::Hurry(name));
                let shared = self.shared.clone();
                // A worker that is free runs it.
                self.workers.spawn(async move { shared.worker_answers.store(true, Ordering::SeqCst) });
            }
            Asked::End => {
                self.last_words(|said| Announcement::End { signal: name, said });
                end_by(number);
            }
        }
    }

    fn announce(&self, announcement: Announcement) {
        // The thread ends with the process.
        let _ = self.announcer.send(announcement);
    }

    fn last_words(&self, words: impl FnOnce(Sender<()>) -> Announcement) {
        let (said, heard) = channel();
        self.announce(words(said));
        let _ = heard.recv_timeout(LAST_WORDS);
    }

    fn end_blocked(&self) -> ! {
        let before = activity::all();
        let until = Instant::now() + LOOK;
        while Instant::now() < until {
            std::thread::park_timeout(LOOK);
        }
        let blocked = still_running(&before);
        self.last_words(|said| Announcement::Blocked { blocked, said });
        // Past what other code has registered for the end of the process, which could block as well.
        exit(i32::from(BLOCKED))
    }

    /// Says what ran on the thread that aborts, which waits for that.
    fn abort(&self, thread: u32) -> ! {
        let running = activity::all().into_iter().filter(|activity| activity.thread == thread).collect();
        self.last_words(|said| Announcement::Abort { running, said });
        abort::told();
        end_by(SIGABRT)
    }
}

/// Ends the process by a signal.
fn end_by(number: i32) -> ! {
    raise(number);
    exit(128 + number)
}
