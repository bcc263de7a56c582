//! From mistakes to a report: places, origins, changes, and nothing that must stay hidden.

use std::cell::Cell;
use std::collections::HashSet;

use super::locate::{Found, Locator};
use super::secrets::secrets;
use super::{Document, MISSING, edit, fitting};
use crate::diagnostic::{Diagnostic, Mend, Origin, Place, Related, Replacement, Report, Severity, Source};
use crate::error::{Aim, ConfigError, ConfigWarning, Edit};
use crate::secrets::{Secrets, looks_secret};
use crate::yaml;
use nat_schema::Segment;

/// Changes are tried on files of this size at most, and so many of them.
const LARGEST_TRIED: usize = 64 * 1024;
const MOST_TRIES: usize = 100;

pub(super) fn report<'w>(
    document: &Document,
    errors: &[ConfigError],
    warnings: impl Iterator<Item = &'w ConfigWarning>,
) -> Report {
    let errors = errors.iter().map(|error| (Severity::Error, error));
    let mistakes: Vec<_> = errors.chain(warnings.map(|warning| (Severity::Warning, warning.as_error()))).collect();
    if mistakes.is_empty() {
        return Report::default();
    }
    let mut report = Report { sources: document.sources(), diagnostics: Vec::new() };
    let locator = Locator::new(document);
    let secrets = secrets(document, &locator);
    let reporter = Reporter { document, locator, tries: Cell::new(0), secrets, sources: &report.sources };
    // What is made of a value that could not be read is no mistake of its own.
    let unreadable: HashSet<Vec<Segment>> = document.problems.iter().filter_map(unreadable).collect();
    let follows = |error: &ConfigError| {
        let path = error.full_path();
        !unreadable.is_empty() && (1..=path.len()).any(|depth| unreadable.contains(&path[..depth]))
    };
    let is_problem = |error: &ConfigError| error.section.is_empty() || error.detail.layer.is_some();
    let told = mistakes.into_iter().filter(|(_, error)| is_problem(error) || !follows(error));
    // Nor is what is made of a variable that must be set and is not.
    let is_lacking = |one: &Diagnostic| match &one.origin {
        Origin::Environment(name) => document.lacks.variables.contains(name),
        _ => false,
    };
    let diagnostic = |(severity, error)| {
        let one = reporter.diagnostic(severity, error);
        (is_problem(error) || !is_lacking(&one)).then_some(one)
    };
    let mut diagnostics: Vec<_> = told.filter_map(diagnostic).collect();
    diagnostics.sort_by_key(|one| one.place.as_ref().map(|place| (place.source, place.span.start)));
    // A mistake in what aliases repeat is one mistake.
    let mut seen = HashSet::new();
    diagnostics.retain(|one| match &one.place {
        Some(place) => {
            let key = (place.source, place.span.start, place.span.end, one.message.clone(), one.path.last().cloned());
            seen.insert(key)
        }
        None => true,
    });
    report.diagnostics = diagnostics;
    report
}

/// A value in whose place something else was put.
fn unreadable(problem: &ConfigError) -> Option<Vec<Segment>> {
    match problem.detail.aim {
        Aim::Repeated(_) => None,
        _ => Some(problem.detail.at.clone().unwrap_or_else(|| problem.full_path())),
    }
}

struct Reporter<'d> {
    document: &'d Document,
    locator: Locator<'d>,
    tries: Cell<usize>,
    secrets: Secrets,
    sources: &'d [Source],
}

impl Reporter<'_> {
    /// A tag of somebody's own on the line of a place, which the reader of values has passed over.
    fn tag_at(&self, place: &Place) -> Option<&str> {
        let text = self.locator.layer(place.source)?.written.as_str();
        let line = text.get(..place.span.start)?.rfind('\n').map_or(0, |at| at + 1);
        let (before, tag) = text.get(line..)?.lines().next()?.split_once(" !!")?;
        let tag = tag.split_whitespace().next()?;
        let is_known = matches!(tag, "str" | "int" | "float" | "bool" | "null" | "map" | "seq");
        (!is_known && !before.contains('#')).then_some(tag)
    }

    /// Whether there are stars in what is replaced by a text: it may hold what is under them.
    fn repeats_a_secret(&self, replacement: &Replacement) -> bool {
        let shown = self.sources.get(replacement.source).and_then(|source| source.text.get(replacement.span.clone()));
        let written =
            self.locator.layer(replacement.source).and_then(|layer| layer.written.get(replacement.span.clone()));
        !replacement.text.is_empty() && shown != written
    }

    /// Whether the file is YAML with that change. Large files are not read once more for each mistake.
    fn is_readable_with(&self, replacement: &Replacement) -> bool {
        let Some(layer) = self.locator.layer(replacement.source) else { return false };
        if layer.written.len() > LARGEST_TRIED || self.tries.get() >= MOST_TRIES || layer.value.is_null() {
            return true;
        }
        self.tries.set(self.tries.get() + 1);
        let mut text = layer.written.clone();
        text.replace_range(replacement.span.clone(), &replacement.text);
        yaml::parse(&text).is_ok()
    }

    fn diagnostic(&self, severity: Severity, error: &ConfigError) -> Diagnostic {
        let detail = &error.detail;
        let own = error.full_path();
        let path = detail.at.as_deref().unwrap_or(&own);
        let located = self.locator.locate(path, detail.aim, detail.layer);
        let point = detail.point.as_ref().and_then(|point| self.locator.point(detail.layer.unwrap_or(0), point));
        let is_whole = error.section.is_empty() && detail.at.is_none();
        let place = match (point, is_whole) {
            (Some(place), _) => Some(place),
            (None, true) => None,
            (None, false) => located.place,
        };
        let origin = match (&located.origin, located.found) {
            (Origin::File, Found::Ancestor) if error.message != MISSING && detail.at.is_none() => Origin::Default,
            // What is said of the file as a whole is about none of its values.
            (Origin::Environment(_), _) if is_whole => Origin::File,
            (origin, _) => origin.clone(),
        };
        // A word that a variable holds is told from the same word of somebody else by who is speaking of what.
        let is_secret = |segment: &Segment| matches!(segment, Segment::Key(key) if looks_secret(key));
        let repeats = matches!(origin, Origin::Environment(_))
            || error.message.starts_with("Value error")
            || path.iter().any(is_secret);
        let hidden = |text: &str| {
            let text = match (self.secrets.is_empty(), repeats) {
                (true, _) => text.to_owned(),
                (false, true) => self.secrets.cleared_exactly(text),
                (false, false) => self.secrets.cleared(text),
            };
            printable(text)
        };
        let (mend, change) = fitting::mend(self.document, &self.locator, error);
        let replacement = change.as_ref().and_then(|change| {
            let replacement = edit::replacement(&self.locator, change, detail.layer)?;
            // A mend must not write down what a variable holds, nor break what can be read.
            let written = replacement.text.replace("\r\n", "\n");
            let is_fit = hidden(&written) == written
                && !self.repeats_a_secret(&replacement)
                && self.is_readable_with(&replacement);
            is_fit.then_some(replacement)
        });
        let mend = mend.as_ref().map(|text| Mend { text: advised(hidden(text), &origin, error), replacement });
        let mend = match place.as_ref().and_then(|place| self.tag_at(place)) {
            Some(tag) => Some(Mend {
                text: format!("remove the tag `{}`: it has no meaning here", hidden(tag)),
                replacement: None,
            }),
            None => mend,
        };
        let related = detail.related.iter().filter_map(|pointer| {
            let place = self.locator.locate(&pointer.path, pointer.aim, detail.layer).place?;
            Some(Related { place, label: hidden(&pointer.label) })
        });
        Diagnostic {
            severity,
            section: printable(self.secrets.cleared_key(&error.section)),
            path: error
                .path
                .iter()
                .map(|segment| match segment {
                    Segment::Key(key) => Segment::Key(printable(self.secrets.cleared_key(key))),
                    index @ Segment::Index(_) => index.clone(),
                })
                .collect(),
            message: hidden(&error.message),
            expected: detail.expected.as_deref().map(|text| printable(self.secrets.cleared(text))),
            mend,
            place,
            origin,
            related: related.collect(),
        }
    }
}

/// Control characters as escapes, so that no file can write to a terminal.
fn printable(text: String) -> String {
    let is_harmful = |letter: char| letter.is_control() && !matches!(letter, '\n');
    match text.contains(is_harmful) {
        true => text
            .chars()
            .map(|letter| if is_harmful(letter) { letter.escape_default().to_string() } else { letter.to_string() })
            .collect(),
        false => text,
    }
}

/// Where the value is not in a file, the mend says where it is.
fn advised(mend: String, origin: &Origin, error: &ConfigError) -> String {
    match (origin, error.path.last()) {
        (Origin::Environment(name), _) => format!("the environment variable {name} gives it: {mend}"),
        // What is typed there is a text, brackets or not.
        (Origin::Override(_), _) if matches!(error.detail.edit, Some(Edit::Enlist(_))) => {
            "write a list in the file, such as `[]`: what is typed over one is split at its commas".to_owned()
        }
        (Origin::Default, Some(Segment::Key(key))) => format!("{mend}; it is the default of `{key}`"),
        _ => mend,
    }
}
