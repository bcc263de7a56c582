//! How much is logged, and how.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use nat_core::config;
use tracing::level_filters::LevelFilter;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LogLevel {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

impl ValueEnum for LogLevel {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }))
    }
}

impl LogLevel {
    pub(crate) fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warning => LevelFilter::WARN,
            // Nothing here is worse than an error.
            Self::Error | Self::Critical => LevelFilter::ERROR,
        }
    }
}

impl From<config::LogLevel> for LogLevel {
    fn from(level: config::LogLevel) -> Self {
        match level {
            config::LogLevel::Debug => Self::Debug,
            config::LogLevel::Info => Self::Info,
            config::LogLevel::Warning => Self::Warning,
            config::LogLevel::Error => Self::Error,
            config::LogLevel::Critical => Self::Critical,
        }
    }
}
