//! The routes of one function.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use nat_core::FunctionRef;

/// The routes of one function. A path that is null does not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Endpoint {
    /// The method of its routes; GET calls the function without input.
    pub method: Method,
    /// What the function does, for the API's description.
    pub description: String,
    /// Single results; with `/stream` and `/full`, streams.
    #[serde(default)]
    pub path: Option<String>,
    /// The WebSocket.
    #[serde(default)]
    pub websocket_path: Option<String>,
    /// Chat in the OpenAI form; with `/stream`, streamed.
    #[serde(default)]
    pub openai_api_path: Option<String>,
    /// Chat completions, streamed where the request says so.
    #[serde(default)]
    pub openai_api_v1_path: Option<String>,
    /// As `path`, in the older form.
    #[serde(default)]
    pub legacy_path: Option<String>,
    /// As `openai_api_path`, in the older form.
    #[serde(default)]
    pub legacy_openai_api_path: Option<String>,
    /// What becomes of a stream whose client leaves. Default: cancel.
    #[serde(default)]
    pub on_disconnect: OnDisconnect,
}

/// What becomes of a stream whose client leaves before its end. A call for a single result always goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnDisconnect {
    /// The function's stream is dropped where it stands, and the user's instance let go at once.
    #[default]
    Cancel,
    /// The function's stream runs to its end, and nobody gets what it yields.
    Finish,
}

/// The routes of a function that is not the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionEndpoint {
    /// The function that answers.
    pub function_name: FunctionRef,
    /// Its routes.
    #[serde(flatten)]
    pub endpoint: Endpoint,
}

/// An HTTP method of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Method {
    /// The method as it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

impl Endpoint {
    /// The workflow's routes where the configuration names none.
    pub fn workflow() -> Self {
        Self {
            websocket_path: Some("/websocket".to_owned()),
            openai_api_path: Some("/v1/chat".to_owned()),
            openai_api_v1_path: Some("/v1/chat/completions".to_owned()),
            legacy_path: Some("/generate".to_owned()),
            legacy_openai_api_path: Some("/chat".to_owned()),
            ..Self::post("/v1/workflow", "Runs the workflow")
        }
    }

    /// Whether any of its routes is for requests that call the function.
    pub(crate) fn has_calls(&self) -> bool {
        let Self { path, openai_api_path, openai_api_v1_path, legacy_path, legacy_openai_api_path, .. } = self;
        [path, openai_api_path, openai_api_v1_path, legacy_path, legacy_openai_api_path]
            .into_iter()
            .any(Option::is_some)
    }

    /// POST on one path.
    pub fn post(path: &str, description: &str) -> Self {
        Self {
            method: Method::Post,
            description: description.to_owned(),
            path: Some(path.to_owned()),
            websocket_path: None,
            openai_api_path: None,
            openai_api_v1_path: None,
            legacy_path: None,
            legacy_openai_api_path: None,
            on_disconnect: OnDisconnect::default(),
        }
    }
}
