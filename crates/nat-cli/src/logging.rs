//! The log: on standard error, and in a file if the workflow file asks for one (`telemetry.logging`).
//!
//! Who logs never waits: each place has a bounded [queue] and a thread that writes.

mod json;
mod line;
mod queue;
mod sink;

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::time::Duration;

use nat_core::Config;
use nat_core::config::Logger;
use tracing::level_filters::LevelFilter;
use tracing::warn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, reload};

use crate::args::{LogFormat, LogLevel};
use crate::console;
use sink::Sinks;

pub(crate) use queue::Queue;

/// How long the end of the process waits for its log: in all, and for a reader that takes nothing.
const LAST_LINES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(500));

/// The running log, whose levels and targets a workflow file may change. A clone is the same log.
#[derive(Clone)]
pub(crate) struct Log {
    sinks: Sinks,
    most: reload::Handle<LevelFilter, Registry>,
    /// What was typed, which wins over what a file says of the console.
    typed: Option<LogLevel>,
}

/// Begins to log. A program that has set up its own logging keeps it.
pub(crate) fn start(typed: Option<LogLevel>, format: LogFormat) -> Log {
    let level = typed.unwrap_or(LogLevel::Info).filter();
    let sinks = Sinks::new(format, level);
    // One filter before all sinks: what none of them wants costs next to nothing.
    let (filter, most) = reload::Layer::new(level);
    let subscriber = Registry::default().with(filter).with(sinks.clone());
    let _ = tracing::subscriber::set_global_default(subscriber);
    if let Some(queue) = sinks.console() {
        console::write_through(queue.clone());
    }
    Log { sinks, most, typed }
}

impl Log {
    /// How much goes to standard error.
    pub(crate) fn console_level(&self) -> LevelFilter {
        self.sinks.console_level()
    }

    /// Whether lines are JSON.
    pub(crate) fn is_for_programs(&self) -> bool {
        self.sinks.format() == LogFormat::Json
    }

    /// Writes what waits, before the process ends or becomes another one. A reader that has stopped holds it up for
    /// half a second, one that goes on for five at most.
    pub(crate) fn flush(&self) {
        self.flush_within(LAST_LINES.0, LAST_LINES.1);
    }

    /// The same within limits of one's own.
    pub(crate) fn flush_within(&self, longest: Duration, stalled: Duration) {
        self.sinks.flush(longest, stalled);
    }

    /// Does what `general.telemetry.logging` of a file says.
    pub(crate) fn configure(&self, config: &Config) {
        let mut console = self.typed.unwrap_or(LogLevel::Info).filter();
        let mut files: Vec<(&str, LevelFilter)> = Vec::new();
        for logger in config.general.telemetry.logging.values() {
            match logger {
                Logger::Console { level } if self.typed.is_none() => console = LogLevel::from(*level).filter(),
                Logger::Console { .. } => {}
                Logger::File { path, level } => files.push((path.as_str(), LogLevel::from(*level).filter())),
            }
        }
        let most = files.iter().map(|(_, level)| *level).chain([console]).max().unwrap_or(console);
        let _ = self.most.reload(most);
        let opened = files.iter().filter_map(|(path, level)| {
            match open(Path::new(path)).and_then(|file| self.sinks.target(file, *level)) {
                Ok(target) => Some(target),
                Err(error) => {
                    warn!("general.telemetry.logging: `{path}` cannot be written: {error}");
                    None
                }
            }
        });
        self.sinks.replace(console, opened.collect());
    }
}

thread_local! {
    /// Whether this thread logs why the process ends.
    static LAST_WORDS: Cell<bool> = const { Cell::new(false) };
}

/// Runs `say`, which logs on this thread why the process ends: these lines are taken however full the log is. It still has
/// to be flushed.
pub(crate) fn last_words<T>(say: impl FnOnce() -> T) -> T {
    struct Restored(bool);
    impl Drop for Restored {
        fn drop(&mut self) {
            LAST_WORDS.set(self.0);
        }
    }
    let _restored = Restored(LAST_WORDS.replace(true));
    say()
}

/// What is said where log lines are missing.
fn dropped(count: u64) -> String {
    let lines = if count == 1 { "line was" } else { "lines were" };
    format!("{count} log {lines} dropped here: they came faster than they were read")
}

/// Whether a character ends a line for some reader, or is an instruction to a terminal: control characters, the separators
/// of Unicode, and marks that turn the direction of text.
fn moves_the_cursor(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn open(path: &Path) -> io::Result<std::fs::File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).open(path)
}
