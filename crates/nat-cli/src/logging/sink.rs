//! Where lines go.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::{json, line};
use crate::args::LogFormat;
use crate::console;

/// Standard error and files, each with a level of its own. A clone is the same sinks.
#[derive(Clone)]
pub(crate) struct Sinks(Arc<Inner>);

struct Inner {
    format: LogFormat,
    targets: RwLock<Targets>,
}

struct Targets {
    console: LevelFilter,
    files: Vec<Target>,
}

/// A file that is written line by line.
pub(crate) struct Target {
    file: Mutex<File>,
    level: LevelFilter,
}

impl Target {
    pub(crate) fn new(file: File, level: LevelFilter) -> Self {
        Self { file: Mutex::new(file), level }
    }
}

impl Sinks {
    pub(crate) fn new(format: LogFormat, console: LevelFilter) -> Self {
        Self(Arc::new(Inner { format, targets: RwLock::new(Targets { console, files: Vec::new() }) }))
    }

    pub(crate) fn format(&self) -> LogFormat {
        self.0.format
    }

    pub(crate) fn console_level(&self) -> LevelFilter {
        self.0.targets.read().console
    }

    pub(crate) fn replace(&self, console: LevelFilter, files: Vec<Target>) {
        *self.0.targets.write() = Targets { console, files };
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
        let targets = self.0.targets.read();
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
            console::err(&text);
        }
        for target in files {
            // A disk that is full must not end the server.
            let _ = target.file.lock().write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tracing_subscriber::layer::SubscriberExt;

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

    #[test]
    fn each_place_has_the_lines_of_its_level() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (quiet, chatty) = (folder.path().join("quiet"), folder.path().join("chatty"));
        let file = |path, level| Target::new(File::create(path).expect("a file can be made"), level);
        let sinks = Sinks::new(LogFormat::Text, LevelFilter::OFF);
        let files = vec![file(&quiet, LevelFilter::INFO), file(&chatty, LevelFilter::DEBUG)];
        sinks.replace(LevelFilter::OFF, files);
        tracing::subscriber::with_default(tracing_subscriber::Registry::default().with(sinks), || {
            tracing::warn!(target: "h2::proto::streams::recv", "a stream was reset");
            tracing::debug!(target: "nat_server", "a request");
            tracing::warn!(target: "nat_server", "a close");
        });
        let messages = |path| {
            let text = fs::read_to_string(path).expect("the file was written");
            text.lines().map(|line| line.rsplit(" - ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(messages(quiet), ["a close"]);
        assert_eq!(messages(chatty), ["a stream was reset", "a request", "a close"]);
    }
}
