//! One JSON object for each event, for programs that collect logs.

use std::fmt::{self, Write};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// `{"timestamp":…,"level":…,"target":…,"line":…,"message":…}` and the event's fields, with a line break.
pub(super) fn line(event: &Event<'_>) -> String {
    let metadata = event.metadata();
    let mut fields = Map::new();
    fields.insert("timestamp".to_owned(), jiff::Timestamp::now().to_string().into());
    let level = match *metadata.level() {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    };
    fields.insert("level".to_owned(), level.into());
    fields.insert("target".to_owned(), metadata.target().into());
    fields.insert("line".to_owned(), metadata.line().unwrap_or_default().into());
    fields.insert("message".to_owned(), Value::from(""));
    event.record(&mut Fields(&mut fields));
    written(fields)
}

/// The line that stands where `count` others were dropped.
pub(super) fn dropped(count: u64) -> String {
    let fields = serde_json::json!({
        "timestamp": jiff::Timestamp::now().to_string(),
        "level": "warning",
        "target": module_path!(),
        "line": line!(),
        "message": super::dropped(count),
        "dropped": count,
    });
    match fields {
        Value::Object(fields) => written(fields),
        _ => String::new(),
    }
}

/// The object on one line. JSON leaves characters alone that end a line for some readers, or that a terminal obeys; they
/// can stand only within strings, where their escapes mean the same.
fn written(fields: Map<String, Value>) -> String {
    let text = Value::Object(fields).to_string();
    let mut line = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            other if super::moves_the_cursor(other) => {
                // None of them is beyond the basic plane. Writing to a string cannot fail.
                let _ = write!(line, "\\u{:04x}", u32::from(other));
            }
            other => line.push(other),
        }
    }
    line.push('\n');
    line
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn set(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_of_json_whatever_it_holds() {
        let text = "a\nb\u{1b}[2J\u{9b}1m\u{85}\u{2028}\u{202e}é";
        let line = written(Map::from_iter([("panic".to_owned(), Value::from(text))]));
        assert_eq!(line, "{\"panic\":\"a\\nb\\u001b[2J\\u009b1m\\u0085\\u2028\\u202eé\"}\n");
        assert_eq!(serde_json::from_str::<Value>(&line).expect("it is JSON")["panic"], text);
        let dropped = dropped(3);
        assert_eq!(serde_json::from_str::<Value>(&dropped).expect("it is JSON")["dropped"], 3);
    }
}
