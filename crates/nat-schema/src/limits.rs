//! Ranges, lengths and patterns of values that already have the right type.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::node::{Node, NumberLimits, TextLimits, Type};

/// Whether a finding holds although the type itself takes the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    /// Types, fields, names and choices: here the type knows more than its schema.
    Form,
    /// Ranges, lengths, patterns and the like, which only the schema knows.
    Limit,
    /// A list for an object with named fields, which serde's derive takes.
    List,
}

/// What a limit has to say: kind, message, figures.
pub(super) struct Breach {
    pub(super) kind: &'static str,
    pub(super) message: Cow<'static, str>,
    pub(super) context: Option<Map<String, Value>>,
    pub(super) force: Force,
}

impl Breach {
    pub(super) fn plain(kind: &'static str, message: &'static str) -> Breach {
        Breach { kind, message: message.into(), context: None, force: Force::Form }
    }

    pub(super) fn new(kind: &'static str, message: impl Into<Cow<'static, str>>, context: Value) -> Breach {
        let context = match context {
            Value::Object(figures) => Some(figures),
            _ => None,
        };
        Breach { kind, message: message.into(), context, force: Force::Form }
    }

    pub(super) fn with(self, force: Force) -> Breach {
        Breach { force, ..self }
    }

    /// As a limit, which holds whatever the type takes.
    pub(super) fn limit(self) -> Breach {
        self.with(Force::Limit)
    }
}

/// The first limit that a number breaks.
pub(super) fn number(node: &Node, number: &Number) -> Option<Breach> {
    let limits = &node.number;
    let asks_integer = !node.types.contains(&Type::Number);
    let figure = |bound: &Number| match bound.as_f64() {
        Some(float) if !asks_integer => Value::from(float),
        _ => Value::Number(bound.clone()),
    };
    // What the integer type itself cannot hold is the type's to refuse.
    let of_type = |bound: &Number| {
        limits.width.is_some_and(|(least, most)| bound.as_i128().is_some_and(|bound| bound == least || bound == most))
    };
    let bound = |bound: &Option<Number>, broken: fn(Ordering) -> bool, kind, words: &str, key: &str| {
        let bound = bound.as_ref()?;
        let shown = shown(bound);
        let force = if of_type(bound) { Force::Form } else { Force::Limit };
        let breach = || Breach::new(kind, format!("Input should be {words} {shown}"), json!({ key: figure(bound) }));
        broken(compare(number, bound)).then(|| breach().with(force))
    };
    multiple(limits, number, figure)
        .or_else(|| bound(&limits.maximum, Ordering::is_gt, "less_than_equal", "less than or equal to", "le"))
        .or_else(|| bound(&limits.exclusive_maximum, Ordering::is_ge, "less_than", "less than", "lt"))
        .or_else(|| bound(&limits.minimum, Ordering::is_lt, "greater_than_equal", "greater than or equal to", "ge"))
        .or_else(|| bound(&limits.exclusive_minimum, Ordering::is_le, "greater_than", "greater than", "gt"))
        .or_else(|| {
            let (least, most) = limits.width.filter(|_| asks_integer)?;
            let (least, most) = (Number::from_i128(least), Number::from_i128(most));
            bound(&least, Ordering::is_lt, "greater_than_equal", "greater than or equal to", "ge")
                .or_else(|| bound(&most, Ordering::is_gt, "less_than_equal", "less than or equal to", "le"))
        })
}

fn multiple(limits: &NumberLimits, number: &Number, figure: impl Fn(&Number) -> Value) -> Option<Breach> {
    let step = limits.multiple_of.as_ref()?;
    let divides = match (number.as_i128(), step.as_i128()) {
        (Some(number), Some(step)) => number % step == 0,
        _ => {
            let (number, step) = (number.as_f64()?, step.as_f64()?);
            // Decimal steps have no exact binary form: a billionth of the number is no difference.
            let (rest, tolerance) = ((number % step).abs(), number.abs() / 1e9);
            rest <= tolerance || (rest - step.abs()).abs() <= tolerance
        }
    };
    let message = || format!("Input should be a multiple of {}", shown(step));
    (!divides).then(|| Breach::new("multiple_of", message(), json!({ "multiple_of": figure(step) })).limit())
}

/// The first limit that a text breaks.
pub(super) fn text(limits: &TextLimits, text: &str) -> Option<Breach> {
    broken(limits, text).map(Breach::limit)
}

fn broken(limits: &TextLimits, text: &str) -> Option<Breach> {
    let length = || text.chars().count() as u64;
    if let Some(shortest) = limits.shortest
        && length() < shortest
    {
        let message = format!("String should have at least {shortest} character{}", plural(shortest));
        return Some(Breach::new("string_too_short", message, json!({ "min_length": shortest })));
    }
    if let Some(longest) = limits.longest
        && length() > longest
    {
        let message = format!("String should have at most {longest} character{}", plural(longest));
        return Some(Breach::new("string_too_long", message, json!({ "max_length": longest })));
    }
    if let Some(pattern) = &limits.pattern
        && !pattern.is_match(text)
    {
        let message = format!("String should match pattern '{pattern}'");
        return Some(Breach::new("string_pattern_mismatch", message, json!({ "pattern": pattern.as_str() })));
    }
    let (kind, message) = limits.format?.mistake(text)?;
    Some(Breach::plain(kind, message))
}

/// A collection with fewer entries than asked for.
pub(super) fn too_short(what: &str, fewest: Option<u64>, length: usize) -> Option<Breach> {
    let (fewest, length) = (fewest?, length as u64);
    (length < fewest).then(|| {
        let message =
            format!("{what} should have at least {fewest} item{} after validation, not {length}", plural(fewest));
        let context = json!({ "field_type": what, "min_length": fewest, "actual_length": length });
        Breach::new("too_short", message, context)
    })
}

/// A collection with more entries than allowed.
pub(super) fn too_long(what: &str, most: Option<u64>, length: usize) -> Option<Breach> {
    let (most, length) = (most?, length as u64);
    (length > most).then(|| {
        let message = format!("{what} should have at most {most} item{} after validation, not {length}", plural(most));
        let context = json!({ "field_type": what, "max_length": most, "actual_length": length });
        Breach::new("too_long", message, context)
    })
}

/// How `number` stands to `bound`; whole numbers are compared exactly.
pub(super) fn compare(number: &Number, bound: &Number) -> Ordering {
    match (number.as_i128(), bound.as_i128()) {
        (Some(number), Some(bound)) => number.cmp(&bound),
        _ => {
            let (number, bound) = (number.as_f64().unwrap_or(0.0), bound.as_f64().unwrap_or(0.0));
            number.partial_cmp(&bound).unwrap_or(Ordering::Equal)
        }
    }
}

fn shown(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
