//! One JSON object for each event, for programs that collect logs.

use std::fmt;

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
    format!("{}\n", Value::Object(fields))
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
