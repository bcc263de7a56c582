//! JSON in memory: integers of 128 bits and every entry of a repeated key are kept.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Number, Value};

use crate::Segment;

/// Entries of an object that are compared with each other; more are compared by hash.
const FEW_ENTRIES: usize = 8;

/// A JSON value. Objects keep every entry, also those of equal keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree<'t> {
    Null,
    Bool(bool),
    Number(Numeral),
    Text(Cow<'t, str>),
    List(Vec<Tree<'t>>),
    Fields(Vec<(Cow<'t, str>, Tree<'t>)>),
}

/// A JSON number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numeral {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// An integer beyond 64 bits.
    Wide(i128),
    /// An integer beyond the signed 128 bits.
    Widest(u128),
}

impl Numeral {
    pub(super) fn as_float(self) -> f64 {
        match self {
            Numeral::Unsigned(number) => number as f64,
            Numeral::Signed(number) => number as f64,
            Numeral::Float(number) => number,
            Numeral::Wide(number) => number as f64,
            Numeral::Widest(number) => number as f64,
        }
    }

    /// The number as serde_json keeps it: beyond 64 bits as a float.
    pub fn to_number(self) -> Option<Number> {
        match self {
            Numeral::Unsigned(number) => Some(number.into()),
            Numeral::Signed(number) => Some(number.into()),
            other => Number::from_f64(other.as_float()),
        }
    }
}

impl From<&Number> for Numeral {
    fn from(number: &Number) -> Self {
        match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Numeral::Unsigned(number),
            (None, Some(number)) => Numeral::Signed(number),
            (None, None) => Numeral::Float(number.as_f64().unwrap_or(f64::NAN)),
        }
    }
}

impl<'t> From<&'t Value> for Tree<'t> {
    fn from(value: &'t Value) -> Self {
        match value {
            Value::Null => Tree::Null,
            Value::Bool(truth) => Tree::Bool(*truth),
            Value::Number(number) => Tree::Number(number.into()),
            Value::String(text) => Tree::Text(Cow::Borrowed(text)),
            Value::Array(items) => Tree::List(items.iter().map(Tree::from).collect()),
            Value::Object(fields) => {
                Tree::Fields(fields.iter().map(|(key, field)| (Cow::Borrowed(key.as_str()), field.into())).collect())
            }
        }
    }
}

impl Tree<'_> {
    /// The last entry of `key` in an object.
    pub fn field(&self, key: &str) -> Option<&Self> {
        match self {
            Tree::Fields(entries) => entries.iter().rev().find(|(name, _)| name == key).map(|(_, field)| field),
            _ => None,
        }
    }

    /// What lies at `path`.
    pub fn at(&self, path: &[Segment]) -> Option<&Self> {
        path.iter().try_fold(self, |tree, segment| match (segment, tree) {
            (Segment::Key(key), _) => tree.field(key),
            (Segment::Index(index), Tree::List(items)) => items.get(*index),
            (Segment::Index(_), _) => None,
        })
    }

    /// The number of values, this one included.
    pub fn size(&self) -> usize {
        match self {
            Tree::List(items) => items.iter().map(Tree::size).sum::<usize>() + 1,
            Tree::Fields(entries) => entries.iter().map(|(_, field)| field.size()).sum::<usize>() + 1,
            _ => 1,
        }
    }

    /// Whether any object in it has two entries of one key.
    pub fn has_repeats(&self) -> bool {
        match self {
            Tree::List(items) => items.iter().any(Tree::has_repeats),
            Tree::Fields(entries) => repeats(entries) || entries.iter().any(|(_, field)| field.has_repeats()),
            _ => false,
        }
    }

    /// The same as serde_json holds it.
    pub fn to_value(&self) -> Value {
        match self {
            Tree::Null => Value::Null,
            Tree::Bool(truth) => Value::Bool(*truth),
            Tree::Number(number) => number.to_number().map_or(Value::Null, Value::Number),
            Tree::Text(text) => Value::String(text.clone().into_owned()),
            Tree::List(items) => items.iter().map(Tree::to_value).collect(),
            Tree::Fields(entries) => {
                Value::Object(entries.iter().map(|(key, field)| (key.clone().into_owned(), field.to_value())).collect())
            }
        }
    }

    /// The same without a borrow.
    pub fn into_owned(self) -> Tree<'static> {
        match self {
            Tree::Null => Tree::Null,
            Tree::Bool(truth) => Tree::Bool(truth),
            Tree::Number(number) => Tree::Number(number),
            Tree::Text(text) => Tree::Text(Cow::Owned(text.into_owned())),
            Tree::List(items) => Tree::List(items.into_iter().map(Tree::into_owned).collect()),
            Tree::Fields(entries) => {
                let owned = |(key, field): (Cow<'_, str>, Tree<'_>)| (Cow::Owned(key.into_owned()), field.into_owned());
                Tree::Fields(entries.into_iter().map(owned).collect())
            }
        }
    }
}

/// Whether two entries have one key.
pub(super) fn repeats(entries: &[(Cow<'_, str>, Tree<'_>)]) -> bool {
    if entries.len() <= FEW_ENTRIES {
        return entries.iter().enumerate().any(|(at, (key, _))| entries[..at].iter().any(|(other, _)| other == key));
    }
    let mut seen = HashSet::with_capacity(entries.len());
    !entries.iter().all(|(key, _)| seen.insert(key.as_ref()))
}
