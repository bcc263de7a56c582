//! `/health`: the server runs. Asks nobody who they are.

use http::StatusCode;

use crate::reply::{self, Reply};

pub(crate) fn answer() -> Reply {
    reply::json_bytes(StatusCode::OK, r#"{"status":"healthy"}"#)
}
