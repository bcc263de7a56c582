//! A function that answers piece by piece.
//!
//! ```text
//! a reader asks for a chunk ──> the function runs to its next `yield` ──> the chunk leaves at once
//! ```
//!
//! Between two chunks the function runs only because somebody waits for the next one. A reader who is slow slows
//! it down, and one who goes away ends it at the `await` where it stands.

use std::time::Duration;

use nat::{Builder, Chunks, Context, Error, Stream, StreamingFunction, register_function, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be set in the configuration file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WordsConfig {
    /// The pause before each word, in milliseconds.
    pub pause_ms: u64,
}

impl Default for WordsConfig {
    fn default() -> Self {
        Self { pause_ms: 200 }
    }
}

/// One word of the text.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Word {
    /// The word
    pub word: String,
    /// How many words have come with this one
    pub so_far: usize,
}

/// What a call takes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// What to take apart
    pub text: String,
}

/// Takes a text apart, slowly.
#[register_function(input_type = Text, streaming_output_type = Word)]
async fn streaming_words(config: WordsConfig, _builder: &Builder) -> nat::Result<Words> {
    Ok(Words { pause: Duration::from_millis(config.pause_ms) })
}

struct Words {
    pause: Duration,
}

impl StreamingFunction for Words {
    type Input = Text;
    type Chunk = Word;

    fn stream(&self, ctx: &Context, input: Text) -> impl Stream<Item = nat::Result<Word>> + Send {
        // Nothing in here happens before somebody reads. `?` ends the stream with an error, which is its last item;
        // the words before it have been sent.
        stream! {
            for (index, word) in input.text.split_whitespace().enumerate() {
                // Whoever watches the steps of a request sees these; when nobody does, they cost nothing.
                let span = ctx.span("pause", &word);
                tokio::time::sleep(self.pause).await;
                span.finish(&index);
                if word == "stop" {
                    Err(Error::value("The text says to stop"))?;
                }
                yield Word { word: word.to_owned(), so_far: index + 1 };
            }
        }
    }

    /// What `POST /generate` gets, which wants one answer. Without this method it would get an error that says so.
    async fn fold(&self, _ctx: &Context, mut chunks: Chunks<'_, Word>) -> nat::Result<Word> {
        let mut last = Word { word: String::new(), so_far: 0 };
        while let Some(word) = chunks.next().await {
            last = word?;
        }
        Ok(last)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    /// A streaming function is a plain value, and what it gives is a plain stream.
    #[tokio::test(start_paused = true)]
    async fn words_come_one_by_one() {
        let words = Words { pause: Duration::from_secs(1) };
        let (ctx, started) = (Context::for_test(None), tokio::time::Instant::now());
        let mut stream = Box::pin(words.stream(&ctx, Text { text: "one two stop three".to_owned() }));
        for (word, so_far) in [("one", 1), ("two", 2)] {
            assert_eq!(stream.next().await.unwrap().unwrap(), Word { word: word.to_owned(), so_far });
            assert_eq!(started.elapsed().as_secs(), so_far as u64);
        }
        assert_eq!(stream.next().await.unwrap().unwrap_err().to_string(), "The text says to stop");
        assert!(stream.next().await.is_none());
    }
}
