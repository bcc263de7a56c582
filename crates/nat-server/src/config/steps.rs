//! Which intermediate steps streams show.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which intermediate steps streams show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StepAdaptor {
    /// Default: the usual ones.
    pub mode: StepMode,
    /// With `mode: custom`, the types that are shown; empty means `CUSTOM_START` and `CUSTOM_END`.
    pub custom_event_types: Vec<StepType>,
}

/// How the steps that streams show are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepMode {
    /// The usual ones.
    #[default]
    Default,
    /// By `custom_event_types`.
    Custom,
    /// None.
    Off,
}

macro_rules! step_types {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// The type of an intermediate step.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum StepType {
            $(#[doc = $name] #[serde(rename = $name)] $variant,)*
        }

        impl StepType {
            /// The name, as in configurations and streams.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(StepType::$variant => $name,)*
                }
            }
        }
    };
}

step_types! {
    LlmStart "LLM_START",
    LlmEnd "LLM_END",
    LlmNewToken "LLM_NEW_TOKEN",
    ToolStart "TOOL_START",
    ToolEnd "TOOL_END",
    WorkflowStart "WORKFLOW_START",
    WorkflowEnd "WORKFLOW_END",
    TaskStart "TASK_START",
    TaskEnd "TASK_END",
    TtcStart "TTC_START",
    TtcEnd "TTC_END",
    FunctionStart "FUNCTION_START",
    FunctionEnd "FUNCTION_END",
    CustomStart "CUSTOM_START",
    CustomEnd "CUSTOM_END",
    SpanStart "SPAN_START",
    SpanChunk "SPAN_CHUNK",
    SpanEnd "SPAN_END",
}
