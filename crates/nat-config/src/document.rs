//! A file as it was read, with its bases and overrides, before anything is checked.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use nat_schema::Segment;

use crate::MISSING;
use crate::diagnostic::{Origin, Report, Source};
use crate::environment::Expanded;
use crate::error::{ConfigError, ConfigErrors, ConfigWarning};
use crate::fix::EditedFiles;
use crate::overrides::{self, OverrideError};

mod edit;
mod fitting;
mod layout;
mod load;
mod locate;
mod repair;
mod reported;
mod secrets;
mod syntax;
mod texts;

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
        load::file(path.as_ref(), variable, None).map_err(|failed| failed.report())
    }

    /// As [`Document::load`], with the texts of `files` in place of those on the disk. Files that are read for the first
    /// time are added to `files`.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn load_edited(path: impl AsRef<Path>, files: &EditedFiles) -> Result<Self, Report> {
        load::file(path.as_ref(), &process_variable, Some(files)).map_err(|failed| failed.report())
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

    /// As [`Document::load`], for callers that want no report.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn load_plain(path: &Path) -> Result<Self, ConfigErrors> {
        load::file(path, &process_variable, None).map_err(load::Failed::errors)
    }

    /// As [`Document::parse_with`], for callers that want no report.
    ///
    /// # Errors
    /// As [`Document::load`].
    pub fn parse_plain(
        text: &str,
        file: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigErrors> {
        load::text(text, file, variable).map_err(load::Failed::errors)
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

    /// Sets the value at a path, as the option `option` of the command line does. What is there and is no mapping is left
    /// for the check to complain about.
    pub fn set_option(&mut self, option: &str, path: &[&str], value: Value) {
        let shown = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if overrides::set_at(&mut self.content, path, value) {
            self.given.push(Given {
                path: path.iter().map(|key| (*key).to_owned()).collect(),
                origin: Origin::CommandLine(option.to_owned()),
                typed: format!("{option} {shown}"),
                value_at: option.len() + 1,
            });
        }
    }

    /// Sets a value that goes without saying, if nothing is at its path.
    pub fn set_default(&mut self, path: &[&str], value: Value) {
        let present = path
            .split_first()
            .and_then(|(first, rest)| rest.iter().try_fold(self.content.get(*first)?, |value, key| value.get(*key)));
        if present.is_none() {
            overrides::set_at(&mut self.content, path, value);
        }
    }

    /// Takes the value at a path out, as if no file said it.
    pub fn leave_out(&mut self, path: &[&str]) {
        let Some((last, before)) = path.split_last() else { return };
        let mut around = Some(&mut self.content);
        for key in before {
            around = around.and_then(|all| all.get_mut(*key)).and_then(Value::as_object_mut);
        }
        if let Some(around) = around {
            around.shift_remove(*last);
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

    /// The file itself, where it is one.
    pub fn path(&self) -> Option<&Path> {
        self.layers.first().and_then(|layer| layer.path.as_deref())
    }

    /// What is wrong with its files and does not keep the rest from being read.
    pub fn problems(&self) -> &[ConfigError] {
        &self.problems
    }

    /// Whether variables that must be set are not: what follows from that cannot be told from other mistakes without
    /// places.
    pub fn lacks_variables(&self) -> bool {
        !self.lacks.variables.is_empty()
    }

    /// Whether part of it could not be read: what is missing may stand there.
    pub fn is_incomplete(&self) -> bool {
        self.lacks.base || self.lacks_variables()
    }

    /// Errors and warnings about its content with their places, in the order of the files. What only follows from a
    /// mistake in the files themselves is left out.
    pub fn report<'w>(&self, errors: &[ConfigError], warnings: impl IntoIterator<Item = &'w ConfigWarning>) -> Report {
        reported::report(self, errors, warnings.into_iter())
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

/// A variable of this process; one that is no UTF-8 has its strange bytes replaced.
pub fn process_variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

pub(crate) use load::python_type;
pub(crate) use secrets::{masked_text, secret_spans};
