//! What each command does.

pub(crate) mod completions;
pub(crate) mod graph;
pub(crate) mod info;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod start;
pub(crate) mod validate;
pub(crate) mod workflow;
