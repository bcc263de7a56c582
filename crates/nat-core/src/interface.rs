//! What a function takes and gives, known from its registration before any instance exists.

mod chat;
mod compat;
mod decode;
#[cfg(test)]
mod tests;
mod types;

pub use chat::{chat_request_schema, decode_chat_request};
pub(crate) use chat::{into_chunk, into_response};
pub use decode::InvalidInput;
pub(crate) use types::{Gives, InputType, OutputType};

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::steps::Erased;
use crate::{Error, Result};
use nat_schema::{CompiledSchema, Finding, Segment, Shape};

/// The field that carries a simple output.
const OUTPUT_FIELD: &str = "value";

/// One function's input and output: their types, their schemas, and how bytes become the one and
/// come from the other.
pub struct Interface {
    input: InputType,
    input_schema: CompiledSchema,
    input_field: &'static str,
    output: Side,
    /// Where it is another type than the output.
    chunk: Option<Side>,
    answers: Answers,
}

/// One type that a function gives.
struct Side {
    of: OutputType,
    schema: CompiledSchema,
}

/// What a function was made to answer with. Either way it can be asked for one output and for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answers {
    /// One output; a stream of it is one chunk.
    Single,
    /// A stream; one output is what it folds the chunks to, if it does.
    Streaming,
    /// Each of them.
    Both,
}

/// Which of the two types that a function gives a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Output,
    Chunk,
}

impl Interface {
    pub(crate) fn new(input: InputType, input_field: &'static str, gives: Gives) -> Arc<Self> {
        let mut deserialize = SchemaSettings::draft2020_12().for_deserialize().into_generator();
        let side = |of: OutputType| {
            let mut serialize = SchemaSettings::draft2020_12().for_serialize().into_generator();
            Side { of, schema: CompiledSchema::new((of.schema)(&mut serialize).to_value()) }
        };
        let (answers, output, chunk) = match gives {
            Gives::Output(output) => (Answers::Single, output, None),
            Gives::Chunks(chunk) => (Answers::Streaming, chunk, None),
            Gives::Both { output, chunk } => {
                let differs = (output.type_id)() != (chunk.type_id)();
                (Answers::Both, output, differs.then_some(chunk))
            }
        };
        Arc::new(Self {
            input_schema: CompiledSchema::new((input.schema)(&mut deserialize).to_value()),
            input,
            input_field,
            output: side(output),
            chunk: chunk.map(side),
            answers,
        })
    }

    /// What the function was made to answer with.
    pub fn answers(&self) -> Answers {
        self.answers
    }

    /// The JSON Schema of the input type itself.
    pub fn input_schema(&self) -> &CompiledSchema {
        &self.input_schema
    }

    /// The JSON Schema of the output type itself; of a function that only streams, that of a chunk.
    pub fn output_schema(&self) -> &CompiledSchema {
        &self.output.schema
    }

    /// The JSON Schema of one chunk; of a function that does not stream, that of its output.
    pub fn chunk_schema(&self) -> &CompiledSchema {
        &self.side(Given::Chunk).schema
    }

    /// The field under which a request carries a simple input; `None` for an input that is an object itself.
    pub fn input_field(&self) -> Option<&'static str> {
        match self.input_schema.shape() {
            Shape::Structured => None,
            Shape::Plain => Some(self.input_field),
        }
    }

    /// The field under which an answer carries a simple output; `None` for an output that is an object itself.
    pub fn output_field(&self) -> Option<&'static str> {
        match self.output.schema.shape() {
            Shape::Structured => None,
            Shape::Plain => Some(OUTPUT_FIELD),
        }
    }

    /// The fields that a request must have.
    pub fn required_fields(&self) -> Vec<String> {
        let nothing = Value::Object(serde_json::Map::new());
        let checked = match self.input_field() {
            None => self.input_schema.check(nothing),
            Some(field) => self.input_schema.check_wrapped(field, nothing),
        };
        let missing = checked.findings.into_iter().filter(|finding| finding.kind == "missing");
        let name = |finding: Finding| match finding.path.last()? {
            Segment::Key(name) => Some(name.clone()),
            Segment::Index(_) => None,
        };
        missing.filter_map(name).collect()
    }

    pub(crate) fn takes<I: 'static>(&self) -> bool {
        (self.input.type_id)() == TypeId::of::<I>()
    }

    pub(crate) fn gives<O: 'static>(&self) -> bool {
        (self.output.of.type_id)() == TypeId::of::<O>()
    }

    pub(crate) fn streams<C: 'static>(&self) -> bool {
        (self.side(Given::Chunk).of.type_id)() == TypeId::of::<C>()
    }

    /// The Rust type of the input, for messages.
    pub fn input_type_name(&self) -> &'static str {
        (self.input.type_name)()
    }

    /// The Rust type of the output, for messages.
    pub fn output_type_name(&self) -> &'static str {
        (self.output.of.type_name)()
    }

    /// The Rust type of a chunk, for messages.
    pub fn chunk_type_name(&self) -> &'static str {
        (self.side(Given::Chunk).of.type_name)()
    }

    fn side(&self, given: Given) -> &Side {
        match (given, &self.chunk) {
            (Given::Chunk, Some(chunk)) => chunk,
            _ => &self.output,
        }
    }

    /// An answer's body: the output's fields, or `{"value":…}` around a simple one.
    pub(crate) fn encode(&self, output: &dyn Any) -> Result<Bytes> {
        let mut body = Vec::with_capacity(128);
        match self.output_field() {
            None => (self.output.of.write)(output, &mut body).map_err(unwritable)?,
            Some(field) => {
                body.extend_from_slice(b"{\"");
                body.extend_from_slice(field.as_bytes());
                body.extend_from_slice(b"\":");
                (self.output.of.write)(output, &mut body).map_err(unwritable)?;
                body.push(b'}');
            }
        }
        Ok(Bytes::from(body))
    }

    /// The value as JSON, without a field around it.
    pub(crate) fn encode_bare(&self, given: Given, value: &dyn Any) -> Result<Vec<u8>> {
        let mut body = Vec::with_capacity(128);
        (self.side(given).of.write)(value, &mut body).map_err(unwritable)?;
        Ok(body)
    }

    /// The same as a tree.
    pub(crate) fn encode_value(&self, given: Given, value: &dyn Any) -> Result<Value> {
        (self.side(given).of.to_value)(value).map_err(unwritable)
    }

    /// The value as text: text as it is, a chat answer's content, anything else as JSON.
    pub(crate) fn encode_text(&self, given: Given, value: &dyn Any) -> Result<String> {
        match chat::text_of(value) {
            Some(text) => Ok(text.to_owned()),
            None => String::from_utf8(self.encode_bare(given, value)?).map_err(Error::from),
        }
    }

    /// The input, for steps.
    pub(crate) fn shown_input<'a>(&self, value: &'a dyn Any) -> Erased<'a> {
        let InputType { measure, to_value, .. } = self.input;
        Erased { value, measure, to_value }
    }

    /// An output or a chunk, for steps.
    pub(crate) fn shown<'a>(&self, given: Given, value: &'a dyn Any) -> Erased<'a> {
        let OutputType { measure, to_value, .. } = self.side(given).of;
        Erased { value, measure, to_value }
    }
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::from(error).public("the function's output could not be written as JSON")
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("input", &self.input_type_name())
            .field("output", &self.output_type_name())
            .finish_non_exhaustive()
    }
}
