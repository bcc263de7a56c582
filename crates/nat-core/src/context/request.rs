//! The transport's side of a request, as core sees it: no HTTP type, nothing copied until asked for.

use std::net::SocketAddr;

/// A request as its transport knows it. The HTTP server implements it over the received head; nothing
/// is copied or parsed for a function that does not ask.
pub trait RequestInfo: Send + Sync + 'static {
    /// `GET`, `POST`, …
    fn method(&self) -> &str;

    /// The path without the query, as sent.
    fn path(&self) -> &str;

    /// `http`, `https`, `ws`, …
    fn scheme(&self) -> &str {
        "http"
    }

    /// The port of the server that the client named.
    fn port(&self) -> Option<u16> {
        None
    }

    /// The first value of a header, by its name in any letter case; `None` when absent or not text.
    fn header(&self, name: &str) -> Option<&str>;

    /// All headers that are text, in the order received.
    fn headers(&self) -> Vec<(String, String)>;

    /// The query parameters, decoded; of a repeated name the last value counts.
    fn query(&self) -> Vec<(String, String)>;

    /// One query parameter, decoded; of a repeated one the last value.
    fn query_value(&self, name: &str) -> Option<String> {
        self.query().into_iter().rev().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// One cookie, as sent but without surrounding double quotes.
    fn cookie(&self, name: &str) -> Option<String> {
        self.cookies().into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The cookies, as sent but without surrounding double quotes.
    fn cookies(&self) -> Vec<(String, String)>;

    /// The parameters in the route's path.
    fn path_params(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The address the request came from.
    fn client(&self) -> Option<SocketAddr> {
        None
    }

    /// Header `conversation-id`.
    fn conversation_id(&self) -> Option<&str> {
        self.header("conversation-id")
    }

    /// Header `user-message-id`.
    fn user_message_id(&self) -> Option<&str> {
        self.header("user-message-id")
    }

    /// Header `workflow-run-id`.
    fn run_id(&self) -> Option<&str> {
        self.header("workflow-run-id")
    }

    /// Header `workflow-parent-id`.
    fn parent_id(&self) -> Option<&str> {
        self.header("workflow-parent-id")
    }

    /// Header `workflow-parent-name`.
    fn parent_name(&self) -> Option<&str> {
        self.header("workflow-parent-name")
    }

    /// The trace in the W3C trace context (`traceparent`), where that can be used; else header `workflow-trace-id`
    /// as it was sent.
    fn trace_id(&self) -> Option<&str> {
        let own = || self.header("workflow-trace-id").map(str::trim).filter(|id| !id.is_empty());
        self.header("traceparent").and_then(trace_of).or_else(own)
    }
}

/// The trace id in a `traceparent` (`VERSION-TRACE-SPAN-FLAGS`); nothing in one that is broken, as W3C has it.
fn trace_of(header: &str) -> Option<&str> {
    let mut parts = header.trim().split('-');
    let mut hex = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(part)
    };
    let (version, trace, _span, _flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
    // Versions to come may add parts; this one is not to be used.
    let is_whole = version != "00" || parts.next().is_none();
    let is_told = trace.bytes().any(|digit| digit != b'0');
    (is_whole && is_told && !version.eq_ignore_ascii_case("ff")).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Headers(&'static [(&'static str, &'static str)]);

    impl RequestInfo for Headers {
        fn method(&self) -> &str {
            "GET"
        }

        fn path(&self) -> &str {
            "/"
        }

        fn header(&self, name: &str) -> Option<&str> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        }

        fn headers(&self) -> Vec<(String, String)> {
            Vec::new()
        }

        fn query(&self) -> Vec<(String, String)> {
            Vec::new()
        }

        fn cookies(&self) -> Vec<(String, String)> {
            Vec::new()
        }
    }

    #[test]
    fn a_broken_traceparent_hides_no_other_trace() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        for whole in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00 ",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-will-be",
        ] {
            assert_eq!(trace_of(whole), Some(TRACE), "{whole}");
        }
        for broken in [
            "",
            TRACE,
            "garbage",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_of(broken), None, "{broken}");
        }
        let both = Headers(&[("traceparent", "garbage"), ("workflow-trace-id", "t1")]);
        assert_eq!(both.trace_id(), Some("t1"));
        assert_eq!(Headers(&[("traceparent", "garbage"), ("workflow-trace-id", " ")]).trace_id(), None);
    }
}
