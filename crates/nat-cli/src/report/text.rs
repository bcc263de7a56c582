//! Diagnostics as rustc draws them: the line, a caret, what was expected, the mend.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin as Place, Patch, Renderer, Snippet, normalize_untrusted_str,
};
use nat_config::diagnostic::{Diagnostic, Origin, Report, Severity, Source};

use crate::console::Colour;

/// Further mistakes are counted only: nobody reads so many, and a file may hold thousands.
const MOST: usize = 100;
/// Letters of a label.
const LONGEST: usize = 160;
/// Bytes of a line that are shown on each side of a change.
const AROUND: usize = 100;
/// Bytes of a change that is drawn.
const LONGEST_CHANGE: usize = 4 * 1024;

/// Draws all diagnostics, one below the other, with an empty line after each.
pub(crate) fn text(report: &Report, colour: Colour, width: usize) -> String {
    let renderer = match colour {
        Colour::Wanted => Renderer::styled(),
        Colour::Unwanted => Renderer::plain(),
    };
    let renderer = renderer.term_width(width);
    let mut drawn = String::new();
    for one in report.diagnostics.iter().take(MOST) {
        drawn.push_str(&renderer.render(&groups(report, one)));
        drawn.push_str("\n\n");
    }
    if let Some(more) = report.diagnostics.len().checked_sub(MOST).filter(|more| *more > 0) {
        drawn.push_str(&format!("… and {more} more\n\n"));
    }
    drawn
}

fn groups<'r>(report: &'r Report, one: &'r Diagnostic) -> Vec<Group<'r>> {
    let level = match one.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let location = one.location();
    let message = brief(&one.message);
    let title = match location.is_empty() {
        true => message.to_owned(),
        false => format!("{location}: {message}"),
    };
    let mut first = Group::with_title(level.primary_title(title)).elements(snippets(report, one));
    if let (None, Some(source)) = (&one.place, report.sources.first()) {
        first = first.element(Place::path(source.name.as_str()));
        if let Some(expected) = &one.expected {
            first = first.element(Level::NOTE.message(clean(&shortened(&format!("expected {expected}")))));
        }
    }
    if let Some(origin) = origin(&one.origin) {
        first = first.element(Level::NOTE.message(clean(&origin)));
    }
    let Some(mend) = &one.mend else { return vec![first] };
    let change = mend.replacement.as_ref().and_then(|change| {
        let source = report.sources.get(change.source)?;
        // What is that long is told in words alone.
        if change.span.len().max(change.text.len()) > LONGEST_CHANGE {
            return None;
        }
        let window = Window::around(source, std::iter::once(&change.span))?;
        let window = window.narrowed(source, &change.span);
        let patch = Patch::new(window.inside(&change.span), change.text.as_str());
        Some(window.snippet(source).patch(patch))
    });
    match change {
        Some(change) => vec![first, Group::with_title(Level::HELP.secondary_title(clean(&mend.text))).element(change)],
        None => vec![first.element(Level::HELP.message(clean(&mend.text)))],
    }
}

/// One snippet for each source that has something to show, that of the mistake first.
fn snippets<'r>(report: &'r Report, one: &'r Diagnostic) -> Vec<Snippet<'r, Annotation<'r>>> {
    let Some(place) = &one.place else { return Vec::new() };
    let mut marks = vec![(place.source, place.span.clone(), AnnotationKind::Primary, one.expected.as_ref())];
    for related in &one.related {
        marks.push((related.place.source, related.place.span.clone(), AnnotationKind::Context, Some(&related.label)));
    }
    let mut sources: Vec<usize> = Vec::new();
    for (source, ..) in &marks {
        if !sources.contains(source) {
            sources.push(*source);
        }
    }
    let snippet = |index: usize| {
        let source = report.sources.get(index)?;
        let here = || marks.iter().filter(move |(of, ..)| *of == index);
        let window = Window::around(source, here().map(|(_, span, ..)| span))?;
        let annotations = here().map(|(_, span, kind, label)| {
            let annotation = kind.span(window.inside(span));
            match (label, kind) {
                (Some(label), AnnotationKind::Primary) => {
                    annotation.label(clean(&shortened(&format!("expected {label}"))))
                }
                (Some(label), _) => annotation.label(clean(label)),
                (None, _) => annotation,
            }
        });
        Some(window.snippet(source).annotations(annotations))
    };
    sources.into_iter().filter_map(snippet).collect()
}

/// The lines of a source that are shown: a file may be large, and drawing looks at all it is given.
struct Window {
    span: Range<usize>,
    first_line: usize,
}

impl Window {
    /// The lines from the first to the last span; nothing if a span is not in the text.
    fn around<'s>(source: &Source, spans: impl Iterator<Item = &'s Range<usize>>) -> Option<Self> {
        let (mut start, mut end) = (usize::MAX, 0);
        for span in spans {
            source.text.get(span.clone())?;
            start = start.min(span.start);
            end = end.max(span.end);
        }
        let begin = source.text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.text.get(end..)?;
        let finish = end + rest.find('\n').unwrap_or(rest.len());
        let first_line = source.text.get(..begin)?.matches('\n').count() + 1;
        Some(Self { span: begin..finish, first_line })
    }

    fn inside(&self, span: &Range<usize>) -> Range<usize> {
        span.start - self.span.start..span.end - self.span.start
    }

    /// Without the far ends of long lines, which the drawing of a change does not cut by itself.
    fn narrowed(mut self, source: &Source, change: &Range<usize>) -> Self {
        let text = source.text.as_str();
        let line_start = text.get(..change.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        if change.start - line_start > AROUND && line_start == self.span.start {
            self.span.start = text.ceil_char_boundary(change.start - AROUND);
        }
        if self.span.end - change.end > AROUND {
            self.span.end = text.floor_char_boundary(change.end + AROUND);
        }
        self
    }

    fn snippet<'r, T: Clone>(&self, source: &'r Source) -> Snippet<'r, T> {
        let lines = source.text.get(self.span.clone()).unwrap_or_default();
        Snippet::source(lines).line_start(self.first_line).path(source.name.as_str())
    }
}

/// Who gave the value, where the place does not show it.
fn origin(origin: &Origin) -> Option<String> {
    match origin {
        Origin::File | Origin::Base(_) => None,
        other => Some(format!("the value comes from {other}")),
    }
}

/// The names of all types stand in the first line of all, and under the caret once more.
fn brief(message: &str) -> &str {
    let listed = "does not match any of the expected tags";
    message.find(listed).and_then(|at| message.get(..at + listed.len())).unwrap_or(message)
}

/// A list of very many names is cut between two of them.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let begin: String = text.chars().take(LONGEST).collect();
    match begin.rsplit_once(", ") {
        Some((names, _)) => {
            let rest = text.get(names.len()..).unwrap_or_default();
            // Who made the list may have cut it short already.
            let (listed, unlisted) = match rest.strip_suffix(" more").and_then(|rest| rest.rsplit_once(" and ")) {
                Some((listed, number)) => (listed, number.parse().unwrap_or(0)),
                None => (rest, 0),
            };
            let more = listed.matches('`').count() / 2 + unlisted;
            format!("{names} and {more} more")
        }
        None => format!("{begin}…"),
    }
}

/// Labels and notes are drawn as they are, so nothing in them may move the cursor.
fn clean(text: &str) -> String {
    normalize_untrusted_str(text)
}

#[cfg(test)]
mod tests;
