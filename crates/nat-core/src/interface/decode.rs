//! Bytes to input: a fast path that serde alone can walk, and a checked one that explains.

use std::fmt;

use serde_json::Value;

use super::Interface;
use super::compat::{Mistake, mistake_in, too_deep};
use crate::Error;
use crate::function::Payload;
use nat_chat::{self, ChatRequest};
use nat_schema::reader::{self, Tree};
use nat_schema::text::some_names;
use nat_schema::validation::Subject;
use nat_schema::{Enforcement, Finding, Segment, Shape, explain};

/// JSON may be nested this deep: further than that serde_json reads no value.
pub(super) const MAX_DEPTH: usize = 127;
/// A number of so many characters may be more than any float, as one with an exponent may.
const LONG_NUMBER: usize = 300;

/// Why an input was refused, before anything was built or counted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum InvalidInput {
    /// Not JSON at all.
    Malformed {
        /// Where, in characters from the beginning.
        offset: usize,
        /// What is wrong there.
        reason: String,
    },
    /// JSON that does not fit the schema: all that is wrong, in schema order, at most 100.
    Findings(Vec<Finding>),
}

impl InvalidInput {
    /// Of a value that lies in an object under `field`.
    fn under(mut self, field: &str) -> Self {
        if let Self::Findings(findings) = &mut self {
            for finding in findings {
                finding.path.insert(0, Segment::Key(field.to_owned()));
            }
        }
        self
    }

    /// All of it in one line.
    pub fn summary(&self) -> String {
        match self {
            Self::Malformed { offset, reason } => format!("JSON decode error at character {offset}: {reason}"),
            Self::Findings(findings) => {
                let step = |segment: &Segment| match segment {
                    Segment::Key(key) => key.clone(),
                    Segment::Index(index) => index.to_string(),
                };
                let one = |finding: &Finding| {
                    let path: Vec<String> = finding.path.iter().map(step).collect();
                    if path.is_empty() {
                        finding.message.clone()
                    } else {
                        format!("{}: {}", path.join("."), finding.message)
                    }
                };
                findings.iter().map(one).collect::<Vec<_>>().join("; ")
            }
        }
    }
}

impl fmt::Display for InvalidInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())
    }
}

impl std::error::Error for InvalidInput {}

impl Interface {
    /// A request body: an object of the input's fields, or of the one field that carries a simple input.
    pub(crate) fn decode(&self, body: &[u8]) -> Result<Payload, InvalidInput> {
        let text = std::str::from_utf8(body).map_err(|error| {
            let fit = &body[..error.valid_up_to()];
            malformed(&String::from_utf8_lossy(fit), fit.len(), "The body is not UTF-8".to_owned())
        })?;
        let scan = Scan::of(text.as_bytes());
        if let Some(offset) = scan.too_deep {
            return Err(malformed(text, offset, too_deep()));
        }
        // serde_json looks at surrogates and sizes only in what it keeps.
        if scan.suspect == Presence::Present
            && let Some(Mistake { at, reason }) = mistake_in(text)
        {
            return Err(malformed(text, at, reason));
        }
        let field = self.input_field();
        if scan.object == Presence::Absent {
            let body = parse(text)?;
            let checked = self.input_schema.check_wrapped(field.unwrap_or_default(), body);
            return Err(InvalidInput::Findings(checked.findings));
        }
        match (self.input.from_text)(text, field) {
            Ok(input) if self.suffices(&scan, text, field) => Ok(input),
            _ => self.validate(text, field),
        }
    }

    /// Whether it is enough that serde has read a text: the schema has no limits of its own, and in what serde
    /// buffers no list can stand for a struct; or the schema finds nothing at all to look at more closely.
    fn suffices(&self, scan: &Scan, text: &str, field: Option<&str>) -> bool {
        match self.input_schema.serde_enforces() {
            Enforcement::Full => return true,
            Enforcement::ExceptArrays if scan.array == Presence::Absent => return true,
            Enforcement::ExceptArrays | Enforcement::Partial => {}
        }
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let value = field.map_or(Some(&body), |field| body.get(field));
        value.is_some_and(|value| self.input_schema.is_met_by_declared_keys(value))
    }

    /// JSON that is read and, if it is refused, explained.
    fn validate(&self, text: &str, field: Option<&'static str>) -> Result<Payload, InvalidInput> {
        let body = parse(text)?;
        let written = reader::parse(text).unwrap_or_else(|| Tree::from(&body));
        let Some(field) = field else {
            return self.validate_tree(&written, &body);
        };
        match (written.field(field), body.get(field)) {
            (Some(tree), Some(value)) => self.validate_tree(tree, value).map_err(|refused| refused.under(field)),
            _ => Err(InvalidInput::Findings(self.input_schema.check_wrapped(field, body).findings)),
        }
    }

    fn validate_tree(&self, tree: &Tree<'_>, value: &Value) -> Result<Payload, InvalidInput> {
        let subject = Subject { schema: &self.input_schema, read: self.input.read, tree, value };
        subject.validate().map_err(InvalidInput::Findings)
    }

    /// A conversation, for an input that can be made of one.
    ///
    /// # Errors
    ///
    /// A `TypeError` that says what the input is.
    pub(crate) fn decode_chat(&self, request: ChatRequest) -> Result<Payload, Error> {
        super::chat::input_from_request((self.input.type_id)(), request).ok_or_else(|| {
            Error::type_error(format!(
                "the function takes {}, which cannot be made from a conversation: it is not for chat routes",
                self.input_words(),
            ))
        })
    }

    /// What the input is, for a client who knows JSON and no Rust.
    fn input_words(&self) -> String {
        let schema = self.input_schema.as_value();
        match self.input_schema.shape() {
            Shape::Plain => explain::words(schema, schema),
            Shape::Structured => match explain::known_keys(schema, schema) {
                known if known.is_empty() => "an object".to_owned(),
                known => format!("an object with {}", some_names(known)),
            },
        }
    }

    /// JSON from another function or from a program: for a simple input the value itself.
    pub(crate) fn decode_value(&self, value: &Value) -> Result<Payload, InvalidInput> {
        self.validate_tree(&Tree::from(value), value)
    }

    /// Text from a person or another function: a text input takes it as it is, a chat input as what
    /// the user says, any other as JSON.
    pub(crate) fn decode_text(&self, text: &str) -> Result<Payload, InvalidInput> {
        if let Some(input) = super::chat::input_from_text((self.input.type_id)(), text) {
            return Ok(input);
        }
        match self.validate(text, None) {
            // `3` is JSON and `today` is not, but a simple input may well take both.
            Err(InvalidInput::Malformed { .. }) if self.input_field().is_some() => {
                self.decode_value(&Value::String(text.to_owned()))
            }
            decided => decided,
        }
    }
}

fn parse(text: &str) -> Result<Value, InvalidInput> {
    serde_json::from_str(text).map_err(|error| match mistake_in(text) {
        Some(Mistake { at, reason }) => malformed(text, at, reason),
        None => malformed(text, 0, error.to_string()),
    })
}

/// A mistake at a byte.
fn malformed(text: &str, at: usize, reason: String) -> InvalidInput {
    let before = text.get(..at).unwrap_or(text);
    InvalidInput::Malformed { offset: before.chars().count(), reason }
}

/// What one look over the bytes tells, before a parser that would let some of it pass.
#[derive(Debug, PartialEq)]
struct Scan {
    object: Presence,
    array: Presence,
    /// `\ud8..` or a number that may be too large: serde_json checks them only in what it keeps.
    suspect: Presence,
    too_deep: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Presence {
    Absent,
    Present,
}

impl Scan {
    fn of(bytes: &[u8]) -> Self {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let object = if first == Some(&b'{') { Presence::Present } else { Presence::Absent };
        let [array, suspect] = [Presence::Absent; 2];
        let mut scan = Self { object, array, suspect, too_deep: None };
        let (mut depth, mut at) = (0_usize, 0_usize);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = scan.skip_string(bytes, at + 1),
                b'{' | b'[' => {
                    if *byte == b'[' {
                        scan.array = Presence::Present;
                    }
                    depth += 1;
                    if depth > MAX_DEPTH {
                        scan.too_deep = Some(at);
                        return scan;
                    }
                }
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'0'..=b'9' => at = scan.skip_number(bytes, at),
                _ => {}
            }
            at += 1;
        }
        scan
    }

    /// From after the opening quote to the closing one.
    fn skip_string(&mut self, bytes: &[u8], mut at: usize) -> usize {
        while let Some(step) = memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
            at += step;
            if bytes[at] == b'"' {
                return at;
            }
            if matches!(bytes.get(at + 1..at + 3), Some([b'u', b'd' | b'D'])) {
                self.suspect = Presence::Present;
            }
            at += 2;
        }
        bytes.len()
    }

    /// From the first digit to the last character.
    fn skip_number(&mut self, bytes: &[u8], start: usize) -> usize {
        let mut end = start;
        while let Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-') = bytes.get(end + 1) {
            end += 1;
            if let b'e' | b'E' = bytes[end] {
                self.suspect = Presence::Present;
            }
        }
        if end - start > LONG_NUMBER {
            self.suspect = Presence::Present;
        }
        end
    }
}
