//! The description of this server for programs: OpenAPI 3.1, whose schemas are the very JSON Schemas
//! that inputs are checked against.
//!
//! It is drawn once from the table of routes, before any user came. Whoever adds a kind of route is made
//! to describe it by the match in [`mod@describe`].
//!
//! ```text
//! describe     a route → its operation
//! operation    an operation → JSON
//! schemas      JSON Schemas of many types → one table without clashes
//! fixed        the schemas of what this crate itself sends
//! security     the credentials that are accepted
//! ```

mod describe;
mod fixed;
mod operation;
mod schemas;
mod security;

use crate::config::HttpConfig;
use bytes::Bytes;
use http::HeaderValue;
use serde_json::{Map, Value, json};

use crate::routes::{Routes, tag};
use describe::Describer;

/// The document as it is sent.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) bytes: Bytes,
    pub(crate) tag: HeaderValue,
}

impl Document {
    pub(crate) fn new(routes: &Routes, front_end: &HttpConfig) -> Self {
        let document = describe(routes, front_end).to_string();
        Self { tag: tag::weak(document.as_bytes()), bytes: document.into() }
    }
}

fn describe(routes: &Routes, front_end: &HttpConfig) -> Value {
    let mut describer = Describer::new(front_end);
    let mut paths = Map::new();
    let mut patterns: Vec<&str> = Vec::new();
    for route in routes.all() {
        let Some(operation) = describer.operation(route) else { continue };
        // Paths that differ in the names of their parameters alone are one path here, by the names that came first.
        let known = patterns.iter().find(|known| hollow(known) == hollow(&route.path)).copied();
        let pattern = known.unwrap_or(&route.path);
        if known.is_none() {
            patterns.push(pattern);
        }
        let at = paths.entry(template(pattern)).or_insert_with(|| json!({}));
        at[route.method.as_str().to_ascii_lowercase()] = operation.into_json(&route.method, pattern);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "nat",
            "description": "A workflow of functions, served. An answer repeats the `X-Request-Id` of its request.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "tags": describer.groups(),
        "paths": paths,
        "components": {
            "schemas": describer.schemas.into_json(),
            "responses": fixed::responses(front_end),
            "headers": fixed::headers(),
            "securitySchemes": describer.security.into_schemes(),
        },
    });
    if !routes.root_path().is_empty() {
        document["servers"] = json!([{ "url": routes.root_path() }]);
    }
    document
}

/// A path without the names of its parameters.
fn hollow(path: &str) -> String {
    let mut parts = path.split('{');
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |hollow, part| hollow + "{}" + part.split_once('}').map_or("", |(_, after)| after))
}

/// A path as the table of routes has it, without the mark of a parameter that spans slashes.
fn template(path: &str) -> String {
    path.replace("{*", "{")
}
