//! Chat in OpenAI's form: what is asked, what is answered, and how both meet functions that know nothing of it.

mod convert;
mod message;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use convert::{input_from_request, input_from_text, into_chunk, into_response, text_of};
pub use message::{ChatMessage, Content, ContentPart, ImageUrl, InputAudio, Role};
pub use request::{ChatRequest, ChatRequestOrMessage, ServiceTier, ToolChoice};
pub use response::{
    ChatAnswer, ChatChoice, ChatChunk, ChatDelta, ChatResponse, ChunkChoice, FinishReason, UNKNOWN_MODEL,
};
pub use usage::Usage;
