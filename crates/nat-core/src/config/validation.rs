//! Checks of a whole file: each section by itself, then how its components fit together.

use std::path::Path;

use nat_config::diagnostic::Report;
use nat_config::{ConfigError, ConfigErrors, Document, MISSING, process_variable};

use super::components::NO_TYPE;
use super::{ComponentTypes, Config, Draft};
use crate::registry::Registry;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;

/// What a check came to.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The configuration; nothing if there are errors.
    pub config: Option<Config>,
    /// Errors and warnings, in the order of the file.
    pub report: Report,
}

impl Validation {
    /// Checks everything that can be checked without building anything.
    pub fn of(document: &Document, registry: &Registry) -> Self {
        Self::of_draft(document, Draft::of(document.content().clone(), registry), registry)
    }

    /// As [`Validation::of`], for a file that will be served: its address may not be one at which others could pose as
    /// any user. A host that is a name shows that only when it is bound.
    pub fn of_served(document: &Document, registry: &Registry) -> Self {
        let mut draft = Draft::of(document.content().clone(), registry);
        draft.errors.extend(draft.exposed.take());
        Self::of_draft(document, draft, registry)
    }

    fn of_draft(document: &Document, mut draft: Draft, registry: &Registry) -> Self {
        let (errors, warnings) = crate::graph::check(&draft, registry);
        draft.errors.extend(errors);
        draft.errors.extend(document.problems().iter().cloned());
        draft.errors.retain(|error| !explains(document, error));
        let report = document.report(&draft.errors, draft.warnings.iter().chain(&warnings));
        draft.warnings.extend(warnings);
        Self { config: draft.finish().ok(), report }
    }
}

impl Config {
    /// Reads and checks a file, with this process's environment variables.
    ///
    /// # Errors
    /// Everything that is wrong with it, including that it cannot be read.
    pub fn load(path: impl AsRef<Path>, types: &dyn ComponentTypes) -> Result<Config, ConfigErrors> {
        of_document(&Document::load_plain(path.as_ref())?, types)
    }

    /// Checks a text, with this process's environment variables. `file` is named in errors, and what the text
    /// refers to is relative to it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, file: Option<&Path>, types: &dyn ComponentTypes) -> Result<Config, ConfigErrors> {
        of_document(&Document::parse_plain(text, file, &process_variable)?, types)
    }

    /// As [`Config::parse`], with the environment that `variable` gives.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse_with(
        text: &str,
        file: Option<&Path>,
        types: &dyn ComponentTypes,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigErrors> {
        of_document(&Document::parse_plain(text, file, variable)?, types)
    }
}

/// The configuration by itself, without the checks of how its components fit together.
fn of_document(document: &Document, types: &dyn ComponentTypes) -> Result<Config, ConfigErrors> {
    let failed = |errors| ConfigErrors { file: document.path().map(Path::to_owned), errors };
    if document.lacks_variables() {
        return Err(failed(document.problems().to_vec()));
    }
    let mut draft = Draft::of(document.content().clone(), types);
    draft.errors.extend(document.problems().iter().cloned());
    draft.errors.retain(|error| !explains(document, error));
    draft.finish().map_err(failed)
}

/// Whether something is only said to be missing because part of the document could not be read.
fn explains(document: &Document, error: &ConfigError) -> bool {
    let is_absence = error.message == MISSING
        || error.message == NO_TYPE
        || (error.message.contains(" `") && error.message.ends_with("` not found"));
    document.is_incomplete() && is_absence
}
