//! From a JSON Schema to nodes.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::choice;
use super::format::Format;
use super::keywords::{bare_reference, choices, count, number_limits, percent_decoded, reference, refusal, types};
use super::node::{
    Additional, BranchChoice, Composite, ListRules, Node, NodeId, ObjectRules, Presence, Property, Refused, Repeats,
    TextLimits, Type, Union,
};

pub(super) struct Compiled {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    pub(super) problems: Vec<String>,
}

pub(super) fn compile(schema: &Value) -> Compiled {
    let mut compiler = Compiler { document: schema, nodes: Vec::new(), targets: HashMap::new(), problems: Vec::new() };
    let root = compiler.target("#");
    for index in 0..compiler.nodes.len() {
        let id = NodeId(index);
        if let Some(choice) = compiler.nodes[index].union.as_ref().map(|found| choice::choice(&compiler.nodes, found))
            && let Some(found) = &mut compiler.nodes[index].union
        {
            found.choice = choice;
        }
        compiler.nodes[index].composite = compiler.composite(id);
    }
    Compiled { nodes: compiler.nodes, root, problems: compiler.problems }
}

struct Compiler<'s> {
    document: &'s Value,
    nodes: Vec<Node>,
    /// Nodes of `$ref` targets. An entry is made before its schema is read, so that recursion ends.
    targets: HashMap<String, NodeId>,
    problems: Vec<String>,
}

impl<'s> Compiler<'s> {
    fn target(&mut self, pointer: &str) -> NodeId {
        if let Some(known) = self.targets.get(pointer) {
            return *known;
        }
        let id = self.reserve();
        self.targets.insert(pointer.to_owned(), id);
        let decoded = percent_decoded(pointer);
        match decoded.strip_prefix('#').and_then(|path| self.document.pointer(path)) {
            Some(schema) => self.nodes[id.0] = self.node(schema),
            None => self.problems.push(format!("`$ref: {pointer}` leads nowhere")),
        }
        id
    }

    fn reserve(&mut self) -> NodeId {
        self.nodes.push(Node::default());
        NodeId(self.nodes.len() - 1)
    }

    fn add(&mut self, schema: &'s Value) -> NodeId {
        if let Some(pointer) = bare_reference(schema) {
            return self.target(pointer);
        }
        let id = self.reserve();
        self.nodes[id.0] = self.node(schema);
        id
    }

    fn add_all(&mut self, schemas: Option<&'s Value>) -> Vec<NodeId> {
        let schemas = schemas.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        schemas.iter().map(|schema| self.add(schema)).collect()
    }

    fn node(&mut self, schema: &'s Value) -> Node {
        let Value::Object(schema) = schema else {
            return Node { refuses_all: schema == &Value::Bool(false), ..Node::default() };
        };
        let mut all_of = self.add_all(schema.get("allOf"));
        if let Some(pointer) = schema.get("$ref").and_then(Value::as_str) {
            all_of.push(self.target(pointer));
        }
        let mut union = schema.get("anyOf").map(|branches| self.union(branches));
        if let Some(branches) = schema.get("oneOf") {
            let one_of = self.union(branches);
            if union.is_some() {
                let id = self.reserve();
                self.nodes[id.0].union = Some(one_of);
                all_of.push(id);
            } else {
                union = Some(one_of);
            }
        }
        let types = types(schema.get("type"));
        let object = self.object(schema, &types);
        Node {
            refuses_all: false,
            choices: choices(schema),
            number: number_limits(schema),
            text: self.text_limits(schema, &types),
            list: self.list(schema),
            object,
            all_of,
            union,
            not: schema.get("not").map(|refused| Refused { node: self.add(refused), message: refusal(schema) }),
            reference: reference(schema),
            composite: None,
            types,
        }
    }

    fn union(&mut self, branches: &'s Value) -> Union {
        let branches = branches.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_null = |branch: &&Value| branch.get("type").and_then(Value::as_str) == Some("null");
        Union {
            nullable: branches.iter().any(|branch| is_null(&branch)),
            branches: branches.iter().filter(|branch| !is_null(branch)).map(|branch| self.add(branch)).collect(),
            choice: BranchChoice::Trial,
        }
    }

    fn object(&mut self, schema: &'s Map<String, Value>, types: &[Type]) -> Option<ObjectRules> {
        const KEYWORDS: [&str; 7] = [
            "properties",
            "required",
            "additionalProperties",
            "unevaluatedProperties",
            "patternProperties",
            "minProperties",
            "maxProperties",
        ];
        if !types.contains(&Type::Object) && !KEYWORDS.iter().any(|keyword| schema.contains_key(*keyword)) {
            return None;
        }
        let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
        let mut properties = Vec::new();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let presence = match required.iter().position(|required| required == name) {
                Some(found) => {
                    required.swap_remove(found);
                    Presence::Required
                }
                None => Presence::Optional,
            };
            let default = property.get("default").cloned();
            properties.push(Property { name: name.clone(), node: self.add(property), presence, default });
        }
        let mut patterns = Vec::new();
        for (pattern, property) in schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
            let node = self.add(property);
            patterns.extend(self.pattern(pattern).map(|regex| (regex, node)));
        }
        let additional = match schema.get("additionalProperties").or(schema.get("unevaluatedProperties")) {
            None => Additional::Unspecified,
            Some(Value::Bool(true)) => Additional::Allowed,
            Some(Value::Bool(false)) => Additional::Forbidden,
            Some(schema) => Additional::Schema(self.add(schema)),
        };
        Some(ObjectRules {
            index: properties.iter().enumerate().map(|(at, property)| (property.name.clone(), at)).collect(),
            names_of_parts: OnceLock::new(),
            properties,
            bare_required: required.into_iter().map(str::to_owned).collect(),
            patterns,
            additional,
            fewest: count(schema, "minProperties"),
            most: count(schema, "maxProperties"),
        })
    }

    fn list(&mut self, schema: &'s Map<String, Value>) -> ListRules {
        ListRules {
            prefix: self.add_all(schema.get("prefixItems")),
            items: schema.get("items").map(|items| self.add(items)),
            fewest: count(schema, "minItems"),
            most: count(schema, "maxItems"),
            repeats: match schema.get("uniqueItems") {
                Some(Value::Bool(true)) => Repeats::Refused,
                _ => Repeats::Allowed,
            },
        }
    }

    fn text_limits(&mut self, schema: &Map<String, Value>, types: &[Type]) -> TextLimits {
        let pattern = schema.get("pattern").and_then(Value::as_str);
        TextLimits {
            shortest: count(schema, "minLength"),
            longest: count(schema, "maxLength"),
            pattern: pattern.and_then(|pattern| self.pattern(pattern)),
            format: schema.get("format").and_then(Value::as_str).and_then(|name| Format::named(name, types)),
        }
    }

    fn pattern(&mut self, pattern: &str) -> Option<Regex> {
        match Regex::new(pattern) {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.problems.push(format!("the pattern `{pattern}` cannot be used: {error}"));
                None
            }
        }
    }

    /// Several parts that describe one object's fields must know each other's fields, or each would call
    /// those of the others unknown.
    fn composite(&self, id: NodeId) -> Option<Composite> {
        let node = &self.nodes[id.0];
        let own = usize::from(node.object.is_some());
        if own + node.all_of.len() + usize::from(node.union.is_some()) < 2 {
            return None;
        }
        let mut known = HashSet::new();
        self.known_keys(id, &mut known, &mut HashSet::new());
        Some(Composite { known })
    }

    fn known_keys(&self, id: NodeId, known: &mut HashSet<String>, seen: &mut HashSet<NodeId>) {
        if !seen.insert(id) {
            return;
        }
        let node = &self.nodes[id.0];
        if let Some(rules) = &node.object {
            known.extend(rules.properties.iter().map(|property| property.name.clone()));
        }
        let branches = node.union.iter().flat_map(|union| &union.branches);
        for part in node.all_of.iter().chain(branches) {
            self.known_keys(*part, known, seen);
        }
    }
}
