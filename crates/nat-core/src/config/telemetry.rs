//! `general.telemetry`: where logs and traces go.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where logs and traces go: named exporters, each with its own settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Telemetry {
    /// Where the log goes, by names of one's own. Default: standard error, at the level of `--log-level`.
    pub logging: BTreeMap<String, Logger>,
    /// Exporters of traces. Without effect in this version.
    pub tracing: Map<String, Value>,
}

/// One place that the log goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "_type", rename_all = "snake_case")]
pub enum Logger {
    /// Standard error.
    Console {
        /// What is less important is left out. Default: info.
        #[serde(default)]
        level: LogLevel,
    },
    /// A file, which is appended to.
    File {
        /// The file; relative to the working directory.
        #[schemars(length(min = 1))]
        path: String,
        /// What is less important is left out. Default: info.
        #[serde(default)]
        level: LogLevel,
    },
}

/// How important a line of the log is. Written in capital or small letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What may be wrong.
    Warning,
    /// What went wrong.
    Error,
    /// What ends the process.
    Critical,
}

/// `type` for `_type`, and the level in small letters, as the schema has them.
pub(super) fn canonical(telemetry: &mut Value) {
    let loggers = telemetry.get_mut("logging").and_then(Value::as_object_mut);
    for logger in loggers.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        super::general::canonical_tag(logger);
        if let Some(Value::String(level)) = logger.get_mut("level") {
            *level = match level.to_ascii_lowercase().as_str() {
                "warn" => "warning".to_owned(),
                "fatal" => "critical".to_owned(),
                lower => lower.to_owned(),
            };
        }
    }
}
