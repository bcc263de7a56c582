//! Single keywords of a JSON Schema.

use serde_json::{Map, Number, Value};

use super::node::{ChoiceSource, Choices, NumberLimits, Type};
use super::{NOT_MESSAGE_KEYWORD, ReferenceKind, choice, format};

/// The keyword by which a schema says that a text names another component.
const REFERENCE_KEYWORD: &str = "x-nat-ref";

/// A `$ref` with nothing but words beside it.
pub(super) fn bare_reference(schema: &Value) -> Option<&str> {
    let schema = schema.as_object()?;
    let wordless = |keyword: &String| {
        matches!(
            keyword.as_str(),
            "$ref" | "title" | "description" | "default" | "deprecated" | "examples" | "readOnly" | "writeOnly"
        )
    };
    schema.keys().all(wordless).then(|| schema.get("$ref")?.as_str())?
}

pub(super) fn percent_decoded(pointer: &str) -> String {
    let mut parts = pointer.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                bytes.push(code);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(super) fn types(declared: Option<&Value>) -> Vec<Type> {
    let named = |name: &Value| match name.as_str() {
        Some("null") => Some(Type::Null),
        Some("boolean") => Some(Type::Boolean),
        Some("integer") => Some(Type::Integer),
        Some("number") => Some(Type::Number),
        Some("string") => Some(Type::String),
        Some("array") => Some(Type::Array),
        Some("object") => Some(Type::Object),
        _ => None,
    };
    match declared {
        Some(Value::Array(names)) => names.iter().filter_map(named).collect(),
        Some(name) => named(name).into_iter().collect(),
        None => Vec::new(),
    }
}

pub(super) fn choices(schema: &Map<String, Value>) -> Option<Choices> {
    let (values, source) = match (schema.get("const"), schema.get("enum")) {
        (Some(only), _) => (vec![only.clone()], ChoiceSource::Const),
        (None, Some(Value::Array(values))) => (values.clone(), ChoiceSource::Enum),
        _ => return None,
    };
    Some(Choices { expected: choice::expected(&values), values, source })
}

pub(super) fn number_limits(schema: &Map<String, Value>) -> NumberLimits {
    let number = |keyword: &str| schema.get(keyword).and_then(Value::as_number).cloned();
    NumberLimits {
        minimum: number("minimum"),
        maximum: number("maximum"),
        exclusive_minimum: number("exclusiveMinimum"),
        exclusive_maximum: number("exclusiveMaximum"),
        multiple_of: number("multipleOf").filter(|step| step.as_f64() != Some(0.0)),
        width: schema.get("format").and_then(Value::as_str).and_then(format::integer_width),
    }
}

pub(super) fn count(schema: &Map<String, Value>, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_number).and_then(Number::as_u64)
}

pub(super) fn reference(schema: &Map<String, Value>) -> Option<ReferenceKind> {
    schema.get(REFERENCE_KEYWORD).and_then(Value::as_str).map(ReferenceKind::new)
}

/// What is said of a value that `not` refuses.
pub(super) fn refusal(schema: &Map<String, Value>) -> String {
    let message = schema.get(NOT_MESSAGE_KEYWORD).and_then(Value::as_str);
    format!("Value error, {}", message.unwrap_or("this value is not allowed"))
}
