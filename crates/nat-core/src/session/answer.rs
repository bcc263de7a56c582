//! What came of a call, and how it is written.

use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;

use crate::function::Payload;
use crate::interface::{self, Given, Interface};
use crate::{Error, Usage};
use nat_chat::{ChatChunk, ChatResponse};

/// What a call gave.
pub struct Output {
    pub(super) output: Payload,
    pub(super) interface: Arc<Interface>,
    pub(super) usage: Option<Usage>,
}

impl Output {
    /// The answer's body: the output's fields, or `{"value":…}` around a simple one.
    ///
    /// # Errors
    ///
    /// When the output cannot be written as JSON, such as a map whose keys are no text.
    pub fn into_json(self) -> Result<Bytes, CallError> {
        self.interface.encode(&*self.output).map_err(CallError::Function)
    }

    /// The output as text: text as it is, a chat answer's content, anything else as JSON.
    ///
    /// # Errors
    ///
    /// As [`Output::into_json`].
    pub fn into_text(self) -> Result<String, CallError> {
        self.interface.encode_text(Given::Output, &*self.output).map_err(CallError::Function)
    }

    /// The output as JSON, a simple one without a field around it.
    ///
    /// # Errors
    ///
    /// As [`Output::into_json`].
    pub fn into_value(self) -> Result<Value, CallError> {
        self.interface.encode_value(Given::Output, &*self.output).map_err(CallError::Function)
    }

    /// The output as a value of the function's output type.
    ///
    /// # Errors
    ///
    /// A `TypeError` that names both types, when the function gives another one.
    pub fn into_typed<O: 'static>(self) -> Result<O, CallError> {
        typed(self.output, self.interface.output_type_name())
    }

    /// The output as a chat answer: one that is a chat answer as it is, any other one by its text. Its
    /// `usage` is what was reported while it was made, else an estimate.
    ///
    /// # Errors
    ///
    /// As [`Output::into_json`].
    pub fn into_chat(self) -> Result<ChatResponse, CallError> {
        let Self { output, interface, usage } = self;
        interface::into_response(output, usage, |output| interface.encode_text(Given::Output, output))
            .map_err(CallError::Function)
    }

    /// The tokens that were reported; `None` when nobody has reported any.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

/// One piece of what a call gives.
pub struct Chunk {
    pub(super) chunk: Payload,
    pub(super) interface: Arc<Interface>,
}

impl Chunk {
    /// The chunk as JSON, without a field around it.
    ///
    /// # Errors
    ///
    /// When it cannot be written as JSON, such as a map whose keys are no text.
    pub fn into_json(self) -> Result<Bytes, CallError> {
        self.interface.encode_bare(Given::Chunk, &*self.chunk).map(Bytes::from).map_err(CallError::Function)
    }

    /// The chunk as text: text as it is, a chat chunk's or answer's content, anything else as JSON.
    ///
    /// # Errors
    ///
    /// As [`Chunk::into_json`].
    pub fn into_text(self) -> Result<String, CallError> {
        self.interface.encode_text(Given::Chunk, &*self.chunk).map_err(CallError::Function)
    }

    /// The chunk as JSON, as a tree.
    ///
    /// # Errors
    ///
    /// As [`Chunk::into_json`].
    pub fn into_value(self) -> Result<Value, CallError> {
        self.interface.encode_value(Given::Chunk, &*self.chunk).map_err(CallError::Function)
    }

    /// The chunk as a value of the function's chunk type.
    ///
    /// # Errors
    ///
    /// A `TypeError` that names both types, when the function streams another one.
    pub fn into_typed<C: 'static>(self) -> Result<C, CallError> {
        typed(self.chunk, self.interface.chunk_type_name())
    }

    /// The chunk as a piece of a chat answer: one that is such a piece as it is, any other one by its text.
    ///
    /// # Errors
    ///
    /// As [`Chunk::into_json`].
    pub fn into_chat(self) -> Result<ChatChunk, CallError> {
        let Self { chunk, interface } = self;
        interface::into_chunk(chunk, |chunk| interface.encode_text(Given::Chunk, chunk)).map_err(CallError::Function)
    }
}

fn typed<T: 'static>(value: Payload, given: &str) -> Result<T, CallError> {
    let mismatch = |_| Error::type_error(format!("the function gives `{given}`, not `{}`", type_name::<T>()));
    value.downcast().map(|value| *value).map_err(mismatch).map_err(CallError::Function)
}

/// Why a call gave nothing, or nothing more.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The function said so.
    Function(Error),
    /// The function panicked. The text is in the log under `id`, and nothing of it may be sent.
    Panicked {
        /// Names the entry in the log.
        id: Uuid,
    },
}

impl CallError {
    /// The function's own error, if it was one.
    pub(crate) fn as_function_error(&self) -> Option<&Error> {
        match self {
            Self::Function(error) => Some(error),
            Self::Panicked { .. } => None,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(error) => error.fmt(f),
            Self::Panicked { id } => write!(f, "internal error {id}"),
        }
    }
}

impl std::error::Error for CallError {}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("interface", &self.interface).finish_non_exhaustive()
    }
}

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("interface", &self.interface).finish_non_exhaustive()
    }
}
