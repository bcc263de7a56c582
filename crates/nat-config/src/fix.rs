//! Suggestions applied to files: the texts as they were read, and the changes that are made to them in memory.
//!
//! Nothing here writes to the disk. [`fix`] applies suggestions in passes and has the texts checked after each: what one
//! change brings to light may have a suggestion of its own, and a change that does not remove its mistake, or makes a
//! readable file unreadable, is taken back.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Applicability, Diagnostic, Replacement, Report, Severity};

mod preview;

/// Checks after which [`fix`] stops, so that suggestions which undo each other come to an end.
const MOST_PASSES: usize = 64;

/// The files that a configuration was read from, each with its text on the disk and the text as edited.
#[derive(Debug, Clone, Default)]
pub struct EditedFiles {
    files: RefCell<Vec<EditedFile>>,
}

/// One file: its text on the disk, and the text as edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditedFile {
    /// The path by which the file was read.
    pub path: PathBuf,
    /// The text that was read.
    pub original: String,
    /// The text with the changes.
    pub text: String,
}

/// The answer of a check of the edited texts.
#[derive(Debug)]
pub struct Checked {
    /// The mistakes and warnings.
    pub report: Report,
    /// Whether the texts could be read as a configuration, mistakes or not.
    pub is_readable: bool,
}

/// A suggestion that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The name of the file in diagnostics.
    pub file: String,
    /// The line of the change, counted from 1, in the text before the pass that made it.
    pub line: usize,
    /// The column of the change, in characters, counted from 1.
    pub column: usize,
    /// The dotted path of the mistake; empty for the file as a whole.
    pub location: String,
    /// The text of the suggestion.
    pub help: String,
}

/// The result of [`fix`].
#[derive(Debug)]
pub struct Fixed {
    /// The suggestions that were applied, in order.
    pub applied: Vec<Applied>,
    /// Whether no suggestion is left that could be tried. Otherwise a further run may find more.
    pub is_complete: bool,
}

/// Applies suggestions to the texts in memory until none is left that can be applied without asking. `check` reads and
/// checks the texts, which it reads through `files` ([`crate::Document::load_edited`]).
///
/// Suggestions that remove something are left alone. Changes that overlap, or give two entries of one mapping the same
/// name, are made in separate passes; the number of passes is bounded.
///
/// # Errors
/// The first error of `check`. The texts are then as they were before the pass.
pub fn fix<E>(files: &mut EditedFiles, mut check: impl FnMut(&EditedFiles) -> Result<Checked, E>) -> Result<Fixed, E> {
    let mut state = check(files)?;
    let mut fixed = Fixed { applied: Vec::new(), is_complete: false };
    let (mut refused, mut most) = (HashSet::new(), usize::MAX);
    for _ in 0..MOST_PASSES {
        let mut batch = candidates(&state.report, &refused);
        if batch.is_empty() {
            fixed.is_complete = true;
            break;
        }
        batch.truncate(most);
        let before = files.clone();
        let (applied, spans) = files.apply(&state.report, &batch);
        let after = match check(files) {
            Ok(after) => after,
            Err(error) => {
                *files = before;
                return Err(error);
            }
        };
        if is_better(&state, &after, &batch, &spans) {
            fixed.applied.extend(applied);
            state = after;
            most = most.saturating_mul(2);
            continue;
        }
        *files = before;
        most = (batch.len() / 2).max(1);
        if let [one] = &*batch {
            refused.insert(Key::of(one.0));
        }
    }
    Ok(fixed)
}

type Candidate<'r> = (&'r Diagnostic, &'r Replacement);

/// What tells one mistake from another across passes, in which places move.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    location: String,
    message: String,
}

impl Key {
    fn of(one: &Diagnostic) -> Self {
        Self { location: one.location(), message: one.message.clone() }
    }
}

/// The suggestions that can be applied together, by place.
fn candidates<'r>(report: &'r Report, refused: &HashSet<Key>) -> Vec<Candidate<'r>> {
    let automatic = |one: &'r Diagnostic| {
        let change = one.mend.as_ref()?.replacement.as_ref()?;
        let is_file = report.sources.get(change.source)?.path.is_some();
        let wanted = is_file && change.applicability == Applicability::Automatic && !refused.contains(&Key::of(one));
        wanted.then_some((one, change))
    };
    let mut found: Vec<Candidate<'_>> = report.diagnostics.iter().filter_map(automatic).collect();
    found.sort_by_key(|(_, change)| (change.source, change.span.start, change.span.end));
    let mut end: Option<(usize, usize)> = None;
    let mut written = HashSet::new();
    found.retain(|(one, change)| {
        let is_apart = end.is_none_or(|end| (change.source, change.span.start) > end);
        let around = one.path.split_last().map_or(&[][..], |(_, around)| around);
        let is_chosen = is_apart && written.insert((one.section.as_str(), around, change.text.as_str()));
        if is_chosen {
            end = Some((change.source, change.span.end));
        }
        is_chosen
    });
    found
}

/// The bytes that a change has written.
struct Written {
    path: PathBuf,
    span: Range<usize>,
}

/// Whether the changes removed their mistakes, and did no harm that can be known.
fn is_better(before: &Checked, after: &Checked, batch: &[Candidate<'_>], spans: &[Written]) -> bool {
    if before.is_readable && !after.is_readable {
        return false;
    }
    let counted = |checked: &Checked| {
        let mut counts: HashMap<Key, usize> = HashMap::new();
        checked.report.diagnostics.iter().for_each(|one| *counts.entry(Key::of(one)).or_default() += 1);
        counts
    };
    let (old, new) = (counted(before), counted(after));
    let are_gone = batch.iter().all(|(one, _)| {
        let key = Key::of(one);
        new.get(&key) < old.get(&key)
    });
    let errors = |checked: &Checked| checked.report.errors().count();
    // The mistakes below a value are known only when the value is right; a warning hides none.
    let adds_errors = errors(after) > errors(before) && batch.iter().all(|(one, _)| one.severity == Severity::Warning);
    // Where several changes bring something to light, it is worth knowing which.
    let is_doubtful =
        batch.len() > 1 && before.is_readable && after.report.diagnostics.len() >= before.report.diagnostics.len();
    let is_new = |one: &Diagnostic| {
        let key = Key::of(one);
        new.get(&key) > old.get(&key)
    };
    // What was written must be right itself: one mistake in the place of another one is no progress.
    let is_wrong = after.report.errors().filter(|one| is_new(one)).any(|one| {
        let Some(place) = &one.place else { return false };
        let path = after.report.sources.get(place.source).and_then(|source| source.path.as_ref());
        spans.iter().any(|written| {
            let (at, span) = (&written.span, &place.span);
            path == Some(&written.path) && span.start < at.end && at.start < span.end
        })
    });
    are_gone && !adds_errors && !is_doubtful && !is_wrong
}

impl EditedFiles {
    /// The files whose text was changed.
    pub fn changed(&self) -> Vec<EditedFile> {
        self.files.borrow().iter().filter(|file| file.text != file.original).cloned().collect()
    }

    /// The changes as a unified diff, for display: what looks like a secret is starred out, and control characters are
    /// replaced.
    pub fn preview(&self) -> String {
        self.changed().iter().map(preview::unified).collect()
    }

    /// The text of a file that was read before.
    pub(crate) fn text(&self, path: &Path) -> Option<String> {
        self.files.borrow().iter().find(|file| file.path == path).map(|file| file.text.clone())
    }

    pub(crate) fn add(&self, path: &Path, text: &str) {
        let (original, text) = (text.to_owned(), text.to_owned());
        self.files.borrow_mut().push(EditedFile { path: path.to_owned(), original, text });
    }

    /// Makes changes that do not overlap, in the order of their places.
    fn apply(&mut self, report: &Report, batch: &[Candidate<'_>]) -> (Vec<Applied>, Vec<Written>) {
        let files = self.files.get_mut();
        let (mut applied, mut spans): (Vec<Applied>, Vec<Written>) = (Vec::new(), Vec::new());
        for (one, change) in batch.iter().rev() {
            let Some(source) = report.sources.get(change.source) else { continue };
            let file = files.iter_mut().find(|file| Some(&file.path) == source.path.as_ref());
            let Some(file) = file.filter(|file| file.text.get(change.span.clone()).is_some()) else { continue };
            let before = &file.text[..change.span.start];
            let begin = before.rfind('\n').map_or(0, |at| at + 1);
            applied.push(Applied {
                file: source.name.clone(),
                line: before.matches('\n').count() + 1,
                column: before[begin..].chars().count() + 1,
                location: one.location(),
                help: one.mend.as_ref().map(|mend| mend.text.clone()).unwrap_or_default(),
            });
            file.text.replace_range(change.span.clone(), &change.text);
            // What was written further down has moved.
            for below in spans.iter_mut().filter(|below| below.path == file.path) {
                let moved = |at: usize| at + change.text.len() - change.span.len();
                below.span = moved(below.span.start)..moved(below.span.end);
            }
            let span = change.span.start..change.span.start + change.text.len();
            spans.push(Written { path: file.path.clone(), span });
        }
        applied.reverse();
        (applied, spans)
    }
}

#[cfg(test)]
mod tests;
