//! How a mistake in a configuration is kept until its place in a file is looked up.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::diagnostic::{location, summary};
use nat_schema::Segment;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The top-level key it belongs to; empty for the file as a whole.
    pub section: String,
    /// Where in that section; empty for the section itself.
    pub path: Vec<Segment>,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where that is not plain from the message.
    pub mend: Option<String>,
    /// The rest of its diagnostic.
    pub detail: Box<Detail>,
}

/// Everything that is wrong with one configuration.
///
/// Its text begins with one line for programs and logs (`Invalid configuration: SECTION: MESSAGE; …`), and
/// then has one indented line for each mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file, if the configuration came from one.
    pub file: Option<PathBuf>,
    /// The mistakes, in the order of the sections that the file should have.
    pub errors: Vec<ConfigError>,
}

/// Something that is probably not meant so, though the configuration can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigWarning(pub ConfigError);

/// What a diagnostic says beyond its sentence, by paths in the content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// The place to point to, from the top of the file, if it is not where the path leads.
    pub at: Option<Vec<Segment>>,
    /// The part of that place.
    pub aim: Aim,
    /// A stretch of the text that is no place of a value.
    pub(crate) point: Option<Point>,
    /// The file that it is about, if that is known: the file itself is 0, its base 1, …
    pub(crate) layer: Option<usize>,
    /// In words, a value that would be right.
    pub expected: Option<String>,
    /// The change of the file that the suggestion means.
    pub edit: Option<Edit>,
    /// Other places that explain it.
    pub related: Vec<Pointer>,
}

/// What of a path is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Aim {
    /// The value; for one that is not there, the key of what should hold it.
    #[default]
    Value,
    /// The key in front of it.
    Key,
    /// The key again, after it stood there so many times.
    Repeated(usize),
    /// A key of the mapping that is no text.
    OddKey,
}

/// Bytes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Point {
    /// As it was written.
    Written(Range<usize>),
    /// After variables were replaced.
    Expanded(Range<usize>),
}

/// Another place that explains a mistake. Its path begins with the section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// From the top of the file.
    pub path: Vec<Segment>,
    /// The part of that place.
    pub aim: Aim,
    /// The text beside it.
    pub label: String,
}

/// A change of the file that would mend a mistake. Paths begin with the section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Another name for the key at a path.
    Rename(Vec<Segment>, String),
    /// Another text for the value at a path.
    Replace(Vec<Segment>, String),
    /// The value at a path as a text, in quotes.
    Quote(Vec<Segment>),
    /// The value at a path as the only entry of a list.
    Enlist(Vec<Segment>),
    /// Takes the entry at a path out.
    Remove(Vec<Segment>),
    /// Other YAML for the value at a path, as it stands here.
    Write(Vec<Segment>, String),
    /// Other YAML for the entry at a path, key and all.
    Entry(Vec<Segment>, String),
    /// Takes out the entry at a path, after its key stood there so many times.
    RemoveRepeated(Vec<Segment>, usize),
    /// Other bytes of the expanded text.
    Text(Range<usize>, String),
    /// One more text in the list at a path.
    Append(Vec<Segment>, String),
}

impl Edit {
    /// The path that it is about, if it is about one.
    pub fn path_mut(&mut self) -> Option<&mut Vec<Segment>> {
        Some(match self {
            Self::Text(..) => return None,
            Self::Rename(path, _)
            | Self::Replace(path, _)
            | Self::Quote(path)
            | Self::Enlist(path)
            | Self::Remove(path)
            | Self::RemoveRepeated(path, _)
            | Self::Write(path, _)
            | Self::Entry(path, _)
            | Self::Append(path, _) => path,
        })
    }
}

impl ConfigError {
    /// A mistake at `section` itself.
    pub fn section(section: &str, message: impl Into<String>) -> Self {
        let detail = Box::default();
        Self { section: section.to_owned(), path: Vec::new(), message: message.into(), mend: None, detail }
    }

    /// A mistake of the file as a whole.
    pub fn whole(message: impl Into<String>) -> Self {
        Self::section("", message)
    }

    /// The same at a path in its section.
    pub fn at(self, path: impl IntoIterator<Item = Segment>) -> Self {
        Self { path: path.into_iter().collect(), ..self }
    }

    /// The same with a suggestion, which is printed as `help:`.
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }

    /// The same with the change that the suggestion means.
    pub fn edit(mut self, edit: Edit) -> Self {
        self.detail.edit = Some(edit);
        self
    }

    /// The same, pointing to this part of its place.
    pub fn aim(mut self, aim: Aim) -> Self {
        self.detail.aim = aim;
        self
    }

    pub(crate) fn layer(mut self, layer: usize) -> Self {
        self.detail.layer = Some(layer);
        self
    }

    /// The same with a description of a value that would be right.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.detail.expected = Some(expected.into());
        self
    }

    /// The same with another place that explains it, from the top of the file.
    pub fn related(mut self, path: Vec<Segment>, aim: Aim, label: impl Into<String>) -> Self {
        self.detail.related.push(Pointer { path, aim, label: label.into() });
        self
    }

    /// Its path from the top of the file.
    pub fn full_path(&self) -> Vec<Segment> {
        match self.section.is_empty() {
            true => Vec::new(),
            false => keys([self.section.as_str()]).into_iter().chain(self.path.iter().cloned()).collect(),
        }
    }

    pub(crate) fn summary(&self) -> String {
        summary(&self.section, &self.path, &self.message)
    }
}

impl ConfigWarning {
    /// What is odd, in the form of a mistake.
    pub fn as_error(&self) -> &ConfigError {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_whole = |error: &ConfigError| error.section.is_empty();
        let summary: Vec<_> = self.errors.iter().map(ConfigError::summary).collect();
        let introduction = if self.errors.iter().all(is_whole) { "" } else { "Invalid configuration: " };
        write!(formatter, "{introduction}{}", summary.join("; "))?;
        let file = match &self.file {
            Some(file) => file.display().to_string(),
            None => "<configuration>".to_owned(),
        };
        let mut mends = Vec::new();
        for error in self.errors.iter().filter(|error| is_whole(error)) {
            mends.extend(error.mend.iter().filter(|mend| !mends.contains(mend)).collect::<Vec<_>>());
        }
        if self.errors.iter().any(is_whole) {
            write!(formatter, "\n  {file}")?;
        }
        for mend in mends {
            write!(formatter, "\n    help: {mend}")?;
        }
        for error in self.errors.iter().filter(|error| !is_whole(error)) {
            write!(formatter, "\n  {file}: {}: {}", location(&error.section, &error.path), error.message)?;
            if let Some(mend) = &error.mend {
                write!(formatter, "\n    help: {mend}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = &self.0;
        write!(formatter, "{}: {}", location(&warning.section, &warning.path), warning.message)?;
        match &warning.mend {
            Some(mend) => write!(formatter, " ({mend})"),
            None => Ok(()),
        }
    }
}

/// `front_end.endpoints[0].path`
pub(crate) fn dotted(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(if key.is_empty() { "\"\"" } else { key });
            }
        }
    }
    text
}

/// A path of keys.
pub fn keys<'k>(keys: impl IntoIterator<Item = &'k str>) -> Vec<Segment> {
    keys.into_iter().map(|key| Segment::Key(key.to_owned())).collect()
}
