//! Environment variables in the text of a configuration, before it is read as YAML.
//!
//! `${NAME}` is the variable's value, or nothing where it is unset; `${NAME:-text}` is the text where the
//! variable is unset or empty; `${NAME:?reason}` refuses the file in that case. Everything else stays as it
//! is, a bare `$NAME` too. Values are not searched for further variables; default texts are.

use std::ops::Range;

/// Text beyond which nothing is added: the reader refuses it by then.
const MAX_EXPANDED: usize = 16 * 1024 * 1024;
/// Missing variables that are told.
const MAX_MISSING: usize = 100;
/// Default texts inside default texts.
const MAX_NESTING: usize = 16;
/// How far the closing brace may be away, in bytes.
const LONGEST_FORM: usize = 4096;

/// A text with its variables replaced, and where each part of it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// In order, without gaps.
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// In the expanded text.
    start: usize,
    length: usize,
    /// In the text as it was written.
    written: Range<usize>,
    source: PieceSource,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PieceSource {
    /// As written, byte for byte.
    Text,
    /// The value of a variable.
    Variable(String),
}

/// A stretch of the text as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<'e> {
    pub(super) span: Range<usize>,
    /// The variable that gave some of it.
    pub(super) variable: Option<&'e str>,
}

/// A variable that must be set and is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) name: String,
    /// `NAME: reason`
    pub(super) sentence: String,
    /// Where it is asked for, as it was written.
    pub(super) span: Range<usize>,
}

/// The text with its variables replaced, and those that are required and not set: nothing stands in their place.
pub(super) fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> (Expanded, Vec<Missing>) {
    let mut substitution =
        Substitution { variable, output: Expanded::default(), missing: Vec::new(), failure: Limit::Kept };
    substitution.output.text.reserve(text.len());
    substitution.expand(text, 0, 0);
    (substitution.output, substitution.missing)
}

impl Expanded {
    /// Where a stretch of the expanded text was written.
    pub(super) fn written(&self, span: Range<usize>) -> Written<'_> {
        let first = self.pieces.partition_point(|piece| piece.start + piece.length < span.start);
        let touching = || {
            let rest = self.pieces.get(first..).unwrap_or_default().iter();
            rest.take_while(|piece| piece.start <= span.end).filter(|piece| piece.touches(&span))
        };
        let variable = touching().find_map(|piece| match &piece.source {
            PieceSource::Variable(name) => Some(name.as_str()),
            PieceSource::Text => None,
        });
        let start = touching().next().map_or(0, |piece| piece.written_at(span.start, piece.written.start));
        let end = touching().last().map_or(start, |piece| piece.written_at(span.end, piece.written.end));
        Written { span: start..end.max(start), variable }
    }

    /// Where a variable was written that gave nothing, within a stretch of the expanded text.
    pub(super) fn empty_variable(&self, within: Range<usize>) -> Option<Range<usize>> {
        let first = self.pieces.partition_point(|piece| piece.start < within.start);
        let rest = self.pieces.get(first..)?.iter().take_while(|piece| piece.start <= within.end);
        let is_empty = |piece: &&Piece| piece.length == 0 && matches!(piece.source, PieceSource::Variable(_));
        rest.into_iter().find(is_empty).map(|piece| piece.start..piece.start)
    }

    /// What variables gave.
    pub(super) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pieces.iter().filter_map(|piece| match &piece.source {
            PieceSource::Variable(name) => {
                Some((name.as_str(), self.text.get(piece.start..piece.start + piece.length)?))
            }
            PieceSource::Text => None,
        })
    }
}

impl Piece {
    /// Whether a stretch has anything of this piece. An empty one has what stands where it is.
    fn touches(&self, span: &Range<usize>) -> bool {
        let end = self.start + self.length;
        match (span.is_empty(), self.length) {
            (true, 0) => self.start == span.start,
            (true, _) => self.start <= span.start && span.start <= end,
            (false, 0) => span.start <= self.start && self.start <= span.end,
            (false, _) => self.start < span.end && span.start < end,
        }
    }

    fn written_at(&self, at: usize, of_variable: usize) -> usize {
        match self.source {
            PieceSource::Text => self.written.start + at.saturating_sub(self.start).min(self.length),
            PieceSource::Variable(_) => of_variable,
        }
    }
}

struct Substitution<'v> {
    variable: &'v dyn Fn(&str) -> Option<String>,
    output: Expanded,
    missing: Vec<Missing>,
    failure: Limit,
}

/// Whether the text may still grow.
#[derive(PartialEq, Eq)]
enum Limit {
    Kept,
    Exceeded,
}

impl Substitution<'_> {
    /// `from`: where `text` begins in the whole text.
    fn expand(&mut self, text: &str, from: usize, nesting: usize) {
        let mut at = 0;
        while let Some(found) = text[at..].find("${") {
            let start = at + found;
            let inside = start + 2;
            match form(&text[inside..]) {
                Some((form, length)) => {
                    self.as_written(&text[at..start], from + at);
                    let span = from + start..from + inside + length;
                    self.replace(&form, span, from + inside, nesting);
                    at = inside + length;
                }
                None => {
                    self.as_written(&text[at..inside], from + at);
                    at = inside;
                }
            }
        }
        self.as_written(&text[at..], from + at);
    }

    fn as_written(&mut self, text: &str, from: usize) {
        if !text.is_empty() {
            self.push(text, from..from + text.len(), PieceSource::Text);
        }
    }

    fn push(&mut self, text: &str, written: Range<usize>, source: PieceSource) {
        // The caller refuses what is too large: here it must only not fill the memory first.
        if self.failure == Limit::Exceeded {
            return;
        }
        let start = self.output.text.len();
        self.output.text.push_str(text);
        self.output.pieces.push(Piece { start, length: text.len(), written, source });
        if self.output.text.len() > MAX_EXPANDED {
            self.failure = Limit::Exceeded;
        }
    }

    /// `span`: of the whole form; `inside`: where what follows `${` begins.
    fn replace(&mut self, form: &Form<'_>, span: Range<usize>, inside: usize, nesting: usize) {
        let value = (self.variable)(form.name);
        // Two bytes of `:-` stand between the name and the text.
        let text_at = inside + form.name.len() + 2;
        let variable = || PieceSource::Variable(form.name.to_owned());
        match (value.filter(|value| !value.is_empty()), form.otherwise) {
            (Some(value), _) => self.push(&value, span, variable()),
            (None, Otherwise::Nothing) => self.push("", span, variable()),
            (None, Otherwise::Text("")) => self.push("", span, PieceSource::Text),
            (None, Otherwise::Text(text)) if nesting < MAX_NESTING => self.expand(text, text_at, nesting + 1),
            (None, Otherwise::Text(text)) => self.as_written(text, text_at),
            (None, Otherwise::Refuse(reason)) => {
                self.push("", span.clone(), variable());
                let reason = if reason.is_empty() { "this variable must be set" } else { reason };
                let sentence = format!("{}: {reason}", form.name);
                if !self.missing.iter().any(|missing| missing.sentence == sentence) && self.missing.len() < MAX_MISSING
                {
                    self.missing.push(Missing { name: form.name.to_owned(), sentence, span });
                }
            }
        }
    }
}

struct Form<'t> {
    name: &'t str,
    otherwise: Otherwise<'t>,
}

#[derive(Clone, Copy)]
enum Otherwise<'t> {
    Nothing,
    Text(&'t str),
    Refuse(&'t str),
}

/// Reads what follows `${`, and how long it is with its closing brace.
fn form(inside: &str) -> Option<(Form<'_>, usize)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = inside.find(|letter| !is_part(letter))?;
    let (name, rest) = inside.split_at(end);
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    if rest.starts_with('}') {
        return Some((Form { name, otherwise: Otherwise::Nothing }, end + 1));
    }
    let rest = rest.strip_prefix(':')?;
    let text = rest.get(1..)?;
    let length = closing_brace(text)?;
    let otherwise = match rest.as_bytes()[0] {
        b'-' => Otherwise::Text(&text[..length]),
        b'?' => Otherwise::Refuse(&text[..length]),
        _ => return None,
    };
    Some((Form { name, otherwise }, end + 2 + length + 1))
}

/// The brace that closes the form, on the same line: the one that balances, so that a default may be a
/// flow mapping or hold another variable; if none does, the first.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0;
    let mut first = None;
    for (at, byte) in text.bytes().enumerate().take(LONGEST_FORM) {
        match byte {
            b'\n' => break,
            b'{' => open += 1,
            b'}' if open == 0 => return Some(at),
            b'}' => {
                first.get_or_insert(at);
                open -= 1;
            }
            _ => {}
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables() {
        let variable = |name: &str| match name {
            "NAME" => Some("from env".to_owned()),
            "EMPTY" => Some(String::new()),
            "REF" => Some("${NAME}".to_owned()),
            _ => None,
        };
        for (text, replaced) in [
            ("<${NAME}>", "<from env>"),
            ("<${GONE}>", "<>"),
            ("$NAME costs 5$ $$ ${ ${}", "$NAME costs 5$ $$ ${ ${}"),
            ("${GONE:-7} ${EMPTY:-8} ${NAME:-9} ${EMPTY}", "7 8 from env "),
            ("${GONE:-}", ""),
            ("${GONE:-{a: 1}} ${GONE:-a}b}", "{a: 1} ab}"),
            ("${GONE:-${NAME}} ${GONE:-${OTHER:-x}y}", "from env xy"),
            ("${GONE:-{} ${NAME}", "{ from env"),
            ("${REF}", "${NAME}"),
            ("${NAME:?must be set}", "from env"),
            ("${1A} ${a.b} ${A B} ${A:+x} ${A", "${1A} ${a.b} ${A B} ${A:+x} ${A"),
            ("${GONE:-open\n}", "${GONE:-open\n}"),
            ("a\\b ${NAME}\\\\", "a\\b from env\\\\"),
            ("é${GONE:-ü}ß ${GONE:é}", "éüß ${GONE:é}"),
        ] {
            let (expanded, missing) = expand(text, &variable);
            assert_eq!((expanded.text.as_str(), missing), (replaced, Vec::new()), "{text}");
        }
    }
}
