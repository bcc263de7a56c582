//! Diagnostics for programs. The shape is documented in `docs/guide/cli.md` and changes only with `version`.

use std::ops::Range;

use nat_config::diagnostic::{Diagnostic, Origin, Report, Severity, Source};
use serde_json::{Value, json};

/// The number of the shape.
const VERSION: u32 = 1;

/// The whole report. `valid` is for programs that look at nothing else.
pub(crate) fn json(report: &Report, file: &str, valid: bool) -> Value {
    json!({
        "version": VERSION,
        "file": file,
        "valid": valid,
        "errors": report.errors().count(),
        "warnings": report.warnings().count(),
        "message": report.headline(),
        "diagnostics": report.diagnostics.iter().map(|one| diagnostic(report, one)).collect::<Vec<_>>(),
    })
}

fn diagnostic(report: &Report, one: &Diagnostic) -> Value {
    let severity = match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help = one.mend.as_ref().map(|mend| {
        let replacement = mend.replacement.as_ref().and_then(|change| {
            let mut place = place(report, change.source, &change.span)?;
            place.as_object_mut()?.insert("text".to_owned(), Value::from(change.text.as_str()));
            Some(place)
        });
        json!({ "text": mend.text, "replacement": replacement })
    });
    let related = one.related.iter().map(|related| {
        let place = place(report, related.place.source, &related.place.span);
        json!({ "message": related.label, "location": place })
    });
    json!({
        "severity": severity,
        "section": one.section,
        "path": one.location(),
        "message": one.message,
        "expected": one.expected,
        "location": one.place.as_ref().and_then(|at| place(report, at.source, &at.span)),
        "origin": origin(&one.origin),
        "help": help,
        "related": related.collect::<Vec<_>>(),
    })
}

fn origin(origin: &Origin) -> Value {
    let (kind, name) = match origin {
        Origin::File => ("file", None),
        Origin::Base(path) => ("base", Some(path.display().to_string())),
        Origin::Override(path) => ("override", Some(path.clone())),
        Origin::CommandLine(option) => ("command_line", Some(option.clone())),
        Origin::Environment(name) => ("environment", Some(name.clone())),
        Origin::Default => ("default", None),
    };
    json!({ "kind": kind, "name": name })
}

/// Bytes count from 0, lines and columns (in characters) from 1; the end is the first that is not part of it.
fn place(report: &Report, source: usize, span: &Range<usize>) -> Option<Value> {
    let source = report.sources.get(source)?;
    let (line, column) = position(source, span.start)?;
    let (end_line, end_column) = position(source, span.end)?;
    Some(json!({
        "file": source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start_byte": span.start,
        "end_byte": span.end,
    }))
}

fn position(source: &Source, at: usize) -> Option<(usize, usize)> {
    let before = source.text.get(..at)?;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    Some((before.matches('\n').count() + 1, before.get(begin..)?.chars().count() + 1))
}
