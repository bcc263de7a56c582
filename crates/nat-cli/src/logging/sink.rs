//! Where lines go.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::queue::{Dropped, Queue};
use super::{json, line};
use crate::args::LogFormat;

/// Standard error and files, each with a level of its own. A clone is the same sinks.
#[derive(Clone)]
pub(crate) struct Sinks(Arc<Inner>);

struct Inner {
    format: LogFormat,
    /// Standard error; nothing where the system gave no thread for it.
    console: Option<Queue>,
    targets: RwLock<Arc<Targets>>,
}

struct Targets {
    console: LevelFilter,
    files: Vec<Target>,
}

/// A file that is written line by line. A disk may stop as a pipe does, so it has a queue of its own.
pub(crate) struct Target {
    queue: Queue,
    level: LevelFilter,
}

impl Sinks {
    pub(crate) fn new(format: LogFormat, console: LevelFilter) -> Self {
        let queue = Queue::new(io::stderr(), dropped(format)).ok();
        let targets = RwLock::new(Arc::new(Targets { console, files: Vec::new() }));
        Self(Arc::new(Inner { format, console: queue, targets }))
    }

    /// The queue of standard error.
    pub(crate) fn console(&self) -> Option<&Queue> {
        self.0.console.as_ref()
    }

    /// A file with the lines of a level.
    ///
    /// # Errors
    ///
    /// The system gives no thread for it.
    pub(crate) fn target(&self, file: File, level: LevelFilter) -> io::Result<Target> {
        Ok(Target { queue: Queue::new(file, dropped(self.0.format))?, level })
    }

    /// Waits until everything that was logged is written; not for longer than `longest` in all, nor for a place that
    /// takes nothing for `stalled`.
    pub(crate) fn flush(&self, longest: Duration, stalled: Duration) {
        let targets = self.0.targets.read().clone();
        let deadline = Instant::now() + longest;
        for queue in self.0.console.iter().chain(targets.files.iter().map(|target| &target.queue)) {
            queue.flush(deadline.saturating_duration_since(Instant::now()), stalled);
        }
    }

    pub(crate) fn format(&self) -> LogFormat {
        self.0.format
    }

    pub(crate) fn console_level(&self) -> LevelFilter {
        self.0.targets.read().console
    }

    pub(crate) fn replace(&self, console: LevelFilter, files: Vec<Target>) {
        *self.0.targets.write() = Arc::new(Targets { console, files });
    }
}

fn dropped(format: LogFormat) -> Dropped {
    match format {
        LogFormat::Text => line::dropped,
        LogFormat::Json => json::dropped,
    }
}

/// Crates below the server, for which a warning is what any client can bring about. Who looks for a fault sees them.
const PLUMBING: [&str; 6] = ["h2", "hyper", "hyper_util", "mio", "moka", "tokio"];

/// Whether a place with the level `most` has lines of `level` from `target`.
fn shows(most: LevelFilter, level: Level, target: &str) -> bool {
    let is_plumbing = || PLUMBING.contains(&target.split("::").next().unwrap_or(target));
    level <= most && (most >= LevelFilter::DEBUG || !is_plumbing())
}

impl<S: Subscriber> Layer<S> for Sinks {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        // No lock while a record is written: what the fields write about themselves is code of a person.
        let targets = self.0.targets.read().clone();
        let on_console = shows(targets.console, level, target);
        let mut files = targets.files.iter().filter(|file| shows(file.level, level, target)).peekable();
        if !on_console && files.peek().is_none() {
            return;
        }
        let text = match self.0.format {
            LogFormat::Text => line::line(event),
            LogFormat::Json => json::line(event),
        };
        if on_console {
            match &self.0.console {
                Some(queue) => queue.append(&text),
                None => crate::console::err(&text),
            }
        }
        for target in files {
            target.queue.append(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    use tracing_subscriber::layer::SubscriberExt;

    use super::super::queue::MAX_BYTES;
    use super::*;

    #[test]
    fn crates_below_the_server_are_heard_at_debug_only() {
        for target in ["h2::proto::streams::recv", "hyper", "hyper_util", "tokio::task", "moka", "mio::poll"] {
            for most in [LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO] {
                assert!(!shows(most, Level::ERROR, target), "{most} {target}");
            }
            assert!(shows(LevelFilter::DEBUG, Level::WARN, target) && shows(LevelFilter::TRACE, Level::TRACE, target));
            assert!(!shows(LevelFilter::DEBUG, Level::TRACE, target));
        }
        for target in ["nat_server::connection", "nat_core", "h2o", "hyperbole::x", "my_functions"] {
            assert!(shows(LevelFilter::INFO, Level::INFO, target) && !shows(LevelFilter::INFO, Level::DEBUG, target));
        }
    }

    /// Whatever a process logs about its end, as everybody who logs that does.
    #[test]
    fn last_words_are_taken_by_a_log_that_is_full() {
        let (reader, place) = UnixStream::pair().expect("sockets can be made");
        let sinks = Sinks::new(LogFormat::Text, LevelFilter::OFF);
        let target = sinks.target(File::from(OwnedFd::from(place)), LevelFilter::INFO);
        sinks.replace(LevelFilter::OFF, vec![target.expect("a thread can be started")]);
        tracing::subscriber::with_default(tracing_subscriber::Registry::default().with(sinks.clone()), || {
            // Nobody reads: the system takes a part of it, the queue what it may, and the rest is dropped.
            let much = "x".repeat(1 << 10);
            for _ in 0..3 * MAX_BYTES / much.len() {
                tracing::info!(target: "nat_server", much);
            }
            // Neither is there room for anything short.
            for _ in 0..100 {
                tracing::info!(target: "nat_server", "xxx");
            }
            crate::signals::report_blocked(&[], 1);
            tracing::info!(target: "nat_server", much);
        });
        let lines = std::thread::spawn(move || {
            let lines = BufReader::new(reader).lines().map(|line| line.expect("lines are text"));
            lines.filter(|line| !line.contains("xxx")).collect::<Vec<_>>()
        });
        let long = Duration::from_secs(60);
        sinks.flush(long, long);
        // The place is closed when its queue is gone, which ends the lines.
        sinks.replace(LevelFilter::OFF, Vec::new());
        let lines = lines.join().expect("the lines are there");
        let [.., dropped, last, more] = &lines[..] else { panic!("{lines:?}") };
        assert!(dropped.contains("dropped here") && last.contains("the process ends with status 70"), "{lines:?}");
        assert!(more.contains("1 log line was dropped"), "{lines:?}");
    }

    #[test]
    fn each_place_has_the_lines_of_its_level() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (quiet, chatty) = (folder.path().join("quiet"), folder.path().join("chatty"));
        let sinks = Sinks::new(LogFormat::Text, LevelFilter::OFF);
        let file = |path, level| {
            sinks.target(File::create(path).expect("a file can be made"), level).expect("a thread can be started")
        };
        let files = vec![file(&quiet, LevelFilter::INFO), file(&chatty, LevelFilter::DEBUG)];
        sinks.replace(LevelFilter::OFF, files);
        tracing::subscriber::with_default(tracing_subscriber::Registry::default().with(sinks.clone()), || {
            tracing::warn!(target: "h2::proto::streams::recv", "a stream was reset");
            tracing::debug!(target: "nat_server", "a request");
            tracing::warn!(target: "nat_server", "a close");
        });
        sinks.flush(Duration::from_secs(60), Duration::from_secs(60));
        let messages = |path| {
            let text = fs::read_to_string(path).expect("the file was written");
            text.lines().map(|line| line.rsplit(" - ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(messages(quiet), ["a close"]);
        assert_eq!(messages(chatty), ["a stream was reset", "a request", "a close"]);
    }
}
