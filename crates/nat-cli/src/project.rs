//! The workflow file and the component types of this program, read together.

use std::ffi::OsString;
use std::path::PathBuf;

use nat_config::Document;
use nat_config::diagnostic::{Diagnostic, Report};
use nat_config::fix::EditedFiles;
use nat_core::config::{NOT_SERVED, Validation, set_front_end};
use nat_core::{Config, Registry};
use serde_json::Value;
use tracing::{info, warn};

use crate::args::{FileOption, OwnCrate};
use crate::failure::Failure;
use crate::own_crate;

/// A file that can be run, with the types it is made of.
pub(crate) struct Project {
    pub(crate) config: Config,
    pub(crate) registry: Registry,
    /// What is odd about it.
    pub(crate) report: Report,
    /// All files it was read from.
    pub(crate) files: Vec<PathBuf>,
}

/// What a file is read for.
#[derive(Clone, Copy)]
pub(crate) enum For<'s> {
    /// A server, with what the command line says of its front end.
    Serving(&'s [Setting]),
    /// Anything that listens nowhere.
    Calling,
}

impl<'s> For<'s> {
    fn settings(self) -> &'s [Setting] {
        match self {
            Self::Serving(settings) => settings,
            Self::Calling => &[],
        }
    }
}

/// A front-end key that was given on the command line, which wins over the file.
pub(crate) type Setting = (&'static str, Value);

impl Project {
    /// Reads and checks the file with what was typed over it.
    ///
    /// Where it names types that this program does not have and lies in a crate of its own, that crate is
    /// built and takes this process over: then this does not return.
    pub(crate) fn load(file: &FileOption, use_for: For<'_>, typed: &[OsString]) -> Result<Self, Failure> {
        Self::of(with_options(Document::load(&file.config_file)?, file, use_for.settings())?, file, use_for, typed)
    }

    /// As [`Project::load`] for a server, with the texts of `files` in place of those on the disk. The outer error is that of
    /// texts that cannot be read at all.
    pub(crate) fn load_edited(
        file: &FileOption,
        typed: &[OsString],
        files: &EditedFiles,
    ) -> Result<Result<Self, Failure>, Failure> {
        let document = with_options(Document::load_edited(&file.config_file, files)?, file, &[])?;
        Ok(Self::of(document, file, For::Serving(&[]), typed))
    }

    fn of(document: Document, file: &FileOption, use_for: For<'_>, typed: &[OsString]) -> Result<Self, Failure> {
        let registry = registry()?;
        if file.own_crate() == OwnCrate::Build {
            own_crate::take_over(&file.config_file, document.content(), &registry, typed)?;
        }
        Self::check(&document, registry, use_for)
    }

    /// The same file once more, for a program that runs it already.
    pub(crate) fn reload(file: &FileOption, front_end: &[Setting]) -> Result<Self, Failure> {
        let document = with_options(Document::load(&file.config_file)?, file, front_end)?;
        Self::check(&document, registry()?, For::Serving(front_end))
    }

    fn check(document: &Document, registry: Registry, use_for: For<'_>) -> Result<Self, Failure> {
        let checked = match use_for {
            For::Serving(_) => Validation::of_served(document, &registry),
            For::Calling => Validation::of(document, &registry),
        };
        match checked.config {
            Some(config) if !checked.report.has_errors() => {
                Ok(Self { config, registry, report: checked.report, files: document.files().to_vec() })
            }
            _ => Err(checked.report.into()),
        }
    }

    /// Warnings, for a log.
    pub(crate) fn log_warnings(&self) {
        // The server says by itself what it does not serve.
        let is_told = |warning: &&Diagnostic| warning.message != NOT_SERVED;
        for warning in self.report.warnings().filter(is_told) {
            warn!("{}", line(&self.report, warning));
        }
    }
}

/// The component types that are linked in.
pub(crate) fn registry() -> Result<Registry, Failure> {
    Registry::linked().map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Message(lines.join("\n"))
    })
}

/// A file with what was typed over it.
fn with_options(mut document: Document, file: &FileOption, front_end: &[Setting]) -> Result<Document, Failure> {
    let overrides = file.overrides();
    for (path, value) in &overrides {
        document.override_value(path, value).map_err(|error| Failure::Typing(error.to_string()))?;
    }
    for (key, value) in front_end {
        set_front_end(&mut document, key, value.clone());
    }
    if !overrides.is_empty() {
        info!("Configuration after overrides: {}", document.redacted());
    }
    Ok(document)
}

/// `FILE:LINE:COLUMN: LOCATION: MESSAGE (MEND)`
fn line(report: &Report, one: &Diagnostic) -> String {
    let place = match (&one.place, report.sources.first()) {
        (Some(place), _) => {
            let name = report.sources.get(place.source).map_or("", |source| source.name.as_str());
            format!("{name}:{}:{}: ", place.line, place.column)
        }
        (None, Some(source)) => format!("{}: ", source.name),
        (None, None) => String::new(),
    };
    let location = one.location();
    let colon = if location.is_empty() { "" } else { ": " };
    let mend = one.mend.as_ref().map(|mend| format!(" ({})", mend.text)).unwrap_or_default();
    format!("{place}{location}{colon}{}{mend}", one.message)
}
