//! Changes that make broken YAML readable: each is tried, and only one that works is offered.

use std::ops::Range;

use super::layout;
use crate::yaml::{self, Failure};
use nat_schema::nearest;

/// Larger texts are not tried: reading them again costs more than the help is worth.
const LARGEST: usize = 256 * 1024;

/// A change of the (expanded) text that makes it readable.
pub(super) struct Repair {
    pub(super) span: Range<usize>,
    pub(super) text: String,
    pub(super) words: String,
}

/// The first change that works.
pub(super) fn repair(text: &str, failure: &Failure, at: usize, opened: Option<usize>) -> Option<Repair> {
    if text.len() > LARGEST || failure.message.contains("nested") {
        return None;
    }
    let mut candidates = Vec::new();
    let mut offer = |span: Range<usize>, text: String, words: &str| {
        candidates.push(Repair { span, text, words: words.to_owned() });
    };
    if failure.message.contains("more than one document") && text[at..].starts_with("---") {
        let words = "remove the second document".to_owned();
        return Some(Repair { span: at..text.len(), text: String::new(), words });
    }
    let line = line_at(text, at);
    if let Some((span, spaces)) = without_tabs(text) {
        offer(span, spaces, "indent with spaces: YAML allows no tabs there");
    }
    if let Some(opened) = opened {
        close(text, opened, &mut offer);
    }
    if let Some(at) = alias_at(text, failure, at) {
        alias(text, at, &mut offer);
    }
    let previous = line_before(text, line.start);
    if text.contains('\u{a0}') {
        let plain = text.replace('\u{a0}', " ");
        offer(0..text.len(), plain, "put plain spaces where there are no-break spaces");
    }
    if failure.message.contains("cannot start any token") {
        // In brackets a value ends before the line does.
        let end = at + token(&text[at..]);
        offer(at..end, layout::quoted(&text[at..end]), "put the text in quotes");
    }
    if failure.message.contains("',' or") || failure.message.contains("flow mapping") {
        json_comment(text, &line, &mut offer);
        quote_over_lines(text, at, &mut offer);
        comma(text, at, &mut offer);
    }
    for line in [Some(line.clone()), previous].into_iter().flatten() {
        quote_value(text, &line, &mut offer);
        space_after_colon(text, &line, &mut offer);
        colon_at_end(text, &line, &mut offer);
    }
    indent(text, &line, &mut offer);
    let works = |candidate: &Repair| {
        let mut mended = text.to_owned();
        mended.replace_range(candidate.span.clone(), &candidate.text);
        yaml::parse(&mended).is_ok_and(|parsed| parsed.value.is_object())
    };
    candidates.into_iter().find(works)
}

/// Where the innermost bracket opens that is still open at an offset.
pub(super) fn unclosed(text: &str, until: usize) -> Option<usize> {
    let mut open = Vec::new();
    let (mut quote, mut comment) = (None, false);
    let mut before = ' ';
    for (at, letter) in text.get(..until)?.char_indices() {
        match (quote, letter) {
            (_, '\n') => comment = false,
            _ if comment => {}
            (Some(open), _) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(letter),
            (None, '#') if before.is_whitespace() => comment = true,
            (None, '[' | '{') => open.push(at),
            (None, ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
        before = letter;
    }
    open.pop()
}

fn line_at(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |found| found + 1);
    let end = text.get(start..).and_then(|rest| rest.find('\n')).map_or(text.len(), |found| start + found);
    start..end
}

/// The last line with content above an offset.
fn line_before(text: &str, mut start: usize) -> Option<Range<usize>> {
    while start > 0 {
        let line = line_at(text, start - 1);
        if !text[line.clone()].trim().is_empty() {
            return Some(line);
        }
        start = line.start;
    }
    None
}

fn without_tabs(text: &str) -> Option<(Range<usize>, String)> {
    let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut at = 0;
    let mut span: Option<Range<usize>> = None;
    for line in text.split_inclusive('\n') {
        if line[..indentation(line)].contains('\t') {
            let start = span.map_or(at, |span| span.start);
            span = Some(start..at + line.len());
        }
        at += line.len();
    }
    let span = span?;
    let spaces = |line: &str| {
        let (before, rest) = line.split_at(indentation(line));
        format!("{}{rest}", before.replace('\t', "  "))
    };
    Some((span.clone(), text[span].split_inclusive('\n').map(spaces).collect()))
}

/// Closes a quote or bracket at the end of its line, or of the lines that belong to it.
fn close(text: &str, opened: usize, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let closing = match text[opened..].chars().next() {
        Some('[') => "]",
        Some('{') => "}",
        Some('"') => "\"",
        Some('\'') => "'",
        _ => return,
    };
    let words = format!("close it with `{closing}`");
    let line = line_at(text, opened);
    let content = |line: &Range<usize>| {
        let written = &text[line.clone()];
        let written = written.split(" #").next().unwrap_or_default();
        line.start + written.trim_end().len()
    };
    let end = content(&line);
    offer(end..end, closing.to_owned(), &words);
    let without_comma = text[..end].trim_end_matches(',').len();
    offer(without_comma..end, closing.to_owned(), &words);
    // A list over several lines ends where the indentation is that of its key again.
    let own = text[line.clone()].len() - text[line.clone()].trim_start().len();
    let mut last = line;
    loop {
        let next = line_at(text, (last.end + 1).min(text.len()));
        let written = &text[next.clone()];
        if next.start <= last.start || (!written.trim().is_empty() && written.len() - written.trim_start().len() <= own)
        {
            break;
        }
        last = next;
    }
    let end = text[..last.end].trim_end().len();
    offer(end..end, closing.to_owned(), &words);
}

/// Where an alias begins that the parser does not like.
fn alias_at(text: &str, failure: &Failure, at: usize) -> Option<usize> {
    let is_about = ["anchor", "an alias"].iter().any(|word| failure.message.contains(word));
    // It may have looked one letter further.
    let before = at.checked_sub(1).filter(|before| text.is_char_boundary(*before));
    [Some(at), before].into_iter().flatten().find(|at| is_about && text[*at..].starts_with('*'))
}

/// `*name` without an anchor: another name, or a text, but for the one that a merge key takes.
fn alias(text: &str, at: usize, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let end = at + token(&text[at..]);
    let name = &text[at + 1..end];
    let anchors: Vec<&str> =
        text[..at].split('&').skip(1).filter_map(|rest| rest.split([' ', '\n', '\r', ',']).next()).collect();
    if let Some(meant) = nearest(name, anchors) {
        offer(at..end, format!("*{meant}"), &format!("there is no anchor `&{name}`: did you mean `*{meant}`?"));
    }
    if !text[..at].trim_end().ends_with("<<:") {
        let words = match name.is_empty() {
            true => "put the text in quotes".to_owned(),
            false => format!("define the anchor `&{name}` above, or put the text in quotes"),
        };
        offer(at..end, layout::quoted(&text[at..end]), &words);
    }
}

/// The length of a plain value in brackets that a text begins with.
fn token(text: &str) -> usize {
    text.find(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ']' | '}')).unwrap_or(text.len())
}

/// A text in quotes that goes on below because its own closing quote is missing: it is put in front of the comma.
fn quote_over_lines(text: &str, at: usize, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let mut opened = None;
    for (quote, _) in text[..at].match_indices('"').filter(|(quote, _)| !text[..*quote].ends_with('\\')) {
        opened = match opened {
            None => Some(quote),
            Some(open) => {
                let line = line_at(text, open);
                if quote > line.end {
                    let end = line.start + text[line.clone()].trim_end().trim_end_matches(',').len();
                    offer(end..end, "\"".to_owned(), "close the quote that opens here");
                }
                None
            }
        };
    }
}

/// `key: a: b`, `key: @x` and texts whose quotes do not fit: the value in quotes, and what follows it as it is.
fn quote_value(text: &str, line: &Range<usize>, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let written = &text[line.clone()];
    let value = written.find(": ").map(|at| at + 2).or_else(|| written.find("- ").map(|at| at + 2));
    let Some(value) = value else { return };
    if written.trim_start().starts_with("<<:") {
        return;
    }
    let rest = written[value..].trim_start();
    let start = line.start + written.len() - rest.len();
    let rest = without_comment(rest);
    if !rest.is_empty() && !rest.starts_with(['|', '>', '[', '{']) {
        offer(start..start + rest.len(), requoted(rest), "put the text in quotes");
    }
}

/// A value without the comment behind it. A `#` inside of quotes begins none.
fn without_comment(rest: &str) -> &str {
    let whole = rest.trim_end();
    let is_quoted = whole.len() > 1 && whole.starts_with(['"', '\'']) && whole.ends_with(&whole[..1]);
    match whole.find(" #").or_else(|| whole.find("\t#")).filter(|_| !is_quoted) {
        Some(comment) => whole[..comment].trim_end(),
        None => whole,
    }
}

/// A text in quotes that fit. Those around the whole of it were meant as such, and any others as a part of it.
fn requoted(text: &str) -> String {
    let inside = |quote: char| {
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        // In `It's` it is an apostrophe; elsewhere another text ends or begins with it.
        let is_letter = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == quote);
        let is_within = |at: usize| {
            let (before, after) = (inside[..at].chars().next_back(), inside[at + 1..].chars().next());
            before == Some('\\') || (quote == '\'' && is_letter(before) && is_letter(after))
        };
        inside.match_indices(quote).all(|(at, _)| is_within(at)).then_some(inside)
    };
    match (inside('"'), inside('\'')) {
        // Backslashes that are no escapes: single quotes take them as they are.
        (Some(inside), _) => format!("'{}'", inside.replace("\\\\", "\\").replace('\'', "''")),
        (_, Some(inside)) => format!("'{}'", inside.replace("''", "'").replace('\'', "''")),
        _ if text.contains(['"', '\\']) => format!("'{}'", text.replace('\'', "''")),
        _ => layout::quoted(text),
    }
}

/// `key:value`
fn space_after_colon(text: &str, line: &Range<usize>, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let written = &text[line.clone()];
    if let Some(colon) = written.find(':')
        && !written[colon + 1..].starts_with([' ', '/'])
        && !written[colon + 1..].trim().is_empty()
    {
        let at = line.start + colon + 1;
        offer(at..at, " ".to_owned(), "put a space behind the colon");
    }
}

/// `key` or `key value` where a colon is missing.
fn colon_at_end(text: &str, line: &Range<usize>, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let written = text[line.clone()].trim_end();
    if written.contains(':') || written.trim().is_empty() {
        return;
    }
    let content = written.trim_start().trim_start_matches("- ");
    let start = line.start + written.len() - content.len();
    if let Some(space) = content.find(' ') {
        offer(start + space..start + space, ":".to_owned(), "put a colon behind the key");
    }
    let end = line.start + written.len();
    offer(end..end, ":".to_owned(), "put a colon behind the key");
}

/// A comma behind the entry before the one where the parser gave up.
fn comma(text: &str, at: usize, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let before = text[..at].trim_end();
    if before.is_empty() {
        return;
    }
    let words = "put a comma between the entries";
    offer(before.len()..before.len(), ",".to_owned(), words);
    // It may give up at the colon behind the next key.
    let key = before.trim_end_matches(|letter: char| letter.is_alphanumeric() || "_\"'-".contains(letter));
    let end = key.trim_end().len();
    if end > 0 && end < key.len() {
        offer(end..end, ",".to_owned(), words);
    }
}

/// `//` in JSON, where YAML has `#`.
fn json_comment(text: &str, line: &Range<usize>, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let mut start = line.clone();
    for _ in 0..3 {
        let written = &text[start.clone()];
        if let Some(at) = written.find("//").filter(|at| !written[..*at].ends_with(':')) {
            let at = start.start + at;
            offer(at..at + 2, "#".to_owned(), "begin the comment with `#`");
        }
        match line_before(text, start.start) {
            Some(before) => start = before,
            None => break,
        }
    }
}

/// The indentation of a line above, or one level more.
fn indent(text: &str, line: &Range<usize>, offer: &mut impl FnMut(Range<usize>, String, &str)) {
    let own = text[line.clone()].len() - text[line.clone()].trim_start().len();
    let mut seen = Vec::new();
    let mut above = line_before(text, line.start);
    while let Some(line) = above
        && seen.len() < 8
    {
        let written = &text[line.clone()];
        let indentation = written.len() - written.trim_start().len();
        for width in [indentation, indentation + 2] {
            if width != own && !seen.contains(&width) {
                seen.push(width);
            }
        }
        above = line_before(text, line.start);
    }
    // The nearest indentation is the likeliest.
    seen.sort_by_key(|width| width.abs_diff(own));
    for width in seen {
        offer(line.start..line.start + own, " ".repeat(width), "line it up with the lines around it");
    }
}
