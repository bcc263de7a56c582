//! An example of what an interface takes, drawn from its schema.

use nat_core::Interface;
use serde_json::{Map, Value, json};

/// Objects and lists are shown so deep; a type may hold itself.
const DEPTH: usize = 6;
/// References and choices between them are followed so far.
const HOPS: usize = 64;

/// A body with the required fields, each with a value of its type; nothing where the schema asks for more than its
/// types show.
pub(super) fn example(interface: &Interface) -> Option<String> {
    let schema = interface.input_schema();
    let value = value(schema.as_value(), schema.as_value(), Left { depth: DEPTH, hops: HOPS });
    if !schema.check(value.clone()).findings.is_empty() {
        return None;
    }
    Some(match interface.input_field() {
        None => value.to_string(),
        Some(field) => json!({ field: value }).to_string(),
    })
}

/// How much further an example may go.
#[derive(Clone, Copy)]
struct Left {
    depth: usize,
    hops: usize,
}

impl Left {
    fn inside(self) -> Option<Self> {
        Some(Self { depth: self.depth.checked_sub(1)?, ..self })
    }

    fn hop(self) -> Option<Self> {
        Some(Self { hops: self.hops.checked_sub(1)?, ..self })
    }
}

fn value(schema: &Value, root: &Value, left: Left) -> Value {
    let given = || first(schema, "examples").or_else(|| schema.get("const").cloned()).or_else(|| first(schema, "enum"));
    if let Some(given) = given() {
        return given;
    }
    let Some(left) = left.hop() else { return Value::Null };
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    if let Some(target) = reference.and_then(|path| root.pointer(path)) {
        return value(target, root, left);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        let branches = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        let mut shown = branches.filter(|branch| branch.get("type").and_then(Value::as_str) != Some("null"));
        if let Some(branch) = shown.next() {
            return value(branch, root, left);
        }
    }
    let type_name = match schema.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        Some(name) => name.as_str(),
        None => None,
    };
    match type_name {
        Some("object") => Value::Object(left.inside().map(|left| fields(schema, root, left)).unwrap_or_default()),
        Some("array") => {
            let item = left.inside().zip(schema.get("items")).map(|(left, items)| value(items, root, left));
            Value::Array(item.into_iter().collect())
        }
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("number") => schema.get("minimum").cloned().unwrap_or(json!(0.5)),
        Some("boolean") => json!(true),
        Some("string") => json!("text"),
        _ => Value::Null,
    }
}

fn first(schema: &Value, key: &str) -> Option<Value> {
    schema.get(key)?.as_array()?.first().cloned()
}

/// The required ones; where nothing is required, the first, so that there is something to see.
fn fields(schema: &Value, root: &Value, left: Left) -> Map<String, Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|one| one == name));
    let all = || properties.into_iter().flatten();
    let mut shown: Vec<_> = all().filter(|(name, _)| is_required(name)).collect();
    if shown.is_empty() {
        shown.extend(all().next());
    }
    shown.into_iter().map(|(name, schema)| (name.clone(), value(schema, root, left))).collect()
}
