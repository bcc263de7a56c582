//! A JSON Schema of the whole file, for editors: what may stand where, and what it means.

use serde_json::{Map, Value, json};

use super::{general_schema, sections};
use crate::kind::{ComponentKind, Role};
use crate::registry::{Registered, Registry};
use nat_schema::explain;

/// In front of the names of definitions that require nothing.
const PARTIAL: &str = "partial.";
/// A scalar may come from the environment.
const VARIABLE: &str = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:[-?].*)?\}";

/// The JSON Schema (draft 2020-12) of a file for the component types of `registry`: each `_type` with its own
/// settings, descriptions and defaults. Values may be written as `${NAME}` everywhere.
///
/// It is for completion and first hints while typing, and a little more lenient than
/// [`Validation::of`](super::Validation::of), which has the last word.
pub fn file_schema(registry: &Registry) -> Value {
    let mut defs = Map::new();
    let kinds = registry.kinds();
    for kind in kinds.iter().copied().filter(|kind| kind.role() != Role::Workflow) {
        let types = components(registry, kind, &mut defs);
        defs.insert(definition(kind).to_owned(), types);
    }
    let general = embedded(general_schema().as_value(), "general", &mut defs);
    defs.insert("general".to_owned(), general);
    // What a base gives need not be given again, so that a file with a base is checked by less strict copies.
    for (name, definition) in defs.clone() {
        defs.insert(format!("{PARTIAL}{name}"), partial(&definition));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "NAT workflow file",
        "type": "object",
        "properties": sections_described(&kinds),
        "additionalProperties": false,
        "if": { "required": [sections::BASE] },
        "then": { "properties": sections_by(PARTIAL, &kinds) },
        "else": { "properties": sections_by("", &kinds) },
        "$defs": defs,
    })
}

/// The sections that are checked, by definitions whose names begin with `prefix`.
fn sections_by(prefix: &str, kinds: &[ComponentKind]) -> Value {
    let object = |definition: &str| json!({ "if": { "type": "object" }, "then": { "$ref": format!("#/$defs/{prefix}{definition}") } });
    let mut checked = Map::new();
    checked.insert(sections::GENERAL.to_owned(), object("general"));
    for kind in kinds {
        let schema = match kind.role() {
            Role::Workflow => object(definition(*kind)),
            Role::Function | Role::Group | Role::Object => {
                json!({ "additionalProperties": { "$ref": format!("#/$defs/{prefix}{}", definition(*kind)) } })
            }
        };
        checked.insert(kind.section().to_owned(), schema);
    }
    Value::Object(checked)
}

/// The name of the definition of all types of a kind.
fn definition(kind: ComponentKind) -> &'static str {
    match kind.role() {
        Role::Function | Role::Workflow => "function",
        Role::Group => "function_group",
        Role::Object => kind.section(),
    }
}

fn sections_described(kinds: &[ComponentKind]) -> Map<String, Value> {
    let mapping = |description: &str| json!({ "description": description, "type": ["object", "null"] });
    let mut properties = Map::new();
    let base = "Another file that this one is laid over: maps are merged, all else is replaced.";
    properties.insert(sections::BASE.to_owned(), json!({ "type": "string", "description": base }));
    for (section, description) in [
        (sections::GENERAL, "What holds for the process as a whole."),
        (sections::FUNCTIONS, "Functions, by names of your own."),
        (sections::FUNCTION_GROUPS, "Function groups, by names of your own."),
        (sections::WORKFLOW, "The function that answers requests."),
    ] {
        properties.insert(section.to_owned(), mapping(description));
    }
    for kind in kinds.iter().filter(|kind| kind.role() == Role::Object) {
        let description = format!("Components of the kind {}, by names of your own.", kind.noun());
        properties.insert(kind.section().to_owned(), mapping(&description));
    }
    for section in sections::UNUSED {
        if properties.contains_key(section) {
            continue;
        }
        properties.insert(
            section.to_owned(),
            mapping("A section of the Python toolkit that no crate linked into this program reads."),
        );
    }
    let mut middleware = mapping("Not available in this version.");
    middleware["maxProperties"] = Value::from(0);
    properties.insert(sections::MIDDLEWARE.to_owned(), middleware);
    properties
}

/// The same schema for a file that says only a part: nothing is required, but in conditions.
fn partial(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(partial).collect(),
        Value::Object(fields) => {
            let mut copy = Map::new();
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("required", Value::Array(_)) => {}
                    ("$ref", Value::String(pointer)) => {
                        let name = pointer.trim_start_matches("#/$defs/");
                        copy.insert(key.clone(), Value::from(format!("#/$defs/{PARTIAL}{name}")));
                    }
                    // Without what they require, several branches of a union may fit.
                    ("oneOf", branches) => {
                        copy.insert("anyOf".to_owned(), partial(branches));
                    }
                    ("if" | "default" | "enum" | "const" | "examples", _) => {
                        copy.insert(key.clone(), value.clone());
                    }
                    _ => {
                        copy.insert(key.clone(), partial(value));
                    }
                }
            }
            Value::Object(copy)
        }
        plain => plain.clone(),
    }
}

/// All types of a kind, told apart by `_type`; each goes into `defs`.
fn components(registry: &Registry, kind: ComponentKind, defs: &mut Map<String, Value>) -> Value {
    let mut branches = Vec::new();
    let prefix = definition(kind);
    for registered in registry.types(kind) {
        let registration = registered.registration();
        let name = registration.type_name();
        let key = format!("{prefix}.{name}");
        let mut schema = embedded(registered.settings_schema().as_value(), &key, defs);
        describe(&mut schema, registered, kind);
        defs.insert(key.clone(), schema);
        let names = vec![name.to_owned(), format!("{}/{name}", registration.site().package)];
        branches.push((names, json!({ "$ref": format!("#/$defs/{}", escaped(&key)) })));
    }
    let mut schema = told_apart(branches);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (key, value) in common(kind) {
            properties.insert(key.to_owned(), value);
        }
    }
    schema
}

/// The keys that every component has.
fn common(kind: ComponentKind) -> Vec<(&'static str, Value)> {
    let names = |description: &str| json!({ "description": description, "type": ["array", "null"], "items": { "type": "string" }, "uniqueItems": true });
    if kind.role() == Role::Object {
        return Vec::new();
    }
    let mut keys = vec![
        ("name", json!({ "description": "The name in traces.", "type": ["string", "null"] })),
        (
            "middleware",
            json!({ "description": "Not available in this version.", "type": ["array", "null"], "maxItems": 0 }),
        ),
    ];
    if kind.role() == Role::Group {
        keys.push((
            "include",
            names("The functions of the group that become functions of the file. Not with `exclude`."),
        ));
        keys.push(("exclude", names("The functions of the group that cannot be reached. Not with `include`.")));
    }
    keys
}

/// What the registration says, and the common keys where a type takes no further ones.
fn describe(schema: &mut Value, registered: &Registered, kind: ComponentKind) {
    let Some(schema) = schema.as_object_mut() else { return };
    let description = registered.registration().description();
    if !description.is_empty() {
        schema.insert("description".to_owned(), Value::from(description));
    }
    let is_closed = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .any(|key| schema.get(*key) == Some(&Value::Bool(false)));
    if is_closed && let Some(properties) = schema.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        let tags = ["_type", "type"].into_iter();
        for key in tags.chain(common(kind).into_iter().map(|(key, _)| key)) {
            properties.entry(key).or_insert(Value::Bool(true));
        }
    }
}

/// One of several objects, by `_type`, or by `type` where that is absent.
fn told_apart(branches: Vec<(Vec<String>, Value)>) -> Value {
    let names: Vec<&String> = branches.iter().flat_map(|(names, _)| names).collect();
    let tag = json!({ "description": "What it is.", "anyOf": [{ "enum": names }, { "type": "string", "pattern": VARIABLE }] });
    let rules = branches.iter().map(|(names, schema)| {
        json!({
            "if": { "anyOf": [
                { "properties": { "_type": { "enum": names } }, "required": ["_type"] },
                { "properties": { "type": { "enum": names } }, "required": ["type"], "not": { "required": ["_type"] } },
            ] },
            "then": schema,
        })
    });
    json!({
        "type": "object",
        "properties": { "_type": tag },
        "anyOf": [{ "required": ["_type"] }, { "properties": { "type": tag }, "required": ["type"] }],
        "allOf": rules.collect::<Vec<_>>(),
    })
}

/// A schema inside the whole: its definitions go into `defs` under names that begin with `prefix`.
fn embedded(schema: &Value, prefix: &str, defs: &mut Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        let own = schema.shift_remove("$defs");
        for (name, definition) in own.as_ref().and_then(Value::as_object).into_iter().flatten() {
            let mut definition = definition.clone();
            adapted(&mut definition, prefix);
            if name == "LogLevel" {
                definition = levels(&definition);
            }
            defs.insert(format!("{prefix}.{name}"), definition);
        }
    }
    // A type that contains itself refers to the root.
    let refers_to_root = schema.to_string().contains(r##""$ref":"#""##);
    adapted(&mut schema, prefix);
    if refers_to_root {
        defs.insert(format!("{prefix}.itself"), schema.clone());
    }
    schema
}

/// References that lead to the new names, scalars that may come from the environment, and objects told apart
/// by `type` as well as `_type`.
fn adapted(schema: &mut Value, prefix: &str) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| adapted(item, prefix)),
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                match (key.as_str(), &mut *value) {
                    ("$ref", Value::String(pointer)) => *pointer = renamed(pointer, prefix),
                    ("default" | "enum" | "const" | "examples" | "required" | "type", _) => {}
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(|property| adapted(property, prefix));
                    }
                    _ => adapted(value, prefix),
                }
            }
            if let Some(Value::Array(branches)) = fields.get_mut("oneOf") {
                branches.retain(|branch| branch.get(explain::REFUSED).is_none());
            }
            if let Some(branches) = fields.get("oneOf").and_then(tagged) {
                let Value::Object(apart) = told_apart(branches) else { return };
                fields.remove("oneOf");
                fields.extend(apart);
            } else {
                lenient(fields);
            }
        }
        _ => {}
    }
}

fn renamed(pointer: &str, prefix: &str) -> String {
    let prefix = escaped(prefix);
    match pointer.strip_prefix("#/$defs/") {
        Some(name) => format!("#/$defs/{prefix}.{name}"),
        None if pointer == "#" => format!("#/$defs/{prefix}.itself"),
        None => pointer.to_owned(),
    }
}

/// A name as a part of a JSON pointer in a URI fragment.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1").replace('%', "%25").replace(' ', "%20")
}

/// The branches of a union that `_type` decides, without the tag.
fn tagged(branches: &Value) -> Option<Vec<(Vec<String>, Value)>> {
    let branch = |branch: &Value| {
        let tag = branch.get("properties")?.get("_type")?.get("const")?.as_str()?.to_owned();
        let mut branch = branch.clone();
        let fields = branch.as_object_mut()?;
        fields.get_mut("properties")?.as_object_mut()?.shift_remove("_type");
        if let Some(Value::Array(required)) = fields.get_mut("required") {
            required.retain(|name| name != "_type");
        }
        Some((vec![tag], branch))
    };
    branches.as_array()?.iter().map(branch).collect()
}

/// Numbers, booleans and choices may be written as a variable, and numbers and booleans as text.
fn lenient(fields: &mut Map<String, Value>) {
    let is = |name: &str| match fields.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    };
    if fields.get("format").is_some_and(|format| format == "duration") {
        // Its other forms are many; what begins like none of them is a slip.
        fields.insert("pattern".to_owned(), Value::from(format!(r"{VARIABLE}|^\s*\+?[0-9Pp]")));
        return;
    }
    let pattern = if is("integer") || is("number") {
        format!(r"{VARIABLE}|^\s*[+-]?[0-9][0-9_]*(\.[0-9_]*)?\s*$")
    } else if is("boolean") {
        format!("{VARIABLE}|^([Tt]rue|[Ff]alse|TRUE|FALSE|[Yy]es|[Nn]o|YES|NO|[Oo]n|[Oo]ff|ON|OFF|[YyNnTtFf01])$")
    } else if fields.contains_key("enum") || fields.contains_key("oneOf") || is("array") {
        VARIABLE.to_owned()
    } else {
        return;
    };
    if is("string") && !fields.contains_key("enum") {
        return;
    }
    // The words for a person stay outside, where editors look for them.
    let outside = ["description", "title", "default", "deprecated", "examples"];
    let kept: Map<String, Value> =
        outside.iter().filter_map(|key| Some(((*key).to_owned(), fields.shift_remove(*key)?))).collect();
    let inner = Value::Object(std::mem::take(fields));
    *fields = kept;
    fields.insert("anyOf".to_owned(), json!([inner, { "type": "string", "pattern": pattern }]));
}

/// Levels in small and capital letters, and by their shorter names.
fn levels(definition: &Value) -> Value {
    let names = ["debug", "info", "warning", "warn", "error", "critical", "fatal"];
    let both: Vec<String> = names.iter().flat_map(|name| [(*name).to_owned(), name.to_uppercase()]).collect();
    json!({ "description": definition.get("description"), "anyOf": [{ "enum": both }, { "type": "string", "pattern": VARIABLE }] })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::file_schema;
    use crate::testing::registry;

    fn pointers<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
                Value::String(pointer) if key == "$ref" => found.push(pointer),
                other => pointers(other, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| pointers(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_type_is_there() {
        let schema = file_schema(&registry());
        let mut found = Vec::new();
        pointers(&schema, &mut found);
        assert!(found.len() > 10, "{found:?}");
        for pointer in found {
            assert!(schema.pointer(pointer.trim_start_matches('#')).is_some(), "{pointer} leads nowhere");
        }
        for name in ["function.shared_part", "function.user_part", "function_group.shared_group"] {
            assert!(schema["$defs"][name].is_object(), "{name}");
        }
        let session = &schema["$defs"]["general.Session"]["properties"];
        assert!(session["mode"].is_object(), "{session}");
        let port = &schema["$defs"]["general.Routes"]["properties"]["port"];
        assert_eq!(port["default"], 8000);
    }
}
