//! `--override PATH VALUE`: one value of the raw content, typed by the value that is there.

use std::fmt;

use serde_json::{Map, Number, Value};

use super::secrets::looks_secret;
use super::yaml;
use crate::BASE;

/// Why a value cannot be overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OverrideError {
    /// The text is no value of the present type.
    TypeMismatch {
        /// The dotted path.
        path: String,
        /// The present type, as the Python toolkit calls it.
        expected: &'static str,
        /// The text, as it is shown.
        got: String,
        /// Why.
        reason: String,
    },
    /// The path goes through something that is no mapping.
    NotAMapping {
        /// The dotted path of that.
        path: String,
    },
    /// The path has an empty part, and so leads to no setting.
    EmptyKey {
        /// The dotted path.
        path: String,
    },
    /// `base`: the files have been put together by then.
    Base,
}

impl fmt::Display for OverrideError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TypeMismatch { path, expected, got, reason } => {
                write!(formatter, "Type mismatch for '{path}': expected {expected}, got '{got}' (str). Error: {reason}")
            }
            Self::NotAMapping { path } => {
                write!(formatter, "Cannot navigate through non-dictionary value at '{path}'")
            }
            Self::EmptyKey { path } => {
                write!(
                    formatter,
                    "Invalid path '{path}': write the keys with dots between them, such as general.max_users"
                )
            }
            Self::Base => write!(formatter, "'{BASE}' cannot be overridden: name another file with --config_file"),
        }
    }
}

impl std::error::Error for OverrideError {}

/// Sets the value at a dotted path; nothing is changed where that cannot be.
pub(super) fn set(content: &mut Map<String, Value>, path: &str, text: &str) -> Result<(), OverrideError> {
    let mut keys: Vec<&str> = path.split('.').collect();
    if keys.contains(&"") {
        return Err(OverrideError::EmptyKey { path: path.to_owned() });
    }
    if keys.first() == Some(&BASE) {
        return Err(OverrideError::Base);
    }
    let last = keys.pop().unwrap_or_default();
    let mut present = Some(&*content);
    for (index, key) in keys.iter().enumerate() {
        present = match present.and_then(|map| map.get(*key)) {
            None => None,
            Some(Value::Object(map)) => Some(map),
            Some(_) => return Err(OverrideError::NotAMapping { path: keys[..=index].join(".") }),
        };
    }
    let value = match present.and_then(|map| map.get(last)) {
        Some(present) => typed(present, path, text)?,
        None => Value::from(text),
    };
    let mut at = content;
    for key in keys {
        match at.entry(key).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(map) => at = map,
            _ => return Err(OverrideError::NotAMapping { path: path.to_owned() }),
        }
    }
    at.insert(last.to_owned(), value);
    Ok(())
}

/// The text as a value of the type that is there.
fn typed(present: &Value, path: &str, text: &str) -> Result<Value, OverrideError> {
    let mismatch = |reason: &str| OverrideError::TypeMismatch {
        path: path.to_owned(),
        expected: super::document::python_type(present),
        got: if path.split('.').any(looks_secret) { "***".to_owned() } else { text.to_owned() },
        reason: reason.to_owned(),
    };
    match present {
        Value::Null | Value::String(_) => Ok(Value::from(text)),
        Value::Bool(_) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(mismatch("a boolean is `true` or `false`")),
        },
        Value::Number(number) if number.is_f64() => {
            let float = text.trim().parse().ok().and_then(Number::from_f64);
            float.map(Value::Number).ok_or_else(|| mismatch("this is no number"))
        }
        Value::Number(_) => {
            let whole = text.trim().parse::<i128>().ok().and_then(Number::from_i128);
            whole.map(Value::Number).ok_or_else(|| mismatch("this is no whole number"))
        }
        Value::Array(_) if text.trim().is_empty() => Ok(Value::Array(Vec::new())),
        Value::Array(_) => Ok(text.split(',').map(|entry| Value::from(entry.trim())).collect()),
        Value::Object(_) => match yaml::parse(text) {
            Ok(parsed) if parsed.value.is_object() && parsed.problems.is_empty() => Ok(parsed.value),
            _ => Err(mismatch("a mapping is written as `{key: value}`")),
        },
    }
}

/// Sets the value at a path; says whether that could be done: not through what is there and is no mapping. An empty
/// value counts as an empty mapping.
pub(crate) fn set_at(content: &mut Map<String, Value>, path: &[&str], value: Value) -> bool {
    let Some((key, above)) = path.split_last() else { return false };
    let mut at = content;
    for step in above {
        let next = at.entry(*step).or_insert(Value::Null);
        if next.is_null() {
            *next = Value::Object(Map::new());
        }
        match next {
            Value::Object(map) => at = map,
            _ => return false,
        }
    }
    at.insert((*key).to_owned(), value);
    true
}
