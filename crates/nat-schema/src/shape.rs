//! Two questions about a schema as a whole: how a body carries it, and how much of it serde enforces.

use std::collections::HashSet;

use serde_json::{Number, Value};

use super::format::Format;
use super::node::{Node, NodeId, ObjectRules, Repeats, Type};

/// How a value travels in a request or answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An object with named fields (or one of several such objects): the body itself.
    Structured,
    /// A text, number, list, map, or anything that may be null: a field of the body.
    Plain,
}

/// What plain serde deserialization enforces of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    /// Everything: what serde accepts, the schema accepts. (For [`Shape::Structured`] the outermost value
    /// must be seen to be an object first: serde takes an array for it.)
    Full,
    /// Everything but one thing: serde takes a JSON array for a nested object with named fields. A text
    /// that contains no array needs no walk.
    ExceptArrays,
    /// There are ranges, lengths, patterns or the like that serde does not look at: always walk.
    Partial,
}

pub(super) fn shape(nodes: &[Node], root: NodeId) -> Shape {
    if is_structured(nodes, root, 0) { Shape::Structured } else { Shape::Plain }
}

fn is_structured(nodes: &[Node], id: NodeId, depth: usize) -> bool {
    // Deeper than any type's own composition: a schema that only refers to itself.
    const DEEPEST: usize = 16;
    let node = &nodes[id.0];
    let may_be_else = node.types.iter().any(|accepted| *accepted != Type::Object);
    if depth > DEEPEST || may_be_else {
        return false;
    }
    if let Some(choices) = &node.choices {
        return choices.values.iter().all(Value::is_object);
    }
    let all = |parts: &[NodeId]| !parts.is_empty() && parts.iter().all(|part| is_structured(nodes, *part, depth + 1));
    node.object.as_ref().is_some_and(ObjectRules::is_structured)
        || node.union.as_ref().is_some_and(|union| !union.nullable && all(&union.branches))
        || all(&node.all_of)
}

pub(super) fn enforcement(nodes: &[Node], root: NodeId, shape: Shape) -> Enforcement {
    let depth = match shape {
        Shape::Structured => Depth::Root,
        Shape::Plain => Depth::Nested,
    };
    let mut seen = HashSet::new();
    let mut waiting = vec![(root, depth)];
    let mut found = Enforcement::Full;
    while let Some((id, depth)) = waiting.pop() {
        if !seen.insert((id, depth)) {
            continue;
        }
        let node = &nodes[id.0];
        if has_more_than_serde(node) {
            return Enforcement::Partial;
        }
        if depth == Depth::Nested && node.object.as_ref().is_some_and(|rules| rules.is_structured()) {
            found = Enforcement::ExceptArrays;
        }
        waiting.extend(node.all_of.iter().map(|part| (*part, depth)));
        waiting.extend(node.union.iter().flat_map(|union| &union.branches).map(|branch| (*branch, depth)));
        waiting.extend(inside(node).map(|child| (child, Depth::Nested)));
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Depth {
    Root,
    Nested,
}

fn inside(node: &Node) -> impl Iterator<Item = NodeId> {
    let list = node.list.prefix.iter().chain(&node.list.items).copied();
    let object = node.object.iter().flat_map(|rules| {
        let additional = match rules.additional {
            super::node::Additional::Schema(id) => Some(id),
            _ => None,
        };
        let named = rules.properties.iter().map(|property| property.node);
        named.chain(rules.patterns.iter().map(|(_, id)| *id)).chain(additional)
    });
    list.chain(object)
}

fn has_more_than_serde(node: &Node) -> bool {
    let number = &node.number;
    let narrower = |bound: &Option<Number>, width: fn(&(i128, i128)) -> i128| {
        let own = number.width.as_ref().map(width);
        bound.as_ref().is_some_and(|bound| own.is_none() || bound.as_i128() != own)
    };
    let has_number_limits = number.exclusive_minimum.is_some()
        || number.exclusive_maximum.is_some()
        || number.multiple_of.is_some()
        || narrower(&number.minimum, |width| width.0)
        || narrower(&number.maximum, |width| width.1);
    let text = &node.text;
    let has_text_limits = text.shortest.is_some()
        || text.longest.is_some()
        || text.pattern.is_some()
        || text.format.is_some_and(|format| format != Format::Duration);
    let list = &node.list;
    let has_list_limits =
        list.repeats == Repeats::Refused || (!list.is_tuple() && (list.fewest.is_some() || list.most.is_some()));
    let has_object_limits = node
        .object
        .as_ref()
        .is_some_and(|rules| rules.fewest.is_some() || rules.most.is_some() || !rules.bare_required.is_empty());
    let has_odd_choices = node.choices.as_ref().is_some_and(|choices| !choices.are_names());
    node.refuses_all
        || node.not.is_some()
        || has_number_limits
        || has_text_limits
        || has_list_limits
        || has_object_limits
        || has_odd_choices
}
