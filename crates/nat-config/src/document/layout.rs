//! How YAML is laid out, as far as small changes need to know.

use std::ops::Range;

/// An entry of a collection, from its key or first byte to the end of its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// `new` as a scalar in the style of what it replaces.
pub(super) fn scalar(new: &str, replaced: &str) -> String {
    match replaced.chars().next() {
        Some('"') => quoted(new),
        Some('\'') => format!("'{}'", new.replace('\'', "''")),
        _ if is_plain(new) => new.to_owned(),
        _ => quoted(new),
    }
}

/// In double quotes, with the escapes that JSON and YAML share.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether YAML reads a text as itself without quotes, wherever it stands.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "t", "f"];
    let begins = |first: char| first.is_ascii_alphanumeric() || matches!(first, '_' | '/' | '.' | '-' | '<');
    let goes_on = |letter: char| begins(letter) || matches!(letter, '+' | '>' | ':');
    let is_boolean = matches!(text, "true" | "false");
    text.starts_with(|first| begins(first) && first != '-')
        && text.chars().all(goes_on)
        && !text.contains(": ")
        && !text.ends_with(':')
        && (is_boolean || !WORDS.contains(&text.to_ascii_lowercase().as_str()))
}

/// The stretch to take out for an entry in brackets: with the comma that separates it.
pub(super) fn flow_entry(_text: &str, before: Option<Entry>, own: Entry, after: Option<Entry>) -> Range<usize> {
    match (before, after) {
        (_, Some(after)) => own.start..after.start,
        (Some(before), None) => before.end..own.end,
        (None, None) => own.start..own.end,
    }
}

/// The stretch to take out for an entry on lines of its own: those lines, or if something stands before it on
/// its first line, up to what follows.
pub(super) fn block_entry(text: &str, own: Entry, after: Option<Entry>) -> Option<Range<usize>> {
    let line = text.get(..own.start)?.rfind('\n').map_or(0, |at| at + 1);
    let before = text.get(line..own.start)?;
    let rest = text.get(own.end..)?;
    let end = own.end + rest.find('\n').map_or(rest.len(), |at| at + 1);
    let only_a_dash = before.trim() == "-" && !text.get(own.start..own.end)?.contains(':');
    match (before.trim().is_empty() || only_a_dash, after) {
        (true, _) => Some(line..end),
        (false, Some(after)) => Some(own.start..after.start),
        // The only entry behind a dash: without it the item would be nothing.
        (false, None) => None,
    }
}

/// What stands before a position on its line, as spaces.
pub(super) fn indentation(text: &str, at: usize) -> String {
    let before = text.get(..at).map_or("", |before| before.rsplit('\n').next().unwrap_or_default());
    before.chars().map(|_| ' ').collect()
}

/// The indentation of the dash in front of an item.
pub(super) fn dash_indentation(text: &str, item: usize) -> Option<String> {
    let before = text.get(..item)?.rsplit('\n').next()?;
    let dash = before.rfind('-')?;
    Some(before.get(..dash)?.chars().map(|_| ' ').collect())
}
