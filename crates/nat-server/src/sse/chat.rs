//! Results as chat completion chunks, with the stop chunk and `[DONE]` in the end.

use std::borrow::Cow;

use bytes::Bytes;
use nat_chat::{ChatChunk, UNKNOWN_MODEL, Usage};
use nat_core::{CallError, Chunk};

use super::body::ResultFrames;
use super::frames;
use super::values::unwritten;
use crate::error::{self, Exposure};

const DONE: &[u8] = b"data: [DONE]\n\n";

/// Each chunk as a chat completion chunk.
pub(crate) struct ChatFrames {
    model: Cow<'static, str>,
    stop: Stop,
    usage_chunk: UsageChunk,
    /// Of the function's own chunks: what the last one that had any said.
    usage: Option<Usage>,
    words: Words,
    failures: Failures,
}

/// Whether the client asked for one more chunk with what the answer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsageChunk {
    Sent,
    NotSent,
}

/// Who says that the answer is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Outstanding,
    SaidByFunction,
}

/// What a failure looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failures {
    Plain,
    /// With the member by which clients of the OpenAI API find an error in a stream.
    WithErrorMember,
}

/// Words of a text that comes in pieces.
#[derive(Default)]
struct Words {
    count: u64,
    place: Place,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Inside,
}

impl ChatFrames {
    /// For the routes of the toolkit.
    pub(crate) fn new() -> Self {
        Self {
            model: UNKNOWN_MODEL.into(),
            stop: Stop::Outstanding,
            usage_chunk: UsageChunk::NotSent,
            usage: None,
            words: Words::default(),
            failures: Failures::Plain,
        }
    }

    /// For clients of the OpenAI API.
    pub(crate) fn completions(usage_chunk: UsageChunk) -> Self {
        Self { usage_chunk, failures: Failures::WithErrorMember, ..Self::new() }
    }

    fn counted(&self) -> Usage {
        let completion_tokens = self.words.count;
        Usage { prompt_tokens: 0, completion_tokens, total_tokens: completion_tokens }
    }
}

impl ResultFrames for ChatFrames {
    fn chunk(&mut self, chunk: Chunk) -> Result<Bytes, CallError> {
        let chunk = chunk.into_chat()?;
        self.words.add(chunk.text());
        self.model.clone_from(&chunk.model);
        self.usage = chunk.usage.or(self.usage);
        if chunk.choices.iter().any(|choice| choice.finish_reason.is_some()) {
            self.stop = Stop::SaidByFunction;
        }
        frames::json("data", &chunk).map(Bytes::from).map_err(unwritten)
    }

    fn end(&mut self, usage: Option<Usage>) -> Bytes {
        let mut end = Vec::new();
        let mut add = |chunk: &ChatChunk| match frames::json("data", chunk) {
            Ok(frame) => end.extend_from_slice(&frame),
            // A plain struct of text and numbers.
            Err(error) => tracing::error!(%error, "the end of a stream could not be written"),
        };
        if self.stop == Stop::Outstanding {
            add(&ChatChunk::stop().with_model(self.model.clone()));
        }
        if self.usage_chunk == UsageChunk::Sent {
            let mut chunk = ChatChunk::stop().with_model(self.model.clone());
            chunk.choices.clear();
            chunk.usage = Some(self.usage.or(usage).unwrap_or_else(|| self.counted()));
            add(&chunk);
        }
        end.extend_from_slice(DONE);
        Bytes::from(end)
    }

    fn failure(&self, error: CallError, exposure: Exposure) -> String {
        match self.failures {
            Failures::Plain => error::event(error, exposure),
            Failures::WithErrorMember => error::completions_event(error, exposure),
        }
    }
}

impl Words {
    fn add(&mut self, text: &str) {
        for character in text.chars() {
            let place = if character.is_whitespace() { Place::Between } else { Place::Inside };
            self.count += u64::from(self.place == Place::Between && place == Place::Inside);
            self.place = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_across_pieces() {
        for (pieces, count) in
            [(&["one two"][..], 2), (&["on", "e t", "wo"], 2), (&["one ", " two "], 2), (&["", " "], 0)]
        {
            let mut words = Words::default();
            pieces.iter().for_each(|piece| words.add(piece));
            assert_eq!(words.count, count, "{pieces:?}");
        }
    }
}
