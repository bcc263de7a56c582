//! What is said about a file: for people as rustc says it, for editors and CI as JSON.

mod json;
mod text;

pub(crate) use json::json;
pub(crate) use text::text;
