//! Where lines go.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
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

impl<S: Subscriber> Layer<S> for Sinks {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let text = match self.0.format {
            LogFormat::Text => line::line(event),
            LogFormat::Json => json::line(event),
        };
        let targets = self.0.targets.read();
        let level = event.metadata().level();
        if *level <= targets.console {
            console::err(&text);
        }
        for target in targets.files.iter().filter(|target| *level <= target.level) {
            // A disk that is full must not end the server.
            let _ = target.file.lock().write_all(text.as_bytes());
        }
    }
}
