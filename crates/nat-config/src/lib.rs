//! YAML documents that people write: layers, environment variables, overrides, places, diagnostics and suggestions.
//!
//! A [`Document`] is what a file, its bases and the command line say together. It knows no key of a configuration but
//! `base`. Whoever checks its content reports mistakes as [`ConfigError`]s, by path; the document finds the places in
//! the files, and makes suggestions into changes of their text ([`Document::report`]).

#![warn(missing_docs)]

pub mod diagnostic;
mod document;
mod environment;
mod error;
pub mod fix;
mod marked;
mod mistake;
mod overrides;
mod secrets;
mod yaml;

pub use document::{Document, process_variable};
pub use error::{Aim, ConfigError, ConfigErrors, ConfigWarning, Detail, Edit, Pointer, keys};
pub use mistake::Mistake;
pub use overrides::OverrideError;

/// The key by which a file builds on another one.
pub const BASE: &str = "base";
/// What is said of a setting that must be there and is not.
pub const MISSING: &str = "Field required";
/// The suggestion for a value that stands for its default; where a base gives another one, the document says so instead.
pub const DEFAULT_AGAIN: &str = "remove the key: it then has its default";
