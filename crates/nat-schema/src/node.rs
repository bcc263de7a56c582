//! A schema as the walker reads it: references resolved, patterns compiled, unions classified.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Number, Value};

use super::ReferenceKind;
use super::format::Format;

/// The place of a node in its schema's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeId(pub(super) usize);

/// One schema object. An empty node accepts everything.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// `false` as a schema: nothing is accepted.
    pub(super) refuses_all: bool,
    /// The accepted JSON types, in the order in which they are tried; empty for any.
    pub(super) types: Vec<Type>,
    /// `enum` and `const`.
    pub(super) choices: Option<Choices>,
    pub(super) number: NumberLimits,
    pub(super) text: TextLimits,
    pub(super) list: ListRules,
    pub(super) object: Option<ObjectRules>,
    /// `$ref` with something beside it, and `allOf`.
    pub(super) all_of: Vec<NodeId>,
    /// `anyOf` or `oneOf`.
    pub(super) union: Option<Union>,
    /// `not`: what fits this node does not fit the schema.
    pub(super) not: Option<Refused>,
    pub(super) reference: Option<ReferenceKind>,
    /// Set where several parts of this node describe the fields of one object (`#[serde(flatten)]`).
    pub(super) composite: Option<Composite>,
}

#[derive(Debug)]
pub(super) struct Refused {
    pub(super) node: NodeId,
    /// What is said then.
    pub(super) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// The values of an `enum`, or the one of a `const`.
#[derive(Debug)]
pub(super) struct Choices {
    pub(super) values: Vec<Value>,
    pub(super) source: ChoiceSource,
    /// The values as a person reads them: `'a', 'b' or 'c'`.
    pub(super) expected: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChoiceSource {
    Enum,
    Const,
}

#[derive(Debug, Default)]
pub(super) struct NumberLimits {
    pub(super) minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_minimum: Option<Number>,
    pub(super) exclusive_maximum: Option<Number>,
    pub(super) multiple_of: Option<Number>,
    /// What the Rust integer type can hold, from `format`.
    pub(super) width: Option<(i128, i128)>,
}

#[derive(Debug, Default)]
pub(super) struct TextLimits {
    pub(super) shortest: Option<u64>,
    pub(super) longest: Option<u64>,
    pub(super) pattern: Option<Regex>,
    pub(super) format: Option<Format>,
}

#[derive(Debug, Default)]
pub(super) struct ListRules {
    pub(super) prefix: Vec<NodeId>,
    pub(super) items: Option<NodeId>,
    pub(super) fewest: Option<u64>,
    pub(super) most: Option<u64>,
    pub(super) repeats: Repeats,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Repeats {
    #[default]
    Allowed,
    /// `uniqueItems`
    Refused,
}

#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    /// In declaration order.
    pub(super) properties: Vec<Property>,
    pub(super) index: HashMap<String, usize>,
    /// The names that are not the object's own but those of a part, once the type was asked.
    pub(super) names_of_parts: OnceLock<Vec<String>>,
    /// Required names without a schema of their own.
    pub(super) bare_required: Vec<String>,
    pub(super) patterns: Vec<(Regex, NodeId)>,
    pub(super) additional: Additional,
    pub(super) fewest: Option<u64>,
    pub(super) most: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) node: NodeId,
    pub(super) presence: Presence,
    pub(super) default: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// What happens to keys that no property describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Additional {
    /// The schema is silent: they pass, and are reported as unknown.
    #[default]
    Unspecified,
    Allowed,
    Forbidden,
    Schema(NodeId),
}

#[derive(Debug)]
pub(super) struct Union {
    pub(super) nullable: bool,
    /// Without the branch for null.
    pub(super) branches: Vec<NodeId>,
    pub(super) choice: BranchChoice,
}

/// How the branch of a union is found.
#[derive(Debug)]
pub(super) enum BranchChoice {
    /// `#[serde(tag = "…")]`: by the value of one field.
    Tag { field: String, branches: Vec<(String, NodeId)> },
    /// Serde's own form of an enum: a text, or an object with one field that names the variant.
    Variant { texts: Vec<String>, branches: Vec<(String, NodeId)> },
    /// By trying.
    Trial,
}

/// What all parts of a composed object know together.
#[derive(Debug)]
pub(super) struct Composite {
    pub(super) known: HashSet<String>,
}

impl ListRules {
    /// Whether the length is that of a tuple, which its type asks for by itself.
    pub(super) fn is_tuple(&self) -> bool {
        let length = Some(self.prefix.len() as u64);
        !self.prefix.is_empty() && self.items.is_none() && self.fewest == length && self.most == length
    }
}

impl Choices {
    /// Whether serde refuses other values by itself: it reads the names of variants.
    pub(super) fn are_names(&self) -> bool {
        self.values.iter().all(|value| matches!(value, Value::String(_) | Value::Null))
    }
}

impl ObjectRules {
    /// Whether this is an object with named fields, and not a map.
    pub(super) fn is_structured(&self) -> bool {
        let open = matches!(self.additional, Additional::Allowed | Additional::Schema(_));
        !self.properties.is_empty() || (!open && self.patterns.is_empty())
    }
}
