//! One step, and the payload by which it travels.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::StepKind;
use super::budget::is_left_out;
use crate::Usage;

/// Something that began, went on or ended inside a request. A clone is cheap.
#[derive(Clone)]
pub struct Step {
    pub(super) kind: StepKind,
    pub(super) id: Uuid,
    /// Nil at the root, as `caller` is.
    pub(super) parent: Uuid,
    pub(super) caller: Uuid,
    pub(super) name: Arc<str>,
    pub(super) at: f64,
    pub(super) started: Option<f64>,
    pub(super) input: Option<Arc<Value>>,
    pub(super) output: Option<Arc<Value>>,
    pub(super) chunk: Option<Arc<str>>,
    pub(super) usage: Option<Usage>,
    pub(super) run: Option<Arc<Run>>,
    pub(super) chunks_left_out: u64,
    pub(super) steps_left_out: u64,
}

/// What the workflow's own steps tell of the whole request.
#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) workflow_run_id: String,
    pub(crate) workflow_trace_id: String,
    pub(crate) conversation_id: Option<String>,
    pub(crate) display_name: String,
}

impl Step {
    /// What it tells.
    pub fn kind(&self) -> StepKind {
        self.kind
    }

    /// The same for the start and the end of one span.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The span around it, of whatever kind; `None` for the workflow, which clients know as `root`.
    pub fn parent_id(&self) -> Option<Uuid> {
        Some(self.parent).filter(|id| !id.is_nil())
    }

    /// The function around it (of a function's steps, the one that called it); `None` at the root.
    pub fn caller_id(&self) -> Option<Uuid> {
        Some(self.caller).filter(|id| !id.is_nil())
    }

    /// The function's name in the file, `<workflow>` for the workflow's own; of the workflow's steps its
    /// `name` setting, else its `_type`; of a span what its author says.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When, in seconds since 1970, by the wall clock.
    pub fn timestamp(&self) -> f64 {
        self.at
    }

    /// What it began with; ends repeat it. A text that says so stands for one that was left out: the inputs, outputs and
    /// chunks that one request's steps hold at once come to at most 4 MiB.
    pub fn input(&self) -> Option<&Value> {
        self.input.as_deref()
    }

    /// What came of it; only ends have one, and only good ones. Of a function that was asked for a
    /// stream, the list of its chunks; of a long one the first 1,000, or those of the first MiB. May be left out
    /// as an input may.
    pub fn output(&self) -> Option<&Value> {
        self.output.as_deref()
    }

    /// How many chunks more there were than [`Step::output`] shows.
    pub fn chunks_left_out(&self) -> u64 {
        self.chunks_left_out
    }

    /// How many spans, calls and pieces of answers were not told because the reader was behind: of the workflow's last
    /// step, and 0 for any other.
    pub fn steps_left_out(&self) -> u64 {
        self.steps_left_out
    }

    /// A piece of the answer, of a step between.
    pub fn chunk(&self) -> Option<&str> {
        self.chunk.as_deref()
    }

    /// What the toolkit's clients expect of a step that is not rendered for people.
    pub fn payload(&self) -> StepPayload<'_> {
        StepPayload {
            event_type: self.kind.as_str(),
            event_timestamp: self.at,
            span_event_timestamp: self.started,
            framework: None,
            name: &self.name,
            tags: None,
            metadata: Metadata::of(Provided::of(self)),
            data: Data { input: self.input(), output: self.output(), chunk: self.chunk(), payload: None },
            usage_info: self.usage.map(UsageInfo::of),
            id: self.id,
        }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("kind", &self.kind).field("name", &self.name).finish_non_exhaustive()
    }
}

/// A step as JSON, with every key that clients of the Python toolkit look for: see [`Step::payload`].
#[derive(Serialize)]
pub struct StepPayload<'a> {
    event_type: &'static str,
    event_timestamp: f64,
    span_event_timestamp: Option<f64>,
    framework: Option<()>,
    name: &'a str,
    tags: Option<()>,
    metadata: Option<Metadata<'a>>,
    data: Data<'a>,
    usage_info: Option<UsageInfo>,
    #[serde(rename = "UUID", serialize_with = "as_text")]
    id: Uuid,
}

#[derive(Serialize)]
struct Metadata<'a> {
    chat_responses: Option<()>,
    chat_inputs: Option<()>,
    tool_inputs: Option<()>,
    tool_outputs: Option<()>,
    tool_info: Option<()>,
    span_inputs: Option<()>,
    span_outputs: Option<()>,
    provided_metadata: Provided<'a>,
    tools_schema: [(); 0],
}

/// What is known beyond the keys that every step has.
#[derive(Serialize)]
struct Provided<'a> {
    #[serde(flatten)]
    run: Option<&'a Run>,
    /// Of a stream whose chunks are not all shown.
    #[serde(skip_serializing_if = "is_none_left_out")]
    chunks_left_out: u64,
    /// Of a request whose steps are not all told.
    #[serde(skip_serializing_if = "is_none_left_out")]
    steps_left_out: u64,
    /// Whether a mark stands for a value that was too large.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    input_left_out: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    output_left_out: bool,
}

fn is_none_left_out(count: &u64) -> bool {
    *count == 0
}

impl<'a> Provided<'a> {
    /// Nothing, where there is nothing to tell.
    fn of(step: &'a Step) -> Option<Self> {
        let provided = Self {
            run: step.run.as_deref(),
            chunks_left_out: step.chunks_left_out,
            steps_left_out: step.steps_left_out,
            input_left_out: is_left_out(step.input.as_ref()),
            output_left_out: is_left_out(step.output.as_ref()),
        };
        let left_out = provided.chunks_left_out > 0
            || provided.steps_left_out > 0
            || provided.input_left_out
            || provided.output_left_out;
        (provided.run.is_some() || left_out).then_some(provided)
    }
}

#[derive(Serialize)]
struct Data<'a> {
    input: Option<&'a Value>,
    output: Option<&'a Value>,
    chunk: Option<&'a str>,
    payload: Option<()>,
}

#[derive(Serialize)]
struct UsageInfo {
    token_usage: Usage,
    num_llm_calls: u32,
    seconds_between_calls: u32,
}

fn as_text<S: serde::Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

impl<'a> Metadata<'a> {
    fn of(provided: Option<Provided<'a>>) -> Option<Self> {
        Some(Self {
            chat_responses: None,
            chat_inputs: None,
            tool_inputs: None,
            tool_outputs: None,
            tool_info: None,
            span_inputs: None,
            span_outputs: None,
            provided_metadata: provided?,
            tools_schema: [],
        })
    }
}

impl UsageInfo {
    fn of(token_usage: Usage) -> Self {
        Self { token_usage, num_llm_calls: 1, seconds_between_calls: 0 }
    }
}

impl fmt::Debug for StepPayload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepPayload")
            .field("event_type", &self.event_type)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
