//! Messages, answers and token usage in OpenAI's form. Types alone: no I/O, and nothing of the runtime.

#![warn(missing_docs)]

mod message;
mod request;
mod response;
mod usage;

pub use message::{ChatMessage, Content, ContentPart, ImageUrl, InputAudio, Role};
pub use request::{ChatRequest, ChatRequestOrMessage, ServiceTier, ToolChoice};
pub use response::{
    ChatAnswer, ChatChoice, ChatChunk, ChatDelta, ChatResponse, ChunkChoice, FinishReason, UNKNOWN_MODEL,
};
pub use usage::Usage;

/// The keyword by which a schema with `not` says, in words, what is wrong with a value that fits it. Validators that do
/// not know it ignore it.
const NOT_MESSAGE_KEYWORD: &str = "x-nat-not-message";
