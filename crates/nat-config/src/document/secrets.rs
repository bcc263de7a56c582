//! What of a document must not be shown.

use std::ops::Range;

use serde_json::{Map, Value};

use super::locate::Locator;
use super::{Document, Given, Layer, fitting};
use crate::secrets::{Hides, Secrets, hides, looks_secret};

const STARS: &str = "***";

/// What came from the environment, from files of text, and what stands under keys that look secret.
pub(super) fn secrets(document: &Document, locator: &Locator<'_>) -> Secrets {
    let mut secrets = Secrets::default();
    for (index, layer) in document.layers.iter().enumerate() {
        for (name, value) in layer.expanded.values() {
            let shown = format!("${{{name}}}");
            secrets.add_value(value, &shown);
            // A value may be YAML of several texts.
            let parts =
                value.split(['[', ']', '{', '}', ',', ':', '"', '\'', '\n']).filter(|part| part.len() < value.len());
            parts.for_each(|part| secrets.add_value(part, &shown));
        }
        // A text that holds a value may show it in another form: with its escapes undone, on one line.
        for (text, name) in locator.texts_from_variables(index) {
            secrets.add_value(text, &format!("${{{name}}}"));
        }
        for path in &layer.texts {
            if let Some(Value::String(text)) = fitting::at(&layer.value, path) {
                secrets.add(text, STARS);
            }
        }
        if let Value::Object(entries) = &layer.value {
            under_secret_keys(entries, &mut |text| secrets.add(text, STARS));
        }
        // What the stars cover, in case the text is read as something else than what it looks like.
        for span in secret_spans(&layer.written) {
            let covered = layer.written.get(span).unwrap_or_default();
            let parts = covered.split(['[', ']', '{', '}', ',', '"', '\'']).map(str::trim);
            // A variable's name is no secret, nor are the words that begin a block.
            parts.filter(|part| part.len() > 3 && !part.starts_with("${")).for_each(|part| secrets.add(part, STARS));
        }
    }
    under_secret_keys(&document.content, &mut |text| secrets.add(text, STARS));
    secrets
}

fn under_secret_keys(entries: &Map<String, Value>, add: &mut dyn FnMut(&str)) {
    for (key, value) in entries {
        match hides(key) {
            Some(hides) => scalars(value, hides, add),
            None => inside(value, add),
        }
    }
}

fn inside(value: &Value, add: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(entries) => under_secret_keys(entries, add),
        Value::Array(items) => items.iter().for_each(|item| inside(item, add)),
        _ => {}
    }
}

fn scalars(value: &Value, hides: Hides, add: &mut dyn FnMut(&str)) {
    match value {
        Value::Object(entries) => entries.values().for_each(|value| scalars(value, hides, add)),
        Value::Array(items) => items.iter().for_each(|item| scalars(item, hides, add)),
        Value::String(text) => add(text),
        Value::Number(number) if hides == Hides::Everything => add(&number.to_string()),
        Value::Number(_) | Value::Null | Value::Bool(_) => {}
    }
}

/// The content for a log.
pub(super) fn redacted(document: &Document) -> Value {
    let secrets = secrets(document, &Locator::new(document));
    starred(&Value::Object(document.content.clone()), &secrets)
}

fn starred(value: &Value, secrets: &Secrets) -> Value {
    match value {
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                let is_hidden = match hides(key) {
                    Some(Hides::Everything) => !value.is_null(),
                    Some(Hides::Texts) => !matches!(value, Value::Null | Value::Bool(_) | Value::Number(_)),
                    None => false,
                };
                let shown = if is_hidden { Value::from(STARS) } else { starred(value, secrets) };
                (secrets.cleared_key(key), shown)
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        Value::Array(items) => items.iter().map(|item| starred(item, secrets)).collect(),
        Value::String(text) => Value::from(secrets.cleared_value(text)),
        Value::Number(number) => {
            let text = number.to_string();
            let shown = secrets.cleared(&text);
            if shown == text { value.clone() } else { Value::from(shown) }
        }
        other => other.clone(),
    }
}

/// The text as it was written, with stars over the values of keys that look secret.
pub(super) fn masked(layer: &Layer) -> String {
    masked_text(&layer.written)
}

/// A text with stars over the values of keys that look secret, byte by byte.
pub(crate) fn masked_text(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in secret_spans(text) {
        for byte in bytes.get_mut(span).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b'*';
            }
        }
    }
    // Whole characters were replaced by as many stars as they have bytes.
    String::from_utf8(bytes)
        .unwrap_or_else(|_| text.chars().map(|letter| if letter == '\n' { '\n' } else { '*' }).collect())
}

/// An option as it was typed, with stars over a secret.
pub(super) fn masked_option(given: &Given) -> String {
    match given.path.iter().any(|key| looks_secret(key)) {
        true => {
            let (option, value) = given.typed.split_at_checked(given.value_at).unwrap_or_default();
            format!("{option}{}", "*".repeat(value.len()))
        }
        false => given.typed.clone(),
    }
}

/// Found by lines, so that they are found in broken files too. A variable by its name is no secret.
pub(crate) fn secret_spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut aliases = Vec::new();
    let mut at = 0;
    let mut block: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indentation = line.len() - line.trim_start().len();
        let blank = line.trim().is_empty();
        match block {
            Some(outer) if blank || indentation > outer => spans.push(at..at + line.trim_end().len()),
            _ => {
                block = None;
                let found = in_line(line, &mut spans, &mut aliases, at);
                if found == Rest::Below {
                    block = Some(indentation);
                }
            }
        }
        at += line.len();
    }
    aliases.into_iter().for_each(|name| anchored(text, name, &mut spans));
    spans
}

/// What an anchor names that a secret key repeats: on its line, or below it.
fn anchored(text: &str, name: &str, spans: &mut Vec<Range<usize>>) {
    for (found, anchor) in text.match_indices(&format!("&{name}")) {
        let from = found + anchor.len();
        let rest = &text[from..];
        if !rest.starts_with(char::is_whitespace) {
            continue;
        }
        let line = rest.lines().next().unwrap_or_default();
        let written = line.trim_start();
        let start = from + line.len() - written.len();
        let length = length(written, InBrackets::Yes);
        if length > 0 && !written.starts_with(['|', '>', '#']) {
            spans.push(start..start + length);
            continue;
        }
        let above = &text[..found];
        let above = &above[above.rfind('\n').map_or(0, |at| at + 1)..];
        let indentation = above.len() - above.trim_start().len();
        let mut at = from + line.len() + 1;
        for below in text.get(at..).unwrap_or_default().split_inclusive('\n') {
            if !below.trim().is_empty() && below.len() - below.trim_start().len() <= indentation {
                break;
            }
            spans.push(at..at + below.trim_end().len());
            at += below.len();
        }
    }
}

/// Where the value of a line's last secret key stands.
#[derive(PartialEq, Eq)]
enum Rest {
    Here,
    /// On the lines below, indented.
    Below,
}

fn in_line<'l>(line: &'l str, spans: &mut Vec<Range<usize>>, aliases: &mut Vec<&'l str>, from: usize) -> Rest {
    let mut value = Rest::Here;
    secrets_in_addresses(line, spans, from);
    if !line.contains(':')
        && let Some((key, rest)) = line.trim_start().split_once(' ')
        && looks_secret(key.trim_matches(['"', '\'']))
    {
        // The colon was forgotten.
        let rest = rest.find(" #").map_or(rest, |comment| &rest[..comment]).trim();
        if let Some(at) = line.rfind(rest).filter(|_| !rest.is_empty()) {
            spans.push(from + at..from + at + rest.len());
        }
    }
    let mut at = 0;
    while let Some(colon) = line[at..].find(':').map(|found| at + found) {
        at = colon + 1;
        let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
        let is_key = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
        let key = before.rfind(|letter| !is_key(letter)).map_or(before, |end| &before[end..]);
        let Some(hidden) = hides(key) else { continue };
        let rest = &line[at..];
        let start = at + (rest.len() - rest.trim_start().len());
        let written = match line[start..].trim_end() {
            comment if comment.starts_with('#') => "",
            written => written,
        };
        if written.is_empty() || written.starts_with(['|', '>', '&', '!']) {
            // An anchor or a tag may have a value behind it as well.
            spans.push(from + start..from + start + written.len());
            value = Rest::Below;
            break;
        }
        if let Some(alias) = written.strip_prefix('*') {
            let end = alias.find(|letter: char| letter.is_whitespace() || ",]}".contains(letter));
            aliases.push(&alias[..end.unwrap_or(alias.len())]);
            continue;
        }
        let before = &line[..start];
        let is_open = |open: char, close: char| before.matches(open).count() > before.matches(close).count();
        let brackets = if is_open('{', '}') || is_open('[', ']') { InBrackets::Yes } else { InBrackets::Unknown };
        let length = length(written, brackets);
        if hidden == Hides::Texts && is_no_text(&written[..length]) {
            continue;
        }
        let shown = &written[..length];
        let is_variable = shown.trim_matches(['"', '\'']).strip_prefix("${").is_some_and(|rest| {
            rest.strip_suffix('}').is_some_and(|name| name.chars().all(|one| one.is_alphanumeric() || one == '_'))
        });
        if !is_variable {
            spans.push(from + start..from + start + length);
            // A text may go on below, if it is no JSON.
            value = Rest::Below;
        }
        // What follows is searched too: in a broken text a quote may end elsewhere.
        at = start;
    }
    value
}

/// A number, a truth, or nothing.
fn is_no_text(written: &str) -> bool {
    written.parse::<f64>().is_ok() || matches!(written, "true" | "false" | "null" | "~")
}

/// `scheme://name:password@host`, `scheme://token@host` and `?api_key=value`
fn secrets_in_addresses(line: &str, spans: &mut Vec<Range<usize>>, from: usize) {
    for (scheme, _) in line.match_indices("://") {
        let start = scheme + 3;
        let end = line[start..].find(|letter: char| letter.is_whitespace() || "/?#\"'".contains(letter));
        let authority = &line[start..end.map_or(line.len(), |end| start + end)];
        if let Some((user, _)) = authority.rsplit_once('@')
            && let password = user.split_once(':').map_or(user, |(_, password)| password)
            && !password.is_empty()
            && !password.starts_with("${")
        {
            let at = from + start + user.len() - password.len();
            spans.push(at..at + password.len());
        }
        let is_end = |letter: char| letter.is_whitespace() || "#\"'`<>,]})".contains(letter);
        let address = &line[start..][..line[start..].find(is_end).unwrap_or(line.len() - start)];
        let Some(query) = address.find('?') else { continue };
        let mut at = start + query + 1;
        for part in address[query + 1..].split('&') {
            if let Some((name, value)) = part.split_once('=')
                && (looks_secret(name) || ["key", "sig", "signature", "code"].contains(&name))
                && !value.starts_with("${")
            {
                spans.push(from + at + name.len() + 1..from + at + part.len());
            }
            at += part.len() + 1;
        }
    }
}

/// Whether a value is known to stand in brackets, where a comma ends it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InBrackets {
    Yes,
    Unknown,
}

/// The length of a value at the start of a text: to its closing quote or bracket, or to the end of the line.
fn length(text: &str, brackets: InBrackets) -> usize {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let mut escaped = false;
            for (at, letter) in text.char_indices().skip(1) {
                match letter {
                    '\\' if quote == '"' && !escaped => escaped = true,
                    letter if letter == quote && !escaped => return at + 1,
                    _ => escaped = false,
                }
            }
            text.len()
        }
        Some('[' | '{') => {
            let mut depth = 0;
            for (at, letter) in text.char_indices() {
                match letter {
                    '[' | '{' => depth += 1,
                    ']' | '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    return at + 1;
                }
            }
            text.len()
        }
        _ => {
            let text = text.find(" #").map_or(text, |comment| text[..comment].trim_end());
            let is_cut = brackets == InBrackets::Yes && !text.starts_with("${");
            let end = text.find([',', '}', ']']).filter(|_| is_cut);
            end.unwrap_or(text.len())
        }
    }
}
