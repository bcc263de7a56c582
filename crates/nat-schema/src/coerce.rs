//! From what was written to the type that is asked for, as the Python toolkit's validation does it:
//! numeric text and whole floats become integers, numeric text becomes a float, the usual words become
//! booleans. Nothing ever becomes text.

use serde_json::{Number, Value};

use super::node::Type;
use crate::reader::Numeral;

/// Kind and message of a value that does not fit.
pub(crate) type Mismatch = (&'static str, &'static str);

pub(super) const NOT_NULL: Mismatch = ("none_required", "Input should be None");

pub(crate) const INTEGER_TOO_LARGE: Mismatch =
    ("int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size");

/// Whether `value` is of `wanted` as it stands.
pub(super) fn fits(value: &Value, wanted: Type) -> bool {
    match wanted {
        Type::Null => value.is_null(),
        Type::Boolean => value.is_boolean(),
        Type::Integer => value.is_i64() || value.is_u64(),
        Type::Number => value.is_number(),
        Type::String => value.is_string(),
        Type::Array => value.is_array(),
        Type::Object => value.is_object(),
    }
}

/// Whether a value of this JSON type could become `wanted` at all.
pub(super) fn may_become(value: &Value, wanted: Type) -> bool {
    let scalar = matches!(value, Value::Bool(_) | Value::Number(_) | Value::String(_));
    fits(value, wanted) || (scalar && matches!(wanted, Type::Boolean | Type::Integer | Type::Number))
}

/// The value as `wanted`, for a value that does not fit as it stands.
pub(super) fn coerce(value: &Value, wanted: Type) -> Result<Value, Mismatch> {
    match wanted {
        Type::Integer => integer(value),
        Type::Number => float(value),
        Type::Boolean => boolean(value),
        Type::String => Err(("string_type", "Input should be a valid string")),
        Type::Null => Err(NOT_NULL),
        Type::Array => Err(("list_type", "Input should be a valid list")),
        Type::Object => Err(("dict_type", "Input should be a valid dictionary")),
    }
}

pub(crate) fn integer(value: &Value) -> Result<Value, Mismatch> {
    match value {
        Value::Bool(truth) => Ok(Value::from(u8::from(*truth))),
        Value::Number(number) => whole(number).map(Value::Number),
        Value::String(text) => integer_text(text).map(Value::Number),
        _ => Err(("int_type", "Input should be a valid integer")),
    }
}

fn whole(number: &Number) -> Result<Number, Mismatch> {
    let float = number.as_f64().unwrap_or(f64::NAN);
    if float.fract() != 0.0 {
        return Err(("int_from_float", "Input should be a valid integer, got a number with a fractional part"));
    }
    // An integer beyond 64 bits arrives as the float nearest to it, which for some is the lowest of 64 bits.
    if float <= i64::MIN as f64 {
        return Err(INTEGER_TOO_LARGE);
    }
    // The cast saturates, and what it saturates to is no number that JSON carries here.
    Number::from_i128(float as i128).ok_or(INTEGER_TOO_LARGE)
}

fn integer_text(text: &str) -> Result<Number, Mismatch> {
    let literal = integer_literal(text)?;
    let number = literal.parse::<i128>().ok();
    number.and_then(Number::from_i128).ok_or(INTEGER_TOO_LARGE)
}

/// An integer of up to 128 bits that is written as text.
pub(crate) fn wide_integer(text: &str) -> Result<Numeral, Mismatch> {
    let literal = integer_literal(text)?;
    let signed = literal.parse().map(Numeral::Wide);
    signed.or_else(|_| literal.parse().map(Numeral::Widest)).map_err(|_| INTEGER_TOO_LARGE)
}

/// The sign and digits of an integer that is written as text, without what only groups and pads them.
fn integer_literal(text: &str) -> Result<String, Mismatch> {
    const UNREADABLE: Mismatch =
        ("int_parsing", "Input should be a valid integer, unable to parse string as an integer");
    let text = text.trim();
    let (text, zeros) = text.split_once('.').unwrap_or((text, "0"));
    if zeros.is_empty() || zeros.bytes().any(|digit| digit != b'0') {
        return Err(UNREADABLE);
    }
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", &text[1..]),
        Some(b'+') => ("", &text[1..]),
        _ => ("", text),
    };
    let digits = without_underscores(digits).ok_or(UNREADABLE)?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(UNREADABLE);
    }
    Ok(format!("{sign}{digits}"))
}

pub(crate) fn float(value: &Value) -> Result<Value, Mismatch> {
    const UNREADABLE: Mismatch =
        ("float_parsing", "Input should be a valid number, unable to parse string as a number");
    let number = match value {
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::String(text) => {
            let text = without_underscores(text.trim()).ok_or(UNREADABLE)?;
            text.parse().map_err(|_| UNREADABLE)?
        }
        _ => return Err(("float_type", "Input should be a valid number")),
    };
    Number::from_f64(number).map(Value::Number).ok_or(("finite_number", "Input should be a finite number"))
}

pub(crate) fn boolean(value: &Value) -> Result<Value, Mismatch> {
    const UNREADABLE: Mismatch = ("bool_parsing", "Input should be a valid boolean, unable to interpret input");
    let truth = match value {
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
            "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        _ => return Err(("bool_type", "Input should be a valid boolean")),
    };
    truth.map(Value::Bool).ok_or(UNREADABLE)
}

/// Single underscores between digits group them; anywhere else they are a mistake.
fn without_underscores(text: &str) -> Option<String> {
    let misplaced = text.starts_with('_') || text.ends_with('_') || text.contains("__");
    (!misplaced).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An integer beyond 64 bits is read as a float, and must not become another integer without a word.
    #[test]
    fn integers_beyond_64_bits_are_refused() {
        for text in ["-9223372036854775809", "18446744073709551616", "1e30", "-1e30"] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(coerce(&value, Type::Integer), Err(INTEGER_TOO_LARGE), "{text}");
        }
        assert_eq!(coerce(&json!(-9.0e18), Type::Integer), Ok(json!(-9_000_000_000_000_000_000_i64)));
    }
}
