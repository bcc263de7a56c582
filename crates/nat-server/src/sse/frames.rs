//! The text of single frames. Each is a line and a blank line; readers that split at line ends rely on the
//! space after the colon.

use bytes::Bytes;
use serde::Serialize;

/// Readers of event streams pass over a comment; proxies and browsers see that the stream lives.
pub(super) const COMMENT: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// How a stream that has begun says that it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// As an event.
    Event,
    /// As an event, and the JSON once more on a line of its own: readers of event streams pass over the line, and
    /// the toolkit's web UI reads nothing else.
    EventAndLine,
}

/// A frame whose content is written as JSON, which has no line ends of its own.
pub(super) fn json(field: &str, content: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut frame = Vec::with_capacity(256);
    frame.extend_from_slice(field.as_bytes());
    frame.extend_from_slice(b": ");
    serde_json::to_writer(&mut frame, content)?;
    frame.extend_from_slice(b"\n\n");
    Ok(frame)
}

/// The last frame of a stream that failed.
pub(super) fn error(form: ErrorForm, json: &str) -> Bytes {
    Bytes::from(match form {
        ErrorForm::Event => format!("event: error\ndata: {json}\n\n"),
        ErrorForm::EventAndLine => format!("event: error\ndata: {json}\n\n{json}\n\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_line_whatever_it_holds() {
        let frame = json("data", &serde_json::json!({"value": "a\nb\r\n\u{2028}é"})).unwrap();
        assert_eq!(String::from_utf8(frame).unwrap(), "data: {\"value\":\"a\\nb\\r\\n\u{2028}é\"}\n\n");
    }

    #[test]
    fn errors_are_events_and_for_the_web_ui_a_line_too() {
        assert_eq!(error(ErrorForm::Event, "{}"), "event: error\ndata: {}\n\n");
        assert_eq!(error(ErrorForm::EventAndLine, "{}"), "event: error\ndata: {}\n\n{}\n\n");
    }
}
