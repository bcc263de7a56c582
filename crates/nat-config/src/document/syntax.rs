//! What keeps a text from being read: variables that are not set, broken YAML, files that are not there.

use std::ops::Range;
use std::path::Path;

use super::{Layer, repair};
use crate::environment::Missing;
use crate::error::{ConfigError, Edit, Point};
use crate::marked;
use crate::yaml::Failure;
use nat_schema::nearest;

/// File names compared for "did you mean".
const MAX_SIBLINGS: usize = 1000;

pub(super) fn missing_variables(missing: Vec<Missing>, layer: usize) -> Vec<ConfigError> {
    let error = |missing: Missing| {
        let mut error = ConfigError::whole(missing.sentence).layer(layer).mend("set this environment variable");
        error.detail.point = Some(Point::Written(missing.span));
        error
    };
    missing.into_iter().map(error).collect()
}

/// Broken YAML, where the parser found it broken, or where what it misses begins.
pub(super) fn error(layer: &Layer, failure: Failure, index: usize) -> ConfigError {
    let text = layer.expanded.text.as_str();
    let message = failure.message.as_str();
    let mut error = ConfigError::whole(format!("Error loading YAML: {message}")).layer(index);
    let given = || failure.at.and_then(|(line, column)| offset(text, line, column));
    let at = control_character(message, text).or_else(given).or_else(|| begun(message, text));
    let at = at.or_else(|| second_document(message, text)).or_else(|| marked::failure(text));
    let repeated = alias(message, text, at.unwrap_or(0));
    let at = repeated.or(at);
    let (expected, mend) = advice(message, text, at.unwrap_or(text.len()));
    let opened = match expected {
        // A bracket that is closed further down lacks something inside.
        Some("`,` or `]`" | "`,` or `}`") => {
            let open = repair::unclosed(text, at.unwrap_or(text.len()));
            open.filter(|_| repair::unclosed(text, text.len()).is_some())
        }
        Some("a closing quote") | Some("`:`") => begun(message, text),
        _ => None,
    };
    let repair = repair::repair(text, &failure, at.unwrap_or(text.len()), opened);
    // What mends it may stand on a line above the one where the parser gave up.
    let mended = repair.as_ref().map(|repair| repair.span.start);
    let above = mended.filter(|mended| {
        let between = at.and_then(|at| text.get(*mended..at));
        opened.is_none() && between.is_some_and(|between| between.contains('\n'))
    });
    let shown = above.map(|mended| line_of(text, mended)).or_else(|| {
        let at = opened.or(at)?;
        match expected {
            Some("`:`") => Some(line_of(text, at)),
            _ => Some(at..at + length_at(text, at)),
        }
    });
    let variable = shown.clone().and_then(|span| layer.expanded.written(span).variable);
    error.detail.point = shown.map(Point::Expanded);
    error.detail.expected = expected.map(str::to_owned);
    match (variable, repair) {
        (Some(name), _) => {
            let mend =
                format!("what the environment variable {name} holds is read as YAML here: put `${{{name}}}` in quotes");
            error.mend(mend)
        }
        (None, Some(repair)) => error.mend(repair.words).edit(Edit::Text(repair.span, repair.text)),
        (None, None) => match repeated.and_then(|at| text.get(at + 1..)) {
            Some(rest) => {
                let name = rest.split(|letter: char| !(letter.is_alphanumeric() || "_-".contains(letter))).next();
                error.mend(format!("write out what `*{}` repeats, or leave it out", name.unwrap_or_default()))
            }
            None => error.mend(mend),
        },
    }
}

/// What is written on a line, without indentation and comment.
fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |found| found + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let written = line.find(" #").map_or(line, |comment| &line[..comment]).trim_end();
    let indentation = written.len() - written.trim_start().len();
    start + indentation..start + written.len()
}

/// `control characters are not allowed at position 40`: in bytes.
fn control_character(message: &str, text: &str) -> Option<usize> {
    let (_, position) = message.split_once(" at position ")?;
    let skipped = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let at = position.trim().parse::<usize>().ok()? + skipped;
    text.get(at..).map(|_| at)
}

/// The alias that makes a text too deep or too large.
fn alias(message: &str, text: &str, from: usize) -> Option<usize> {
    let wanted = ["nested", "aliases", "unfolds"].iter().any(|word| message.contains(word));
    let is_alias = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[at + 1..].chars().next();
        before.is_none_or(|letter| letter.is_whitespace() || "[{,".contains(letter))
            && after.is_some_and(char::is_alphanumeric)
    };
    let aliases = || text.match_indices('*').map(|(at, _)| at).filter(is_alias);
    wanted.then(|| aliases().find(|at| *at >= from).or_else(|| aliases().next_back()))?
}

/// Where that began which the parser was reading: `… while scanning a quoted scalar at line 2 column 10`.
fn begun(message: &str, text: &str) -> Option<usize> {
    let (_, context) = message.split_once(", while ")?;
    let (_, position) = context.split_once(" at line ")?;
    let mut numbers = position.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
    offset(text, numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?)
}

fn second_document(message: &str, text: &str) -> Option<usize> {
    let wanted = message.contains("more than one document");
    let begins = text.match_indices("---").map(|(at, _)| at).filter(|at| *at > 0 && text[..*at].ends_with('\n'));
    // The first line of dashes may begin the first document.
    let content = |at: &usize| text[..*at].lines().any(|line| !line.trim().is_empty() && !line.starts_with(['#', '%']));
    wanted.then(|| begins.into_iter().find(content))?
}

/// A byte offset from a line and a column, both counted from 1, the column in characters.
pub(super) fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line {
        0 | 1 if text.starts_with('\u{feff}') => '\u{feff}'.len_utf8(),
        0 | 1 => 0,
        _ => text.match_indices('\n').nth(line - 2).map(|(at, _)| at + 1)?,
    };
    let rest = text.get(start..)?;
    let line = rest.split('\n').next().unwrap_or_default();
    Some(start + line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at))
}

/// The word at an offset; at least one character where there is one.
fn length_at(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    // The sign of an alias or anchor belongs to its name.
    let sign = usize::from(rest.starts_with(['*', '&']));
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let word = rest[sign..].find(|letter| !is_part(letter)).map_or(rest.len(), |end| end + sign);
    match word {
        0 => rest.chars().next().filter(|letter| *letter != '\n').map_or(0, char::len_utf8),
        word => word,
    }
}

/// What is expected, and what to do, by what the parser complains of.
fn advice(message: &str, text: &str, at: usize) -> (Option<&'static str>, &'static str) {
    let line = text.get(..at).map_or("", |before| before.rsplit('\n').next().unwrap_or_default());
    let rest = text.get(at..).unwrap_or_default();
    if message.contains("more than one document") && !rest.starts_with("---") {
        // Less indentation than the first line has ends the document as well.
        return (Some("the indentation of the first key"), "line this up with the keys above");
    }
    if rest.starts_with('\t') || line.contains('\t') {
        return (Some("spaces"), "indent with spaces: YAML allows no tabs there");
    }
    let known: [(&[&str], Option<&'static str>, &'static str); 14] = [
        (&["anchor"], Some("the name of an anchor (`&name`) above"), "define the anchor before it is used"),
        (&["nested"], None, "make it flatter"),
        (
            &["more than one document"],
            Some("one document"),
            "remove the line that begins the second one, or what follows it",
        ),
        (&["aliases", "unfolds"], None, "write out fewer repetitions"),
        (
            &["control characters"],
            Some("printable characters"),
            "remove the control character, or write it as an escape in double quotes",
        ),
        (
            &["quoted scalar", "end of stream"],
            Some("a closing quote"),
            "close the quote that opens here, or double it inside single quotes",
        ),
        (&["flow sequence"], Some("`,` or `]`"), "close the bracket `[`, or put a comma between the entries"),
        (&["flow mapping", "flow node"], Some("`,` or `}`"), "close the bracket or brace that opens here"),
        (
            &["mapping values are not allowed"],
            None,
            "put a text that contains `: ` in quotes, and line keys up with those beside them",
        ),
        (&["could not find expected ':'"], Some("`:`"), "put `: ` behind the key, or the text in quotes"),
        (&["cannot start any token"], None, "put a text that begins with this character in quotes"),
        (&["escape"], None, "in double quotes write `\\\\` for a backslash, or use single quotes"),
        (
            &["block mapping", "expected key"],
            Some("a key with the indentation of those above"),
            "line this key up with the keys beside it",
        ),
        (
            &["block sequence", "block collection", "expected '-'"],
            Some("an entry with the indentation of those above"),
            "line this entry up with those above it",
        ),
    ];
    let found = known.into_iter().find(|(words, _, _)| words.iter().any(|words| message.contains(words)));
    found.map_or((None, "check the indentation, quotes and brackets here"), |(_, expected, mend)| (expected, mend))
}

/// A base that is not there: perhaps the name of a file beside it was meant.
pub(super) fn nearest_file(error: ConfigError, path: &Path, named: &str) -> ConfigError {
    sibling(error, path, named, "")
}

/// As [`nearest_file`], for a text.
pub(super) fn nearest_text(error: ConfigError, path: &Path, named: &str) -> ConfigError {
    sibling(error, path, named, "file://")
}

fn sibling(error: ConfigError, path: &Path, named: &str, prefix: &str) -> ConfigError {
    let at = error.full_path();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().take(MAX_SIBLINGS).flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let wanted = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(meant) if named.ends_with(&wanted) => {
            let meant = format!("{prefix}{}{meant}", &named[..named.len() - wanted.len()]);
            error.mend(format!("did you mean `{meant}`?")).edit(Edit::Replace(at, meant))
        }
        _ => error.mend("check the path: it is relative to the file that names it"),
    }
}
