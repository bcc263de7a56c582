//! What a check reports, and the places it names.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// One mistake in a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kind by which clients of the Python toolkit know it: `missing`, `string_type`, …
    pub kind: &'static str,
    /// Where it is; empty for the value itself.
    pub path: Vec<Segment>,
    /// The sentence for a person.
    pub message: String,
    /// The offending value (for a missing field the object around it), cut to a small size.
    pub input: Value,
    /// The figures of the message, for programs: `{"ge": 600}`.
    pub context: Option<Map<String, Value>>,
}

/// One step of a path into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Into an object.
    Key(String),
    /// Into a list, counted from 0.
    Index(usize),
}

impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Segment::Key(key) => serializer.serialize_str(key),
            Segment::Index(index) => serializer.serialize_u64(*index as u64),
        }
    }
}

/// A key that the schema does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The object that holds it.
    pub path: Vec<Segment>,
    /// The key itself.
    pub key: String,
    /// The declared key it resembles most, if any does.
    pub suggestion: Option<String>,
}

/// The name of another component, found where the schema says `x-nat-ref`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What kind of component is named.
    pub kind: ReferenceKind,
    /// Where the name stands (or would stand, if it comes from a default).
    pub path: Vec<Segment>,
    /// The name.
    pub name: String,
}

/// The kind of component that a reference names: the value of `x-nat-ref`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReferenceKind(Arc<str>);

impl ReferenceKind {
    /// The kind of that keyword.
    pub fn new(keyword: &str) -> Self {
        Self(keyword.into())
    }

    /// The keyword.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
