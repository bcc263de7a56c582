//! Choices: how they are written for a person, and how the branch of a union can be found without trying.

use serde_json::Value;

use super::node::{Additional, BranchChoice, Node, NodeId, Presence, Property, Union};

/// `'a', 'b' or 'c'`, as a person reads a list of choices.
pub(super) fn expected<V: ToChoice>(values: impl IntoIterator<Item = V>) -> String {
    let mut shown: Vec<String> = values.into_iter().map(|value| value.to_choice()).collect();
    match (shown.pop(), shown.is_empty()) {
        (Some(last), false) => format!("{} or {last}", shown.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

/// How one choice is written: texts in single quotes, everything else plain.
pub(super) trait ToChoice {
    fn to_choice(&self) -> String;
}

impl ToChoice for &String {
    fn to_choice(&self) -> String {
        format!("'{self}'")
    }
}

impl ToChoice for &Value {
    fn to_choice(&self) -> String {
        match self {
            Value::String(text) => text.to_choice(),
            Value::Null => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            other => other.to_string(),
        }
    }
}

/// How the branch of this union can be found without trying.
pub(super) fn choice(nodes: &[Node], union: &Union) -> BranchChoice {
    if union.branches.len() < 2 {
        return BranchChoice::Trial;
    }
    by_tag(nodes, union).or_else(|| by_variant(nodes, union)).unwrap_or(BranchChoice::Trial)
}

fn by_tag(nodes: &[Node], union: &Union) -> Option<BranchChoice> {
    let (first, others) = union.branches.split_first()?;
    let tags_of = |id: &NodeId| required_texts(nodes, *id);
    tags_of(first).into_iter().find_map(|(field, tag)| {
        let mut branches = vec![(tag, *first)];
        for branch in others {
            let (_, tag) = tags_of(branch).into_iter().find(|(name, _)| *name == field)?;
            if branches.iter().any(|(other, _)| *other == tag) {
                return None;
            }
            branches.push((tag, *branch));
        }
        Some(BranchChoice::Tag { field, branches })
    })
}

/// Required fields of an object that must be one certain text.
fn required_texts(nodes: &[Node], id: NodeId) -> Vec<(String, String)> {
    let Some(rules) = &nodes[id.0].object else {
        return Vec::new();
    };
    let tag = |property: &Property| {
        let choices = nodes[property.node.0].choices.as_ref()?;
        let [Value::String(only)] = choices.values.as_slice() else {
            return None;
        };
        (property.presence == Presence::Required).then(|| (property.name.clone(), only.clone()))
    };
    rules.properties.iter().filter_map(tag).collect()
}

fn by_variant(nodes: &[Node], union: &Union) -> Option<BranchChoice> {
    let mut texts = Vec::new();
    let mut branches: Vec<(String, NodeId)> = Vec::new();
    for branch in &union.branches {
        let node = &nodes[branch.0];
        if let Some(choices) = &node.choices {
            for value in &choices.values {
                texts.push(value.as_str()?.to_owned());
            }
            continue;
        }
        let rules = node.object.as_ref()?;
        let [only] = rules.properties.as_slice() else {
            return None;
        };
        if only.presence != Presence::Required || rules.additional != Additional::Forbidden {
            return None;
        }
        branches.push((only.name.clone(), *branch));
    }
    Some(BranchChoice::Variant { texts, branches })
}
