//! The schema of `general.front_end`: one of the linked kinds, by `_type`.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::FrontEndType;
use super::linked::unlinked_names;

pub(super) fn of(types: &[&FrontEndType], generator: &mut SchemaGenerator) -> Schema {
    let linked = types.iter().map(|one| branch(one, generator)).collect::<Vec<_>>();
    let fields = json!({
        "description": "The front end, by its `_type`. Keys that it does not know are warnings.",
        "oneOf": linked.into_iter().chain(unlinked_names().map(unlinked)).collect::<Vec<_>>(),
    });
    Schema::try_from(fields).expect("it is an object")
}

/// A kind of which only the name is known: its section is taken as it is.
fn unlinked(name: &str) -> Value {
    json!({
        "description": "Not linked into this program.",
        "type": "object",
        "properties": { "_type": { "type": "string", "const": name } },
        "required": ["_type"],
        "additionalProperties": true,
    })
}

fn branch(one: &FrontEndType, generator: &mut SchemaGenerator) -> Value {
    let own = one.schema(generator);
    // A type that takes no further keys would refuse `_type` behind a reference.
    let is_closed = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|keyword| own.get(*keyword) == Some(&Value::Bool(false)));
    let schema = if is_closed { own } else { one.reference(generator) };
    let mut fields = match schema.to_value() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    fields.insert("description".to_owned(), one.description().into());
    fields.insert("type".to_owned(), "object".into());
    let tag = json!({ "type": "string", "const": one.name() });
    if let Value::Object(properties) = fields.entry("properties").or_insert_with(|| json!({})) {
        properties.insert("_type".to_owned(), tag);
    }
    if let Value::Array(required) = fields.entry("required").or_insert_with(|| json!([])) {
        required.push("_type".into());
    }
    Value::Object(fields)
}
