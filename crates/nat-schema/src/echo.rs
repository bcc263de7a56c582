//! The `input` of a finding: the client's own value, cut so that no answer grows with the request.

use serde_json::{Map, Value};

/// About how many bytes of a value are shown. The walk's cost per finding is bounded by it.
const BUDGET: usize = 2048;
/// Deeper nesting than this is shown as an ellipsis.
const DEPTH: usize = 16;
const ELLIPSIS: &str = "…";

/// A copy of `value`, whole if it is small; otherwise long texts end in an ellipsis and the last entries
/// of lists and objects are left out. Always valid JSON of the same outer type.
pub fn bounded(value: &Value) -> Value {
    let mut left = BUDGET;
    copy(value, &mut left, DEPTH)
}

fn copy(value: &Value, left: &mut usize, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(cut(text, left)),
        Value::Array(items) => {
            if depth == 0 && !items.is_empty() {
                return Value::from(ELLIPSIS);
            }
            let mut shown = Vec::new();
            for item in items {
                if *left == 0 {
                    break;
                }
                spend(left, 1);
                shown.push(copy(item, left, depth - 1));
            }
            Value::Array(shown)
        }
        Value::Object(fields) => {
            if depth == 0 && !fields.is_empty() {
                return Value::from(ELLIPSIS);
            }
            let mut shown = Map::new();
            for (key, field) in fields {
                if *left == 0 {
                    break;
                }
                spend(left, 4);
                let key = cut(key, left);
                shown.insert(key, copy(field, left, depth - 1));
            }
            Value::Object(shown)
        }
        plain => {
            spend(left, 8);
            plain.clone()
        }
    }
}

fn cut(text: &str, left: &mut usize) -> String {
    if text.len() <= *left {
        spend(left, text.len());
        return text.to_owned();
    }
    let mut end = *left;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    *left = 0;
    format!("{}{ELLIPSIS}", &text[..end])
}

fn spend(left: &mut usize, bytes: usize) {
    *left = left.saturating_sub(bytes);
}
