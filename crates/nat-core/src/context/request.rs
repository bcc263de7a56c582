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

    /// The W3C trace context (`traceparent`), else header `workflow-trace-id`.
    fn trace_id(&self) -> Option<&str> {
        self.header("traceparent").or_else(|| self.header("workflow-trace-id"))
    }
}
