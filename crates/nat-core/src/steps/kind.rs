//! What a step tells, by the names that clients of the Python toolkit know.

use std::fmt;

/// Where in its span a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Something begins.
    Start,
    /// A piece of it is there.
    Between,
    /// It has ended, well or not.
    End,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $edge:ident;)*) => {
        /// What a step tells.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StepKind {
            $($(#[$doc])* $variant,)*
        }

        impl StepKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The `event_type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Where in its span it stands.
            pub fn edge(self) -> Edge {
                match self {
                    $(Self::$variant => Edge::$edge,)*
                }
            }
        }
    };
}

kinds! {
    /// A language model is asked.
    LlmStart = "LLM_START", Start;
    /// It has answered.
    LlmEnd = "LLM_END", End;
    /// A piece of its answer.
    LlmNewToken = "LLM_NEW_TOKEN", Between;
    /// A tool is used.
    ToolStart = "TOOL_START", Start;
    /// It is done.
    ToolEnd = "TOOL_END", End;
    /// The request begins.
    WorkflowStart = "WORKFLOW_START", Start;
    /// The request ends.
    WorkflowEnd = "WORKFLOW_END", End;
    /// A task begins. Nothing here emits it; filters know it.
    TaskStart = "TASK_START", Start;
    /// A task ends. Nothing here emits it; filters know it.
    TaskEnd = "TASK_END", End;
    /// Test-time compute begins. Nothing here emits it; filters know it.
    TtcStart = "TTC_START", Start;
    /// Test-time compute ends. Nothing here emits it; filters know it.
    TtcEnd = "TTC_END", End;
    /// A function is called.
    FunctionStart = "FUNCTION_START", Start;
    /// It has answered, or failed.
    FunctionEnd = "FUNCTION_END", End;
    /// A span that a function opened.
    CustomStart = "CUSTOM_START", Start;
    /// Its end.
    CustomEnd = "CUSTOM_END", End;
    /// A span begins. Nothing here emits it; filters know it.
    SpanStart = "SPAN_START", Start;
    /// A piece of a span's answer.
    SpanChunk = "SPAN_CHUNK", Between;
    /// A span ends. Nothing here emits it; filters know it.
    SpanEnd = "SPAN_END", End;
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What lasts between a start and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanKind {
    Workflow,
    Function,
    Llm,
    Tool,
    Custom,
}

impl SpanKind {
    pub(super) fn start(self) -> StepKind {
        match self {
            Self::Workflow => StepKind::WorkflowStart,
            Self::Function => StepKind::FunctionStart,
            Self::Llm => StepKind::LlmStart,
            Self::Tool => StepKind::ToolStart,
            Self::Custom => StepKind::CustomStart,
        }
    }

    pub(super) fn chunk(self) -> StepKind {
        match self {
            Self::Llm => StepKind::LlmNewToken,
            _ => StepKind::SpanChunk,
        }
    }

    pub(super) fn end(self) -> StepKind {
        match self {
            Self::Workflow => StepKind::WorkflowEnd,
            Self::Function => StepKind::FunctionEnd,
            Self::Llm => StepKind::LlmEnd,
            Self::Tool => StepKind::ToolEnd,
            Self::Custom => StepKind::CustomEnd,
        }
    }
}
