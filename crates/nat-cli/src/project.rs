//! The workflow file and the component types of this program, read together.

use std::ffi::OsString;
use std::path::PathBuf;

use nat_config::Document;
use nat_config::diagnostic::{Diagnostic, Report};
use nat_config::fix::EditedFiles;
use nat_core::config::{FrontEnd, FrontEndType, Validation};
use nat_core::{Config, Registry};
use nat_server::HttpConfig;
use nat_server::config::NOT_SERVED;
use serde_json::Value;
use tracing::{info, warn};

use crate::args::{FileOption, OwnCrate};
use crate::failure::Failure;
use crate::own_crate;

/// Front ends that the Python toolkit has, and that no crate of this workspace registers.
const OF_THE_TOOLKIT: [&str; 3] = ["mcp", "fastmcp", "a2a"];

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
    /// A front end of this kind.
    Starting(&'static FrontEndType),
    /// A check of whatever the file names.
    Checking,
    /// Anything that listens nowhere.
    Calling,
}

/// A front-end key that was given on the command line, which wins over the file.
pub(crate) type Setting = (&'static str, Value);

impl Project {
    /// Reads and checks the file with what was typed over it.
    ///
    /// Where it names types that this program does not have and lies in a crate of its own, that crate is
    /// built and takes this process over: then this does not return.
    pub(crate) fn load(file: &FileOption, use_for: For<'_>, typed: &[OsString]) -> Result<Self, Failure> {
        Self::of(document(file, use_for)?, file, use_for, typed)
    }

    /// As [`Project::load`] for a check, with the texts of `files` in place of those on the disk. The outer error is that of
    /// texts that cannot be read at all.
    pub(crate) fn load_edited(
        file: &FileOption,
        typed: &[OsString],
        files: &EditedFiles,
    ) -> Result<Result<Self, Failure>, Failure> {
        let document = with_options(Document::load_edited(&file.config_file, files)?, file, For::Checking)?;
        Ok(Self::of(document, file, For::Checking, typed))
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
        let use_for = For::Serving(front_end);
        Self::check(&document(file, use_for)?, registry()?, use_for)
    }

    fn check(document: &Document, registry: Registry, use_for: For<'_>) -> Result<Self, Failure> {
        let checked = match use_for {
            For::Serving(_) | For::Starting(_) | For::Checking => Validation::of_served(document, &registry),
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

/// The file as it is on the disk, with what was typed over it.
fn document(file: &FileOption, use_for: For<'_>) -> Result<Document, Failure> {
    let document = with_options(Document::load(&file.config_file)?, file, use_for)?;
    if !file.overrides().is_empty() {
        info!("Configuration after overrides: {}", document.redacted());
    }
    Ok(document)
}

fn with_options(mut document: Document, file: &FileOption, use_for: For<'_>) -> Result<Document, Failure> {
    let overrides = file.overrides();
    for (path, value) in &overrides {
        document.override_value(path, value).map_err(|error| Failure::Typing(error.to_string()))?;
    }
    match use_for {
        For::Serving(settings) => {
            start_as(&mut document, HttpConfig::TYPE_NAME);
            settings.iter().for_each(|(key, value)| set_front_end(&mut document, key, value.clone()));
        }
        For::Starting(kind) => start_as(&mut document, kind.name()),
        For::Checking | For::Calling => {}
    }
    Ok(document)
}

/// Leaves out the section of another kind of front end, and says so. What is no kind at all stays, for the check.
fn start_as(document: &mut Document, kind: &str) {
    let Some(named) = tag(document) else { return };
    let named = named.to_owned();
    let found = FrontEndType::find(&named).map(FrontEndType::name);
    let is_other = found.map_or(OF_THE_TOOLKIT.contains(&named.as_str()), |found| found != kind);
    if is_other {
        document.leave_out(&["general", "front_end"]);
        document.set_default(&["general", "front_end", "_type"], kind.into());
        warn!("general.front_end (_type: {named}) is not used: `{kind}` is started, with its own settings");
    }
}

/// The `_type` of the front end, as the file has it.
fn tag(document: &Document) -> Option<&str> {
    let front_end = document.content().get("general")?.get("front_end")?;
    front_end.get("_type").or_else(|| front_end.get("type"))?.as_str()
}

/// Sets a key of the HTTP front end, as the option `--KEY` of the command line does. A file that names no front end gets
/// that of `nat serve`; what is there and is no mapping is left for the check to complain about.
fn set_front_end(document: &mut Document, key: &str, value: Value) {
    document.set_option(&format!("--{key}"), &["general", "front_end", key], value);
    let front_end = document.content().get("general").and_then(|general| general.get("front_end"));
    let has_tag = front_end.is_some_and(|it| it.get("_type").is_some() || it.get("type").is_some());
    if !has_tag {
        document.set_default(&["general", "front_end", "_type"], HttpConfig::TYPE_NAME.into());
    }
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
