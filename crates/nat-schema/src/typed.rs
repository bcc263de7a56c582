//! The type of a value: right as it stands, coerced, or wrong.

use serde_json::{Number, Value, json};

use super::coerce::{self, Mismatch};
use super::format::{self, Format};
use super::limits::{Breach, Force};
use super::node::{Node, ObjectRules, Repeats, Type};
use crate::reader::Numeral;

/// Nothing if the value fits as it stands, or its coerced form.
pub(super) fn typed(node: &Node, value: &Value) -> Result<Option<Value>, Breach> {
    if node.text.format == Some(Format::Duration) {
        return duration(node, value).map(|()| None);
    }
    if node.types.is_empty() || node.types.iter().any(|wanted| coerce::fits(value, *wanted)) {
        return Ok(None);
    }
    if let Some(wide) = wide(node, value) {
        return Ok(wide);
    }
    let mut first = None;
    let is_tried = |wanted: &&Type| **wanted != Type::Null || node.types.len() == 1;
    for wanted in node.types.iter().filter(is_tried) {
        match coerce::coerce(value, *wanted) {
            Ok(coerced) => return Ok(Some(coerced)),
            Err(mismatch) => {
                first.get_or_insert((*wanted, mismatch));
            }
        }
    }
    let (wanted, mismatch) = first.unwrap_or((Type::Null, coerce::NOT_NULL));
    Err(named(node, value, wanted, mismatch))
}

/// An integer beyond 64 bits, where the type has 128. It is the float nearest to it here, which will do for its
/// limits.
fn wide(node: &Node, value: &Value) -> Option<Option<Value>> {
    let (_, most) = node.number.width?;
    if most <= u64::MAX.into() {
        return None;
    }
    match value {
        Value::Number(number) => {
            let is_wide = |float: f64| float.fract() == 0.0 && float.abs() >= i64::MAX as f64;
            number.as_f64().is_some_and(is_wide).then_some(None)
        }
        Value::String(text) => {
            let beyond =
                |number: &Numeral| !matches!(number, Numeral::Wide(number) if Number::from_i128(*number).is_some());
            let number = coerce::wide_integer(text).ok().filter(beyond)?;
            Some(number.to_number().map(Value::Number))
        }
        _ => None,
    }
}

fn duration(node: &Node, value: &Value) -> Result<(), Breach> {
    if value.is_null() && node.types.contains(&Type::Null) {
        return Ok(());
    }
    let span = format::duration(value)?;
    let least = node.number.exclusive_minimum.as_ref().and_then(serde_json::Number::as_f64);
    if least == Some(0.0) && span.is_zero() {
        let message = "Input should be greater than 0 seconds";
        return Err(Breach::new("greater_than", message, json!({ "gt": "0 seconds" })).limit());
    }
    Ok(())
}

/// A wrong type, by the name of what was asked for: a set, a tuple and an object with fields have their own.
fn named(node: &Node, value: &Value, wanted: Type, (kind, message): Mismatch) -> Breach {
    let is_structured = || node.object.as_ref().is_some_and(ObjectRules::is_structured);
    match wanted {
        Type::Array if !node.list.prefix.is_empty() => Breach::plain("tuple_type", "Input should be a valid tuple"),
        Type::Array if node.list.repeats == Repeats::Refused => {
            Breach::plain("set_type", "Input should be a valid set")
        }
        Type::Object if is_structured() => not_an_object(value),
        _ => Breach::plain(kind, message),
    }
}

pub(super) fn not_an_object(value: &Value) -> Breach {
    const MESSAGE: &str = "Input should be a valid dictionary or object to extract fields from";
    let force = if value.is_array() { Force::List } else { Force::Form };
    Breach::plain("model_attributes_type", MESSAGE).with(force)
}
