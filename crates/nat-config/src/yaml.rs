//! YAML text to a JSON value: the only file that names serde_yaml.
//!
//! Keys keep their order. Merge keys (`<<`) are applied; a key that stands twice, a tag of somebody's own and
//! a number that JSON cannot hold are problems, and a file that unfolds without end is refused.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::{Map, Number, Value};

use nat_schema::Segment;

/// Values in one file, those that aliases repeat counted each time. Long texts count for more.
const MAX_VALUES: usize = 1_000_000;
const TEXT_PER_VALUE: usize = 64;
/// Unclosed brackets at which no honest file arrives, and where libyaml becomes slow.
const MAX_OPEN_BRACKETS: usize = 4096;

/// Problems that are told.
const MAX_PROBLEMS: usize = 1000;

pub(super) const MERGE_KEY: &str = "<<";

/// What a text holds.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) value: Value,
    /// What cannot be meant so; the value is as if it were not there.
    pub(super) problems: Vec<Problem>,
}

/// A mistake that leaves the rest of the text readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) path: Vec<Segment>,
    pub(super) kind: ProblemKind,
    pub(super) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemKind {
    /// The key that the path ends with stands there so many times before.
    Repeated(usize),
    /// The value at the path.
    Value,
    /// A key of the mapping at the path.
    Key,
    /// The key at the path.
    Merge,
    /// A value that would do as a text.
    Unquoted,
    /// A number that would do as a text.
    TooLarge,
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// A sentence, which ends with line and column where they are known.
    pub(super) message: String,
    /// Line and column, counted from 1, in characters.
    pub(super) at: Option<(usize, usize)>,
}

/// Reads one YAML document.
pub(super) fn parse(text: &str) -> Result<Parsed, Failure> {
    if has_too_many_open_brackets(text) {
        return Err(Failure { message: "brackets are nested too deeply".to_owned(), at: None });
    }
    let state = State { left: Cell::new(MAX_VALUES), path: RefCell::default(), problems: RefCell::default() };
    // The library takes the mark for a part of the first line's indentation.
    let document = serde_yaml::Deserializer::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    match (Reader { state: &state }).deserialize(document) {
        Ok(value) => Ok(Parsed { value, problems: state.problems.into_inner() }),
        Err(error) => {
            let at = error.location().map(|location| (location.line(), location.column()));
            Err(Failure { message: readable(&error.to_string()), at })
        }
    }
}

fn has_too_many_open_brackets(text: &str) -> bool {
    let mut open = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > MAX_OPEN_BRACKETS
    })
}

/// The library's words where they would puzzle the writer of a configuration.
fn readable(message: &str) -> String {
    const WORDS: [(&str, &str); 3] = [
        ("recursion limit exceeded", "the file is nested deeper than 128 levels"),
        ("repetition limit exceeded", "aliases repeat too much"),
        (
            "deserializing from YAML containing more than one document is not supported",
            "the file holds more than one document (a line with only `---` begins another)",
        ),
    ];
    WORDS.iter().fold(message.to_owned(), |message, (theirs, ours)| message.replace(theirs, ours))
}

/// What is known of the whole text while it is read.
struct State {
    left: Cell<usize>,
    path: RefCell<Vec<Segment>>,
    problems: RefCell<Vec<Problem>>,
}

#[derive(Clone, Copy)]
struct Reader<'s> {
    state: &'s State,
}

impl Reader<'_> {
    fn spend<E: de::Error>(self, values: usize) -> Result<(), E> {
        match self.state.left.get().checked_sub(values) {
            Some(left) => {
                self.state.left.set(left);
                Ok(())
            }
            None => Err(E::custom(format!("the file unfolds to more than {MAX_VALUES} values"))),
        }
    }

    fn problem(self, kind: ProblemKind, message: impl Into<String>) {
        let mut problems = self.state.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS {
            problems.push(Problem { path: self.state.path.borrow().clone(), kind, message: message.into() });
        }
    }

    fn within<T>(self, segment: Segment, read: impl FnOnce() -> T) -> T {
        self.state.path.borrow_mut().push(segment);
        let result = read();
        self.state.path.borrow_mut().pop();
        result
    }

    /// The text of a key; nothing for one that has none.
    fn key(self, key: Value) -> Option<String> {
        let message = match key {
            Value::String(text) => return Some(text),
            Value::Bool(_) | Value::Number(_) => return Some(key.to_string()),
            Value::Null => "a key is empty (null); in quotes it is a text",
            Value::Array(_) | Value::Object(_) => "a key must be a text, not a list or a mapping",
        };
        self.problem(ProblemKind::Key, message);
        None
    }

    /// What `<<` brings: one mapping, or several of which the first one to have a key gives it. Keys that the
    /// mapping names itself stay.
    fn merge(self, map: &mut Map<String, Value>, merged: Value) {
        let sources = match merged {
            Value::Array(sources) => sources,
            one => vec![one],
        };
        for source in sources {
            let Value::Object(source) = source else {
                let message = "the merge key `<<` takes a mapping or a list of mappings";
                self.within(Segment::Key(MERGE_KEY.to_owned()), || self.problem(ProblemKind::Merge, message));
                continue;
            };
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any YAML value")
    }

    // An empty document is nothing rather than null.
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.spend(1).map(|()| Value::Null)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Value, E> {
        self.spend(1).map(|()| Value::Bool(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        self.spend(1).map(|()| Value::from(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        self.spend(1).map(|()| Value::from(number))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
        self.problem(ProblemKind::TooLarge, format!("the number {number} is too large; in quotes it is a text"));
        Ok(Value::Null)
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
        self.problem(ProblemKind::TooLarge, format!("the number {number} is too large; in quotes it is a text"));
        Ok(Value::Null)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        self.spend(1)?;
        Ok(Number::from_f64(number).map(Value::Number).unwrap_or_else(|| {
            self.problem(ProblemKind::Unquoted, "`.nan` and `.inf` are no settings; in quotes they are texts");
            Value::Null
        }))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.spend(1 + text.len() / TEXT_PER_VALUE).map(|()| Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.spend(1)?;
        let mut list = Vec::new();
        while let Some(item) = self.within(Segment::Index(list.len()), || items.next_element_seed(self))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.spend(1)?;
        let mut map = Map::new();
        let mut repeated: HashMap<String, usize> = HashMap::new();
        let mut merged = None;
        while let Some(key) = entries.next_key_seed(self)? {
            let Some(key) = self.key(key) else {
                entries.next_value_seed(self)?;
                continue;
            };
            let segment = Segment::Key(key.clone());
            let value = self.within(segment.clone(), || entries.next_value_seed(self))?;
            let twice = match key.as_str() {
                MERGE_KEY => {
                    let twice = merged.is_some();
                    merged.get_or_insert(value);
                    twice
                }
                _ => {
                    let twice = map.contains_key(&key);
                    map.entry(key.clone()).or_insert(value);
                    twice
                }
            };
            if twice {
                let times = repeated.entry(key.clone()).or_default();
                *times += 1;
                let message = format!("the key `{key}` stands twice in one mapping");
                self.within(segment, || self.problem(ProblemKind::Repeated(*times), message));
            }
        }
        if let Some(merged) = merged {
            self.merge(&mut map, merged);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (tag, content) = tagged.variant::<String>()?;
        self.problem(ProblemKind::Value, format!("the tag `{tag}` has no meaning here"));
        content.newtype_variant_seed(self)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::parse;

    #[test]
    fn yaml_forms() {
        let value = |text: &str| parse(text).map(|parsed| parsed.value.to_string());
        let text = "base: &base {a: 1, b: {c: 2}}\nother: &other {a: 5, d: 6}\none: {<<: *base, a: 3}\ntwo:\n  <<: [*base, *other]\n";
        expect![[r#"{"base":{"a":1,"b":{"c":2}},"other":{"a":5,"d":6},"one":{"a":3,"b":{"c":2}},"two":{"a":1,"b":{"c":2},"d":6}}"#]].assert_eq(&value(text).unwrap());
        expect![[
            r#"{"1":"a","true":"b","1.5":"c","x y":null,"hex":31,"old":"yes","date":"2020-01-01","time":"12:30"}"#
        ]]
        .assert_eq(
            &value("{1: a, true: b, 1.5: c, 'x y': ~, hex: 0x1f, old: yes, date: 2020-01-01, time: 12:30}").unwrap(),
        );
        assert_eq!(value("\u{feff}a: 1").unwrap(), r#"{"a":1}"#);
        assert_eq!(value(r#"{"workflow": {"_type": "conf_echo"}}"#).unwrap(), r#"{"workflow":{"_type":"conf_echo"}}"#);
    }
}
