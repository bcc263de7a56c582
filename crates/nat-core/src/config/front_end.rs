//! `general.front_end`: how requests come in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use nat_config::{Document, Mistake};
use serde_json::Value;

mod endpoint;
pub(super) mod exposure;
mod fastapi;
mod guards;
mod origins;
mod path;
mod paths;
mod steps;

pub use endpoint::{Endpoint, FunctionEndpoint, Method, OnDisconnect};
pub use fastapi::{DaskWorkers, FastApi};
pub use guards::{Cors, Credential, Limits, SessionMode, SessionSettings};
pub use steps::{StepAdaptor, StepMode, StepType};

/// The front end, by its `_type`. Keys that it does not know are warnings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "_type")]
pub enum FrontEnd {
    /// The HTTP server.
    #[serde(rename = "fastapi")]
    FastApi(Box<FastApi>),
    /// One run from the command line.
    #[serde(rename = "console")]
    Console(Console),
}

/// One run from the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Console {
    /// One input, or several that run at once.
    pub input: Option<Inputs>,
    /// A file that is one input.
    pub input_file: Option<String>,
    /// The user who runs it, as plain text. Default: `nat_run_user_id`.
    pub user_id: String,
    /// The conversation it belongs to.
    pub conversation_id: Option<String>,
}

/// What a console front end runs on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Inputs {
    /// One text.
    One(String),
    /// Several, run at once.
    Many(Vec<String>),
}

impl Default for FrontEnd {
    fn default() -> Self {
        FrontEnd::FastApi(Box::default())
    }
}

impl Default for Console {
    fn default() -> Self {
        Self { input: None, input_file: None, user_id: "nat_run_user_id".to_owned(), conversation_id: None }
    }
}

impl FrontEnd {
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        match self {
            FrontEnd::FastApi(server) => server.mistakes(),
            FrontEnd::Console(_) => Vec::new(),
        }
    }
}

/// Sets a key of the front end, as the option `--KEY` of the command line does. A file that names no front end gets that
/// of `nat serve`; what is there and is no mapping is left for the check to complain about.
pub fn set_front_end(document: &mut Document, key: &str, value: Value) {
    document.set_option(&format!("--{key}"), &["general", "front_end", key], value);
    let front_end = document.content().get("general").and_then(|general| general.get("front_end"));
    let has_tag = front_end.is_some_and(|it| it.get("_type").is_some() || it.get("type").is_some());
    if !has_tag {
        document.set_default(&["general", "front_end", "_type"], "fastapi".into());
    }
}
