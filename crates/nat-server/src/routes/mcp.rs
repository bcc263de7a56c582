//! `/mcp/client/tool/list`: the tools of MCP clients. There are no such clients here, and the web UI asks.

use http::StatusCode;

use crate::reply::{self, Reply};

pub(crate) fn answer() -> Reply {
    reply::json_bytes(StatusCode::OK, r#"{"mcp_clients":[]}"#)
}
