//! Between chat and what functions take and give: the one place that knows how.

use std::any::{Any, TypeId};
use std::sync::{Arc, LazyLock};

use nat_chat::{ChatChunk, ChatRequest, ChatRequestOrMessage, ChatResponse, Usage};
use nat_schema::CompiledSchema;

use super::{Gives, InputType, Interface, InvalidInput, OutputType};
use crate::function::Payload;

static REQUEST: LazyLock<Arc<Interface>> =
    LazyLock::new(|| Interface::new(InputType::of::<ChatRequest>(), "value", Gives::Output(OutputType::of::<()>())));

/// Reads the body of a chat request.
///
/// # Errors
///
/// All that is wrong with it.
pub fn decode_chat_request(body: &[u8]) -> Result<ChatRequest, InvalidInput> {
    let input = REQUEST.decode(body)?;
    Ok(*input.downcast().expect("the interface is that of this type"))
}

/// The schema of the body of a chat request.
pub fn chat_request_schema() -> &'static CompiledSchema {
    REQUEST.input_schema()
}

/// An input of type `wanted` from a conversation; `None` for a type that cannot be made of one.
pub(crate) fn input_from_request(wanted: TypeId, request: ChatRequest) -> Option<Payload> {
    if wanted == TypeId::of::<ChatRequest>() {
        Some(Box::new(request))
    } else if wanted == TypeId::of::<ChatRequestOrMessage>() {
        Some(Box::new(ChatRequestOrMessage::Request(Box::new(request))))
    } else if wanted == TypeId::of::<String>() {
        Some(Box::new(request.last_text()))
    } else {
        None
    }
}

/// An input of type `wanted` from what a person says; `None` for a type that reads text as JSON.
pub(crate) fn input_from_text(wanted: TypeId, text: &str) -> Option<Payload> {
    if wanted == TypeId::of::<String>() {
        Some(Box::new(text.to_owned()))
    } else if wanted == TypeId::of::<ChatRequest>() {
        Some(Box::new(ChatRequest::from_text(text)))
    } else if wanted == TypeId::of::<ChatRequestOrMessage>() {
        Some(Box::new(ChatRequestOrMessage::Message(text.to_owned())))
    } else {
        None
    }
}

/// The text that a value is, or says; `None` for one that is neither text nor chat.
pub(crate) fn text_of(value: &dyn Any) -> Option<&str> {
    let text = value.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| value.downcast_ref::<ChatChunk>().map(ChatChunk::text));
    text.or_else(|| value.downcast_ref::<ChatResponse>().map(ChatResponse::text))
}

/// A whole answer from an output: a chat answer as it is, a piece as the whole, anything else as its text.
/// `usage` is what was reported while it was made.
pub(crate) fn into_response<E>(
    output: Payload,
    usage: Option<Usage>,
    text: impl FnOnce(&dyn Any) -> Result<String, E>,
) -> Result<ChatResponse, E> {
    let output = match output.downcast::<ChatResponse>() {
        Ok(response) => return Ok(*response),
        Err(output) => output,
    };
    let response = match output.downcast_ref::<ChatChunk>() {
        Some(chunk) => ChatResponse::from_text(chunk.text()).with_model(chunk.model.clone()),
        None => ChatResponse::from_text(text(&*output)?),
    };
    Ok(match usage {
        Some(usage) => response.with_usage(usage),
        None => response,
    })
}

/// A piece of an answer from a chunk, in the same way.
pub(crate) fn into_chunk<E>(chunk: Payload, text: impl FnOnce(&dyn Any) -> Result<String, E>) -> Result<ChatChunk, E> {
    let chunk = match chunk.downcast::<ChatChunk>() {
        Ok(chunk) => return Ok(*chunk),
        Err(chunk) => chunk,
    };
    Ok(match chunk.downcast_ref::<ChatResponse>() {
        Some(response) => ChatChunk::from_text(response.text()).with_model(response.model.clone()),
        None => ChatChunk::from_text(text(&*chunk)?),
    })
}
