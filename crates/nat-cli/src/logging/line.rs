//! The format that operators of the Python toolkit know:
//! `2026-11-20 23:49:16 - INFO     - MODULE:LINE - MESSAGE`.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::{Event, Level};

/// One line, with its end.
pub(super) fn line(event: &Event<'_>) -> String {
    let metadata = event.metadata();
    let module = metadata.module_path().unwrap_or_else(|| metadata.target());
    let mut parts = Parts { message: String::new(), fields: String::new() };
    event.record(&mut parts);
    let Parts { message, fields } = parts;
    whole(*metadata.level(), module, metadata.line().unwrap_or_default(), &format!("{message}{fields}"))
}

/// The line that stands where `count` others were dropped.
pub(super) fn dropped(count: u64) -> String {
    whole(Level::WARN, module_path!(), line!(), &super::dropped(count))
}

fn whole(level: Level, module: &str, line: u32, text: &str) -> String {
    let level = match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    };
    let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S");
    format!("{now} - {level:<8} - {}:{line} - {text}\n", module.replace("::", "."))
}

/// The message, and the fields after it as `key=value`.
struct Parts {
    message: String,
    fields: String,
}

impl Parts {
    fn add(&mut self, field: &Field, value: &dyn fmt::Display) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(Escaped(&mut self.message), "{value}"),
            name => {
                let _ = write!(self.fields, " {name}=");
                write!(Escaped(&mut self.fields), "{value}")
            }
        };
    }
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format_args!("{value:?}"));
    }
}

/// Keeps what a client sent from drawing lines or moving the cursor in somebody's terminal.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '\n' => self.0.push_str("\\n"),
                other if super::moves_the_cursor(other) => write!(self.0, "\\u{{{:x}}}", u32::from(other))?,
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        let mut text = String::new();
        write!(Escaped(&mut text), "a\nb\u{1b}[2Jé").expect("strings take everything");
        assert_eq!(text, "a\\nb\\u{1b}[2Jé");
    }

    #[test]
    fn what_ends_a_line_or_turns_text_around_is_escaped() {
        let mut text = String::new();
        write!(Escaped(&mut text), "a\u{2028}b\u{202e}c\u{9b}d\u{85}").expect("strings take everything");
        assert_eq!(text, "a\\u{2028}b\\u{202e}c\\u{9b}d\\u{85}");
    }
}
