//! The schemas of many types in one table.
//!
//! Each function brings a schema with definitions of its own. Here they move into one table, where a name
//! can stand for one schema only: what has the same name and is the same is shared, and what has the
//! same name and is not gets another one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::fixed;

/// The table.
#[derive(Debug)]
pub(super) struct Schemas {
    table: Map<String, Value>,
    /// What each name stands for, with everything that it refers to: two types may look the same and
    /// refer to different ones by the same name.
    meanings: HashMap<String, String>,
}

/// Which way values of a type go: one type may be read and written differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Input,
    Output,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let table = fixed::schemas();
        // No schema of a type means the same as one of these, as none begins like this.
        let meanings = table.keys().map(|name| (name.clone(), format!("fixed {name}"))).collect();
        Self { table, meanings }
    }

    /// Takes in a type's whole schema and gives a reference to it. With `field`, values lie in an object under that
    /// name. `name` is for a schema that has none, or that gets such an object around it.
    pub(super) fn add(&mut self, schema: &Value, field: Option<&str>, direction: Direction, name: &str) -> Value {
        let mut types = Types::of(schema, name);
        if let Some(field) = field {
            types.wrap(field, name);
        }
        let names: HashMap<String, String> = types
            .reachable(&types.root)
            .into_iter()
            .map(|local| (local.clone(), self.name(&local, direction, types.meaning(&local))))
            .collect();
        for (local, name) in &names {
            if !self.table.contains_key(name) {
                let rename = |target: &str| names.get(target).map(|name| format!("#/components/schemas/{name}"));
                self.table.insert(name.clone(), redirected(types.all[local].clone(), &rename));
            }
        }
        json!({ "$ref": format!("#/components/schemas/{}", names[&types.root]) })
    }

    /// The document's name for a type: its own, unless that stands for something else.
    fn name(&mut self, local: &str, direction: Direction, meaning: String) -> String {
        let wanted = sanitized(local);
        let suffix = match direction {
            Direction::Input => "Input",
            Direction::Output => "Output",
        };
        let numbered = (2..).map(|number| format!("{wanted}{suffix}{number}"));
        let mut names = [wanted.clone(), format!("{wanted}{suffix}")].into_iter().chain(numbered);
        let free = |name: &String| self.meanings.get(name).is_none_or(|known| *known == meaning);
        let name = names.find(free).expect("numbers do not end");
        self.meanings.insert(name.clone(), meaning);
        name
    }

    pub(super) fn into_json(mut self) -> Map<String, Value> {
        self.table.sort_keys();
        self.table
    }
}

/// One type and all that it refers to, by the names of its own document.
struct Types {
    root: String,
    all: BTreeMap<String, Value>,
}

impl Types {
    fn of(schema: &Value, name: &str) -> Self {
        let mut schema = schema.clone();
        let mut all = BTreeMap::new();
        if let Value::Object(schema) = &mut schema {
            schema.remove("$schema");
            if let Some(Value::Object(definitions)) = schema.remove("$defs") {
                all.extend(definitions);
            }
        }
        let title = schema.get("title").and_then(Value::as_str).filter(|title| !title.is_empty());
        let mut root = title.unwrap_or(name).to_owned();
        // A type that contains itself stands among its own definitions already; another one of its name keeps it.
        let itself = titled(schema.clone(), &root);
        while all.get(&root).is_some_and(|known| titled(known.clone(), &root) != itself) {
            root.push('_');
        }
        let itself = |target: &str| (target.is_empty()).then(|| definition(&root));
        all.insert(root.clone(), redirected(schema, &itself));
        for (name, schema) in &mut all {
            *schema = titled(std::mem::take(schema), name);
        }
        Self { root, all }
    }

    /// Puts an object around the root, in which it lies under `field`.
    fn wrap(&mut self, field: &str, name: &str) {
        let refers_to_root = self.all.values().any(|schema| targets(schema).contains(&self.root));
        let inner = match refers_to_root {
            true => json!({ "$ref": definition(&self.root) }),
            false => {
                let mut inner = self.all.remove(&self.root).unwrap_or_default();
                // The name of a plain type says less than that of the field.
                inner.as_object_mut().map(|inner| inner.remove("title"));
                inner
            }
        };
        let object = json!({ "title": name, "type": "object", "properties": { field: inner }, "required": [field] });
        self.root = name.to_owned();
        while self.all.contains_key(&self.root) {
            self.root.push('_');
        }
        self.all.insert(self.root.clone(), object);
    }

    /// The type and everything that it refers to, directly or not.
    fn reachable(&self, from: &str) -> BTreeSet<String> {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(name) = waiting.pop() {
            if let Some(schema) = self.all.get(&name).filter(|_| !found.contains(&name)) {
                waiting.extend(targets(schema));
                found.insert(name);
            }
        }
        found
    }

    fn meaning(&self, name: &str) -> String {
        let parts = self.reachable(name).into_iter().map(|name| (name.clone(), self.all[&name].clone()));
        let mut parts: Value = parts.collect();
        // In which order a schema says what it says means nothing.
        parts.sort_all_objects();
        format!("{name} {parts}")
    }
}

fn definition(name: &str) -> String {
    format!("#/$defs/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The definition that a reference leads to, "" for the root; `None` for one that leads anywhere else.
fn target(reference: &str) -> Option<String> {
    if reference == "#" {
        return Some(String::new());
    }
    let name = percent_decode_str(reference.strip_prefix("#/$defs/")?).decode_utf8_lossy();
    Some(name.replace("~1", "/").replace("~0", "~"))
}

/// All definitions that a schema refers to.
fn targets(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_reference(schema, &mut |reference| found.extend(target(reference)));
    found
}

fn each_reference(schema: &Value, see: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
            Value::String(reference) if key == "$ref" => see(reference),
            _ => each_reference(value, see),
        }),
        Value::Array(items) => items.iter().for_each(|item| each_reference(item, see)),
        _ => {}
    }
}

/// The schema with references as `rename` has them; it is asked for the definition's name.
fn redirected(schema: Value, rename: &impl Fn(&str) -> Option<String>) -> Value {
    match schema {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(reference) if key == "$ref" => {
                    let renamed = target(&reference).and_then(|name| rename(&name));
                    (key, Value::from(renamed.unwrap_or(reference)))
                }
                value => (key, redirected(value, rename)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| redirected(item, rename)).collect(),
        other => other,
    }
}

/// The schema with a title, in the first place.
fn titled(schema: Value, name: &str) -> Value {
    match schema {
        Value::Object(fields) if !fields.contains_key("title") => {
            let title = ("title".to_owned(), Value::from(name.trim_end_matches('_')));
            std::iter::once(title).chain(fields).collect()
        }
        other => other,
    }
}

/// The letters that the name of a component may have.
fn sanitized(name: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' };
    name.trim_end_matches('_').chars().map(letter).collect()
}

#[cfg(test)]
mod tests;
