//! A schema in words, and the part of it that a path leads to.

use serde_json::{Map, Number, Value};

use super::Segment;
use super::keywords::percent_decoded;

/// Marks a branch that a schema accepts, so that its own message can say why it is refused.
pub const REFUSED: &str = "x-nat-refused";

/// Schemas inside schemas, followed this far.
const DEEPEST: usize = 24;

/// The schema of the value at `path`, its `$ref` resolved but for words that stand beside it.
pub fn at<'s>(root: &'s Value, path: &[Segment]) -> Option<&'s Value> {
    inside(root, root, path, 0)
}

/// All schemas that a value at `path` may have, one for each branch of the unions on the way.
pub fn all_at<'s>(root: &'s Value, path: &[Segment]) -> Vec<&'s Value> {
    let Some((last, around)) = path.split_last() else { return vec![root] };
    let (Segment::Key(key), Some(object)) = (last, at(root, around)) else { return Vec::new() };
    let mut found = Vec::new();
    let mut waiting = vec![object];
    while let Some(schema) = waiting.pop().filter(|_| found.len() < 1000) {
        found.extend(schema.get("properties").and_then(|properties| properties.get(key)));
        // A schema that refers to itself adds nothing new, and the number of steps is bounded.
        if found.len() + waiting.len() < 1000 {
            waiting.extend(parts(root, schema));
        }
    }
    found
}

fn inside<'s>(root: &'s Value, schema: &'s Value, path: &[Segment], depth: usize) -> Option<&'s Value> {
    let Some((first, rest)) = path.split_first() else { return Some(schema) };
    if depth > DEEPEST {
        return None;
    }
    let own = match first {
        Segment::Key(key) => {
            let named = schema.get("properties").and_then(|properties| properties.get(key));
            named.or_else(|| schema.get("additionalProperties").filter(|schema| schema.is_object()))
        }
        Segment::Index(index) => {
            let nth = schema.get("prefixItems").and_then(|items| items.get(index));
            nth.or_else(|| schema.get("items"))
        }
    };
    if let Some(found) = own.and_then(|own| inside(root, own, rest, depth + 1)) {
        return Some(found);
    }
    parts(root, schema).find_map(|part| inside(root, part, path, depth + 1))
}

/// What a schema is composed of.
fn parts<'s>(root: &'s Value, schema: &'s Value) -> impl Iterator<Item = &'s Value> {
    let several = |keyword: &str| schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
    let referred = referred(root, schema);
    referred.into_iter().chain(several("allOf")).chain(several("oneOf")).chain(several("anyOf"))
}

pub fn referred<'s>(root: &'s Value, schema: &Value) -> Option<&'s Value> {
    let pointer = percent_decoded(schema.get("$ref")?.as_str()?);
    root.pointer(pointer.strip_prefix('#')?)
}

/// The keys that an object of this schema may have, in order of declaration.
pub fn known_keys<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s str> {
    let mut found = Vec::new();
    collect_keys(root, schema, &mut found, 0);
    found
}

fn collect_keys<'s>(root: &'s Value, schema: &'s Value, found: &mut Vec<&'s str>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    for key in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        if !found.contains(&key.as_str()) {
            found.push(key);
        }
    }
    for part in parts(root, schema) {
        collect_keys(root, part, found, depth + 1);
    }
}

/// Whether the value at `path` may be left out.
pub fn may_be_absent(root: &Value, path: &[Segment]) -> bool {
    let Some((Segment::Key(key), around)) = path.split_last() else { return false };
    let Some(object) = at(root, around) else { return false };
    is_optional(root, object, key, 0).unwrap_or(false)
}

fn is_optional(root: &Value, schema: &Value, key: &str, depth: usize) -> Option<bool> {
    if depth > DEEPEST {
        return None;
    }
    if schema.get("properties").is_some_and(|properties| properties.get(key).is_some()) {
        let required = schema.get("required").and_then(Value::as_array);
        return Some(!required.is_some_and(|names| names.iter().any(|name| name == key)));
    }
    parts(root, schema).find_map(|part| is_optional(root, part, key, depth + 1))
}

/// What a value of this schema looks like: `a whole number from 1 to 65535`.
pub fn words(root: &Value, schema: &Value) -> String {
    describe(root, schema, 0)
}

fn describe(root: &Value, schema: &Value, depth: usize) -> String {
    if depth > 6 {
        return "a value".to_owned();
    }
    if let Some(target) = referred(root, schema) {
        return describe(root, target, depth + 1);
    }
    if let Some(only) = schema.get("const") {
        return shown(only);
    }
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return alternatives(choices.iter().map(shown).collect());
    }
    match schema.get("x-nat-ref").and_then(Value::as_str) {
        Some("function") => return "the name of a function".to_owned(),
        Some("function_group") => return "the name of a function group".to_owned(),
        _ => {}
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("duration") => match schema.get("exclusiveMinimum").and_then(Value::as_f64) {
            Some(0.0) => return "a time span of more than 0 seconds".to_owned(),
            _ => return "a time span".to_owned(),
        },
        Some("ip-network") => return "an IP address or a block of them".to_owned(),
        _ => {}
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(branches) = schema.get(keyword).and_then(Value::as_array) {
            // What is refused in this version is proposed to nobody.
            let offered = branches.iter().filter(|branch| branch.get(REFUSED).is_none());
            let mut branches: Vec<_> = offered.map(|branch| describe(root, branch, depth + 1)).collect();
            branches.dedup();
            return alternatives(branches);
        }
    }
    if let Some(part) = schema.get("allOf").and_then(|parts| parts.get(0)) {
        return describe(root, part, depth + 1);
    }
    match schema.get("type") {
        Some(Value::String(one)) => typed(root, schema, one, depth),
        Some(Value::Array(several)) => {
            let several = several.iter().filter_map(Value::as_str);
            alternatives(several.map(|one| typed(root, schema, one, depth)).collect())
        }
        _ if schema.get("properties").is_some() => "a mapping".to_owned(),
        _ => "a value".to_owned(),
    }
}

fn typed(root: &Value, schema: &Value, name: &str, depth: usize) -> String {
    match name {
        "integer" => format!("a whole number{}", range(schema)),
        "number" => format!("a number{}", range(schema)),
        "string" => "a text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "null" => "null".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("a list (each entry {})", describe(root, items, depth + 1)),
            None => "a list".to_owned(),
        },
        _ => match schema.get("additionalProperties").filter(|values| values.is_object()) {
            Some(values) => format!("a mapping of names (each to {})", describe(root, values, depth + 1)),
            None => "a mapping".to_owned(),
        },
    }
}

fn range(schema: &Value) -> String {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_number).map(Number::to_string);
    match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum")) {
        (Some(least), Some(most), _) => format!(" from {least} to {most}"),
        (Some(least), None, _) => format!(" of {least} or more"),
        (None, Some(most), _) => format!(" of {most} or less"),
        (None, None, Some(least)) => format!(" over {least}"),
        (None, None, None) => String::new(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

fn alternatives(mut shown: Vec<String>) -> String {
    match (shown.pop(), shown.is_empty()) {
        (Some(last), false) => format!("{} or {last}", shown.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}
