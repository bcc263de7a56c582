//! What a person is told about a file: data only, for any renderer.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

use super::error::dotted;
use nat_schema::Segment;

/// Everything there is to say about one configuration, in the order of its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The texts that places refer to: the file itself first, then its bases, then the command line. Empty where
    /// there is nothing to say.
    pub sources: Vec<Source>,
    /// What is wrong or odd.
    pub diagnostics: Vec<Diagnostic>,
}

/// A text that can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// How it is named before `:LINE:COLUMN`.
    pub name: String,
    /// The file it was read from, if it was.
    pub path: Option<PathBuf>,
    /// The text as it was written, before variables were replaced. Values that look secret are starred out,
    /// byte by byte, so that spans stay right.
    pub text: String,
}

/// One mistake, or something odd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// The top-level key it belongs to; empty for the file as a whole.
    pub section: String,
    /// Where in that section; empty for the section itself.
    pub path: Vec<Segment>,
    /// What is wrong. Never holds a secret, nor what an environment variable holds.
    pub message: String,
    /// What would be right: a few words, without a full stop.
    pub expected: Option<String>,
    /// What to do about it.
    pub mend: Option<Mend>,
    /// Where to point; nothing where it cannot be said with certainty.
    pub place: Option<Place>,
    /// Who gave the value.
    pub origin: Origin,
    /// Further places that explain it, each with what to say there.
    pub related: Vec<Related>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// Probably not meant so.
    Warning,
}

/// Who gave a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The file itself.
    File,
    /// A file that it builds on.
    Base(PathBuf),
    /// `--override`, with this path.
    Override(String),
    /// Another option of the command line, such as `--port`.
    CommandLine(String),
    /// An environment variable, used in the file.
    Environment(String),
    /// Nobody: it is what holds where nothing is said.
    Default,
}

/// A stretch of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which of the report's sources.
    pub source: usize,
    /// The bytes of its text.
    pub span: Range<usize>,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// The column it begins at, in characters, counted from 1.
    pub column: usize,
}

/// What to do about a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// In words.
    pub text: String,
    /// The same for a program; nothing where a person must decide.
    pub replacement: Option<Replacement>,
}

/// A change of a source that mends a mistake as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Which of the report's sources.
    pub source: usize,
    /// The bytes to replace; empty to insert.
    pub span: Range<usize>,
    /// What to put there.
    pub text: String,
    /// Whether a program may make the change without asking.
    pub applicability: Applicability,
}

/// Whether a program may make a change without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Applicability {
    /// It only writes something else or something more.
    Automatic,
    /// It removes what somebody wrote, who may want to keep it elsewhere.
    Removes,
}

/// A further place that explains a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there.
    pub label: String,
}

impl Report {
    /// Whether the configuration cannot be used.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    /// The errors alone.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|one| one.severity == Severity::Error)
    }

    /// The warnings alone.
    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|one| one.severity == Severity::Warning)
    }

    /// The errors on one line, for logs and programs: `Invalid configuration: SECTION: MESSAGE; …`. Of very many
    /// only the first ones and the number of the others; empty without errors.
    pub fn headline(&self) -> String {
        const MOST: usize = 100;
        let errors: Vec<_> = self.errors().collect();
        let mut summary: Vec<_> = errors.iter().take(MOST).map(|error| error.summary()).collect();
        if let Some(more) = errors.len().checked_sub(MOST).filter(|more| *more > 0) {
            summary.push(format!("and {more} more"));
        }
        let introduction = match errors.iter().all(|error| error.section.is_empty()) {
            true => "",
            false => "Invalid configuration: ",
        };
        format!("{introduction}{}", summary.join("; "))
    }
}

impl Diagnostic {
    /// `general.front_end.endpoints[0].path`; empty for the file as a whole.
    pub fn location(&self) -> String {
        location(&self.section, &self.path)
    }

    /// `SECTION: MESSAGE (FIELD)`, on one line.
    pub fn summary(&self) -> String {
        summary(&self.section, &self.path, &self.message)
    }
}

pub(super) fn location(section: &str, path: &[Segment]) -> String {
    match (section.is_empty(), path.first()) {
        (true, _) => String::new(),
        (false, None) => section.to_owned(),
        (false, Some(Segment::Index(_))) => format!("{section}{}", dotted(path)),
        (false, Some(Segment::Key(_))) => format!("{section}.{}", dotted(path)),
    }
}

pub(super) fn summary(section: &str, path: &[Segment], message: &str) -> String {
    let mut text = match section.is_empty() {
        true => String::new(),
        false => format!("{section}: "),
    };
    text.push_str(&message.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    if !path.is_empty() {
        text.push_str(&format!(" ({})", dotted(path)));
    }
    text
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File => formatter.write_str("the file"),
            Origin::Base(path) => write!(formatter, "the base {}", path.display()),
            Origin::Override(path) => write!(formatter, "--override {path}"),
            Origin::CommandLine(option) => write!(formatter, "the option {option}"),
            Origin::Environment(name) => write!(formatter, "the environment variable {name}"),
            Origin::Default => formatter.write_str("a default"),
        }
    }
}

/// One line for each, `FILE:LINE:COLUMN: SEVERITY: LOCATION: MESSAGE`, and the mends: for logs and where no
/// renderer is at hand.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            match (&one.place, self.sources.first()) {
                (Some(place), _) => {
                    let name = self.sources.get(place.source).map_or("", |source| source.name.as_str());
                    write!(formatter, "{name}:{}:{}: ", place.line, place.column)?;
                }
                (None, Some(source)) => write!(formatter, "{}: ", source.name)?,
                (None, None) => {}
            }
            let severity = match one.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let location = one.location();
            let colon = if location.is_empty() { "" } else { ": " };
            write!(formatter, "{severity}: {location}{colon}{}", one.message)?;
            if let Some(mend) = &one.mend {
                write!(formatter, " (help: {})", mend.text)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
