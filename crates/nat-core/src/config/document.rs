//! A file as it was read, with its bases and overrides, before anything is checked.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::components::NO_TYPE;
use super::diagnostic::{Origin, Report, Source};
use super::draft::Draft;
use super::environment::Expanded;
use super::error::ConfigError;
use super::overrides::{self, OverrideError};
use super::{ComponentTypes, Config, ConfigErrors};
use crate::registry::Registry;
use nat_schema::Segment;

mod edit;
mod fitting;
#[cfg(test)]
mod hostile;
mod layout;
mod load;
mod locate;
mod repair;
mod reported;
mod secrets;
mod syntax;
#[cfg(test)]
mod tests;
mod texts;

/// What is said of a setting that must be there.
const MISSING: &str = "Field required";

/// What a file says, and who said it: the file, its bases, overrides, options of the command line.
#[derive(Debug, Clone)]
pub struct Document {
    content: Map<String, Value>,
    /// The file first, then its base, the base's base, …
    layers: Vec<Layer>,
    /// What the command line gave, in order.
    given: Vec<Given>,
    files: Vec<PathBuf>,
    /// What is wrong and does not keep the rest from being read.
    problems: Vec<ConfigError>,
    lacks: Lacks,
}

/// What would be there if something that is wrong were not: nothing can be said of what follows from that.
#[derive(Debug, Clone, Default)]
struct Lacks {
    /// What a base would give.
    base: bool,
    /// What these variables would give.
    variables: Vec<String>,
}

/// One file.
#[derive(Debug, Clone)]
struct Layer {
    name: String,
    path: Option<PathBuf>,
    /// As it was written.
    written: String,
    expanded: Expanded,
    /// What it says, without what its base says.
    value: Value,
    /// Where a text was replaced by the content of a file.
    texts: Vec<Vec<Segment>>,
}

/// One value from the command line.
#[derive(Debug, Clone)]
struct Given {
    path: Vec<String>,
    origin: Origin,
    /// As it was typed, for display: the option, and where in it the value stands.
    typed: String,
    value_at: usize,
}

/// What a check came to.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The configuration; nothing if there are errors.
    pub config: Option<Config>,
    /// Errors and warnings, in the order of the file.
    pub report: Report,
}

impl Document {
    /// Reads a file, its bases and the texts it refers to, with this process's environment variables.
    ///
    /// # Errors
    /// What keeps it from being read at all: files that are missing, variables that must be set, broken YAML.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Report> {
        Self::load_with(path, &process_variable)
    }

    /// As [`Document::load`], with the environment that `variable` gives.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn load_with(path: impl AsRef<Path>, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Report> {
        load::file(path.as_ref(), variable).map_err(|failed| failed.report())
    }

    /// Reads a text as if it stood in `file`, which is only named; without one, it can build on no other file.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn parse_with(
        text: &str,
        file: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Report> {
        load::text(text, file, variable).map_err(|failed| failed.report())
    }

    /// Sets the value at a dotted path as a person types it: it takes the type of the value that is there.
    ///
    /// # Errors
    /// The text is no such value, or the path goes through something that is no mapping. Nothing is changed.
    pub fn override_value(&mut self, path: &str, value: &str) -> Result<(), OverrideError> {
        overrides::set(&mut self.content, path, value)?;
        self.given.push(Given {
            path: path.split('.').map(str::to_owned).collect(),
            origin: Origin::Override(path.to_owned()),
            typed: format!("--override {path} {value}"),
            value_at: "--override ".len() + path.len() + 1,
        });
        Ok(())
    }

    /// Sets `general.front_end.KEY`, as the option `--KEY` of the command line does. What is there and is
    /// no mapping is left for the check to complain about.
    pub fn set_front_end(&mut self, key: &str, value: Value) {
        let shown = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if overrides::set_front_end(&mut self.content, key, value) {
            self.given.push(Given {
                path: ["general", "front_end", key].map(str::to_owned).to_vec(),
                origin: Origin::CommandLine(format!("--{key}")),
                typed: format!("--{key} {shown}"),
                value_at: "-- ".len() + key.len(),
            });
        }
    }

    /// The file over its bases, with what was overridden: what will be checked. May hold secrets.
    pub fn content(&self) -> &Map<String, Value> {
        &self.content
    }

    /// The same for a log: what looks secret, and what came from the environment, is starred out.
    pub fn redacted(&self) -> Value {
        secrets::redacted(self)
    }

    /// All files it was read from: itself, its bases, and the texts it refers to.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Checks everything that can be checked without building anything.
    pub fn check(&self, registry: &Registry) -> Validation {
        self.checked(Draft::of(self.content.clone(), registry), registry)
    }

    /// As [`Document::check`], for a file that will be served: its address may not be one at which others could
    /// pose as any user. A host that is a name shows that only when it is bound.
    pub fn check_served(&self, registry: &Registry) -> Validation {
        let mut draft = Draft::of(self.content.clone(), registry);
        draft.errors.extend(draft.exposed.take());
        self.checked(draft, registry)
    }

    fn checked(&self, mut draft: Draft, registry: &Registry) -> Validation {
        let (errors, warnings) = crate::graph::check(&draft, registry);
        draft.errors.extend(errors);
        draft.errors.extend(self.problems.iter().cloned());
        draft.errors.retain(|error| !self.lacks.explains(error));
        let report = reported::report(self, &draft.errors, draft.warnings.iter().chain(&warnings));
        draft.warnings.extend(warnings);
        Validation { config: draft.finish().ok(), report }
    }

    /// The configuration by itself, without the checks of how its components fit together.
    pub(super) fn config(self, types: &dyn ComponentTypes) -> Result<Config, ConfigErrors> {
        let file = || self.layers.first().and_then(|layer| layer.path.clone());
        if !self.lacks.variables.is_empty() {
            // What follows from these cannot be told from the rest without places.
            return Err(ConfigErrors { file: file(), errors: self.problems });
        }
        let file = file();
        let mut draft = Draft::of(self.content, types);
        draft.errors.extend(self.problems);
        draft.errors.retain(|error| !self.lacks.explains(error));
        draft.finish().map_err(|errors| ConfigErrors { file, errors })
    }

    fn sources(&self) -> Vec<Source> {
        let layers = self.layers.iter().map(|layer| Source {
            name: layer.name.clone(),
            path: layer.path.clone(),
            text: secrets::masked(layer),
        });
        let given = self.given.iter().map(|given| Source {
            name: "command line".to_owned(),
            path: None,
            text: secrets::masked_option(given),
        });
        layers.chain(given).collect()
    }
}

impl Lacks {
    /// Whether something is only said to be missing because this is.
    fn explains(&self, error: &ConfigError) -> bool {
        let is_complete = !self.base && self.variables.is_empty();
        let is_absence = error.message == MISSING
            || error.message == NO_TYPE
            || (error.message.contains(" `") && error.message.ends_with("` not found"));
        !is_complete && is_absence
    }
}

/// A variable of this process; one that is no UTF-8 has its strange bytes replaced.
pub(super) fn process_variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

use load::Failed;
pub(super) use load::python_type;

/// As [`Document::load`], for callers that want no report.
pub(super) fn load_plain(path: &Path) -> Result<Document, ConfigErrors> {
    load::file(path, &process_variable).map_err(Failed::errors)
}

/// As [`Document::parse_with`], for callers that want no report.
pub(super) fn parse_plain(
    text: &str,
    file: Option<&Path>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Document, ConfigErrors> {
    load::text(text, file, variable).map_err(Failed::errors)
}
