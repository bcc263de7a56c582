//! The log: on standard error, and in a file if the workflow file asks for one (`telemetry.logging`).

mod json;
mod line;
mod sink;

use std::io;
use std::path::Path;

use nat_core::Config;
use nat_core::config::Logger;
use tracing::level_filters::LevelFilter;
use tracing::warn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, reload};

use crate::args::{LogFormat, LogLevel};
use sink::{Sinks, Target};

/// The running log, whose levels and targets a workflow file may change.
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
        let opened = files.iter().filter_map(|(path, level)| match open(Path::new(path)) {
            Ok(file) => Some(Target::new(file, *level)),
            Err(error) => {
                warn!("general.telemetry.logging: `{path}` cannot be written: {error}");
                None
            }
        });
        self.sinks.replace(console, opened.collect());
    }
}

fn open(path: &Path) -> io::Result<std::fs::File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).open(path)
}
