//! Results as `{"value": text}`: the streams beside the routes for single results.

use bytes::Bytes;
use nat_core::{CallError, Chunk, Error, Usage};
use serde::Serialize;

use super::body::ResultFrames;
use super::frames;

/// Each chunk as text in an envelope; the end of the stream is just its end.
pub(crate) struct ValueFrames;

#[derive(Serialize)]
struct Envelope {
    value: String,
}

impl ResultFrames for ValueFrames {
    fn chunk(&mut self, chunk: Chunk) -> Result<Bytes, CallError> {
        let value = chunk.into_text()?;
        frames::json("data", &Envelope { value }).map(Bytes::from).map_err(unwritten)
    }

    fn end(&mut self, _usage: Option<Usage>) -> Bytes {
        Bytes::new()
    }
}

pub(super) fn unwritten(error: serde_json::Error) -> CallError {
    CallError::Function(Error::from(error))
}
