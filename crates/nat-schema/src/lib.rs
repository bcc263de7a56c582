//! The one schema walker: request bodies and component settings alike.
//!
//! A JSON Schema, as schemars draws it from a type, is compiled once into [`CompiledSchema`]. Checking a
//! value against it collects *every* mistake in the order in which fields are declared, turns numeric text
//! into numbers where a number is asked for, notices keys that nobody declared, and finds the names of
//! other components (`x-nat-ref`) wherever they stand. Kinds and messages of findings are the ones that
//! clients of the Python toolkit know.
//!
//! What the walker does not look at: `format` beyond addresses, networks and durations, and the keywords
//! `if`, `contains`, `propertyNames` and `dependent*`, which schemars does not draw from types.

use serde_json::Value;

mod change;
mod choice;
mod coerce;
mod compile;
pub mod duration;
pub mod echo;
pub mod explain;
mod finding;
mod format;
mod keywords;
mod limits;
mod names;
pub mod network;
mod node;
mod notes;
mod object;
pub mod reader;
mod shape;
mod suggest;
pub mod text;
mod typed;
mod union;
pub mod validation;
mod walk;

#[cfg(test)]
mod tests;

pub use finding::{Finding, Reference, ReferenceKind, Segment, UnknownKey};
pub(crate) use limits::Force;
pub(crate) use names::{Nameless, Names};
pub use shape::{Enforcement, Shape};
pub use suggest::{distance, nearest};

use change::Change;
use node::{BranchChoice, Node, NodeId};
use notes::Said;
use walk::{Mode, Walk};

/// In a schema with `not`: what is said of a value that fits it. Of an object it is said only when nothing
/// else is wrong with its fields.
pub const NOT_MESSAGE_KEYWORD: &str = "x-nat-not-message";

/// Findings reported for one value; a value with more mistakes is not worth reading further.
pub const MAX_FINDINGS: usize = 100;

/// A JSON Schema (draft 2020-12, as schemars draws it) made ready for checking many values.
#[derive(Debug)]
pub struct CompiledSchema {
    source: Value,
    nodes: Vec<Node>,
    root: NodeId,
    shape: Shape,
    enforcement: Enforcement,
    references: References,
    trials: Trials,
    problems: Vec<String>,
}

/// Whether any part of a schema names another component: if none does, defaults need no look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum References {
    Some,
    None,
}

/// Whether any union of a schema is decided by trying its branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trials {
    Some,
    None,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The value with its coercions applied. Meaningful only if there are no findings.
    pub value: Value,
    /// Every mistake, in schema order, [`MAX_FINDINGS`] at most.
    pub findings: Vec<Finding>,
    /// Keys that the schema does not know (where it forbids them there is a finding too), [`MAX_FINDINGS`]
    /// at most.
    pub unknown_keys: Vec<UnknownKey>,
    /// Names of other components, also those that stand in a default.
    pub references: Vec<Reference>,
}

/// What an examination found.
pub(crate) struct Examined {
    /// The value with its coercions applied, where there are any.
    pub(crate) changed: Option<Value>,
    pub(crate) findings: Vec<(Force, Finding)>,
    pub(crate) unknown_keys: Vec<UnknownKey>,
    pub(crate) references: Vec<Reference>,
    /// Whether any object has both keys that are not known and declared ones that are not there.
    pub(crate) has_strangers: bool,
}

impl CompiledSchema {
    /// Compiles a schema, its patterns included. What cannot be enforced is listed by [`Self::problems`].
    pub fn new(schema: Value) -> Self {
        let compiled = compile::compile(&schema);
        let shape = shape::shape(&compiled.nodes, compiled.root);
        let enforcement = shape::enforcement(&compiled.nodes, compiled.root, shape);
        let references = if compiled.nodes.iter().any(|node| node.reference.is_some()) {
            References::Some
        } else {
            References::None
        };
        let is_tried = |node: &Node| {
            node.union
                .as_ref()
                .is_some_and(|union| union.branches.len() > 1 && matches!(union.choice, BranchChoice::Trial))
        };
        let trials = if compiled.nodes.iter().any(is_tried) { Trials::Some } else { Trials::None };
        Self {
            source: schema,
            nodes: compiled.nodes,
            root: compiled.root,
            shape,
            enforcement,
            references,
            trials,
            problems: compiled.problems,
        }
    }

    /// The schema as it was given.
    pub fn as_value(&self) -> &Value {
        &self.source
    }

    /// Whether values are objects with named fields, or something plain that needs a field around it.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How much of this schema plain serde deserialization enforces by itself.
    pub fn serde_enforces(&self) -> Enforcement {
        self.enforcement
    }

    /// What this schema says that cannot be enforced: a `pattern` that is no regular expression of this
    /// system, a `$ref` that leads nowhere. A component with such a schema should not start.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Checks a value whole.
    pub fn check(&self, value: Value) -> Checked {
        let mut walk = Walk::new(self);
        let change = walk.root(&value);
        let notes = walk.finish(&value).said();
        checked(value, change, notes)
    }

    /// Everything that the schema has to say of a value, with the names that a type takes for others.
    pub(crate) fn examine(&self, value: &Value, names: Option<&dyn Names>) -> Examined {
        self.examined(value, names, Mode::Whole)
    }

    /// Whether there is nothing to say of a value, and no key of it that is not known could stand for one that is missing:
    /// where a type takes such a value, nothing further has to be looked at.
    pub fn is_met_by_declared_keys(&self, value: &Value) -> bool {
        let examined = self.examine(value, None);
        examined.findings.is_empty() && !examined.has_strangers
    }

    /// What holds of a value that its type takes: limits that serde does not look at, and lists that stand for
    /// objects with named fields.
    pub(crate) fn limits(&self, value: &Value, names: &dyn Names) -> Examined {
        self.examined(value, Some(names), Mode::Limits)
    }

    fn examined(&self, value: &Value, names: Option<&dyn Names>, mode: Mode) -> Examined {
        let mut walk = Walk::with_mode(self, mode);
        walk.names = names;
        let change = walk.root(value);
        let Said { findings, unknown_keys, references, has_strangers } = walk.finish(value).said();
        let changed = change.map(|change| {
            let mut changed = value.clone();
            change.apply(&mut changed);
            changed
        });
        Examined { changed, findings, unknown_keys, references, has_strangers }
    }

    /// Checks a plain value that lies in an object under `field`; the paths of findings begin with it.
    /// `Checked.value` is the inner value, or null where it is missing. Other fields are ignored.
    pub fn check_wrapped(&self, field: &str, body: Value) -> Checked {
        let mut walk = Walk::new(self);
        let change = walk.wrapped(field, &body);
        let notes = walk.finish(&body).said();
        let inner = match body {
            Value::Object(mut fields) => fields.swap_remove(field).unwrap_or_default(),
            _ => Value::Null,
        };
        checked(inner, change, notes)
    }
}

fn checked(mut value: Value, change: Option<Change>, said: Said) -> Checked {
    if let Some(change) = change {
        change.apply(&mut value);
    }
    let Said { findings, unknown_keys, references, .. } = said;
    Checked { value, findings: findings.into_iter().map(|(_, finding)| finding).collect(), unknown_keys, references }
}
