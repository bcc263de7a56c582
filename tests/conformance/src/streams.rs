//! Answers in pieces.

use std::time::Duration;

use nat::{
    Builder, Chunks, Context, Error, Function, Stream, StreamingFunction, register_function,
    register_per_user_function, stream,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counters::Counter;
use crate::text::MAX_ANSWER_BYTES;

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
struct StreamInput {
    text: String,
    #[serde(default = "three")]
    chunks: i64,
    #[serde(default)]
    delay_ms: u64,
    /// The index of the piece that fails.
    #[serde(default = "never")]
    fail_after: i64,
}

fn three() -> i64 {
    3
}

fn never() -> i64 {
    -1
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Piece {
    piece: String,
    index: i64,
}

/// Gives pieces one by one, or joined.
#[register_function(input_type = StreamInput, single_output_type = Piece, streaming_output_type = Piece)]
async fn conf_stream(_settings: (), _builder: &Builder) -> nat::Result<Pieces> {
    Ok(Pieces)
}

/// Gives pieces one by one, and nothing else.
#[register_function(input_type = StreamInput, streaming_output_type = Piece)]
async fn conf_stream_only(_settings: (), _builder: &Builder) -> nat::Result<Pieces> {
    Ok(Pieces)
}

struct Pieces;

fn pieces(input: StreamInput) -> impl Stream<Item = nat::Result<Piece>> + Send {
    stream! {
        for index in 0..input.chunks {
            if index == input.fail_after {
                Err(Error::runtime("stream broke"))?;
            }
            if input.delay_ms > 0 {
                tokio::time::sleep(Duration::from_millis(input.delay_ms)).await;
            }
            yield Piece { piece: format!("{}-{index}", input.text), index };
        }
    }
}

async fn joined(mut pieces: Chunks<'_, Piece>) -> nat::Result<Piece> {
    let mut whole = Piece { piece: String::new(), index: 0 };
    while let Some(piece) = pieces.next().await {
        if whole.index > 0 {
            whole.piece.push(' ');
        }
        whole.piece.push_str(&piece?.piece);
        whole.index += 1;
        if whole.piece.len() > MAX_ANSWER_BYTES {
            return Err(Error::value(format!("the answer would be longer than {MAX_ANSWER_BYTES} bytes")));
        }
    }
    Ok(whole)
}

impl StreamingFunction for Pieces {
    type Input = StreamInput;
    type Chunk = Piece;

    fn stream(&self, _ctx: &Context, input: StreamInput) -> impl Stream<Item = nat::Result<Piece>> + Send {
        pieces(input)
    }
}

impl Function for Pieces {
    type Input = StreamInput;
    type Output = Piece;

    async fn call(&self, _ctx: &Context, input: StreamInput) -> nat::Result<Piece> {
        joined(Chunks::new(pieces(input))).await
    }
}

/// Gives pieces that say which call of this user they belong to.
#[register_per_user_function(input_type = StreamInput, single_output_type = Piece, streaming_output_type = Piece)]
async fn conf_per_user_stream(_settings: (), _builder: &Builder) -> nat::Result<CountedPieces> {
    Ok(CountedPieces { calls: Counter::starting_at(0) })
}

struct CountedPieces {
    calls: Counter,
}

impl CountedPieces {
    fn pieces(&self, input: StreamInput) -> impl Stream<Item = nat::Result<Piece>> + Send + 'static {
        let text = format!("{}{}", input.text, self.calls.add(1));
        pieces(StreamInput { text, ..input })
    }
}

impl StreamingFunction for CountedPieces {
    type Input = StreamInput;
    type Chunk = Piece;

    fn stream(&self, _ctx: &Context, input: StreamInput) -> impl Stream<Item = nat::Result<Piece>> + Send {
        self.pieces(input)
    }
}

impl Function for CountedPieces {
    type Input = StreamInput;
    type Output = Piece;

    async fn call(&self, _ctx: &Context, input: StreamInput) -> nat::Result<Piece> {
        joined(Chunks::new(self.pieces(input))).await
    }
}

/// Gives the words of a text, or all of it in capitals.
#[register_function(single_output_type = String, streaming_output_type = String, input_name = "text")]
async fn conf_stream_text(_settings: (), _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

struct Words;

impl StreamingFunction for Words {
    type Input = String;
    type Chunk = String;

    fn stream(&self, _ctx: &Context, text: String) -> impl Stream<Item = nat::Result<String>> + Send {
        stream! {
            for word in text.split_whitespace() {
                yield word.to_owned();
            }
        }
    }
}

impl Function for Words {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text.to_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::File;

    #[tokio::test(start_paused = true)]
    async fn pieces_come_one_by_one_or_joined() {
        let file = File::start("workflow: {_type: conf_stream}").await;
        let asked = r#"{"text":"t","chunks":2,"delay_ms":1000}"#;
        let pieces = [r#"{"piece":"t-0","index":0}"#, r#"{"piece":"t-1","index":1}"#];
        assert_eq!(file.stream("alice", asked).await, (pieces.map(str::to_owned).to_vec(), None));
        assert_eq!(file.ask("alice", asked).await.unwrap(), r#"{"piece":"t-0 t-1","index":2}"#);
        assert_eq!(file.stream("alice", r#"{"text":"t","chunks":0}"#).await, (Vec::new(), None));
        assert_eq!(file.ask("alice", r#"{"text":"t","chunks":-1}"#).await.unwrap(), r#"{"piece":"","index":0}"#);
    }

    #[tokio::test]
    async fn pieces_before_a_failure_are_given() {
        let file = File::start("workflow: {_type: conf_stream}").await;
        let (pieces, error) = file.stream("alice", r#"{"text":"t","fail_after":1}"#).await;
        assert_eq!((pieces.len(), error.as_deref()), (1, Some("stream broke")));
    }

    #[tokio::test]
    async fn one_that_only_streams_has_no_single_answer() {
        let file = File::start("workflow: {_type: conf_stream_only}").await;
        assert_eq!(file.stream("alice", r#"{"text":"t"}"#).await.0.len(), 3);
        let error = file.ask("alice", r#"{"text":"t"}"#).await.unwrap_err();
        assert_eq!(error.error().unwrap().to_string(), "Cannot get a single output value for streaming workflows");
    }

    #[tokio::test]
    async fn each_user_has_calls_of_their_own() {
        let file = File::start("workflow: {_type: conf_per_user_stream}").await;
        let asked = r#"{"text":"t","chunks":1}"#;
        assert_eq!(file.stream("alice", asked).await.0, [r#"{"piece":"t1-0","index":0}"#]);
        assert_eq!(file.ask("alice", asked).await.unwrap(), r#"{"piece":"t2-0","index":1}"#);
        assert_eq!(file.ask("bob", asked).await.unwrap(), r#"{"piece":"t1-0","index":1}"#);
    }

    #[tokio::test]
    async fn text_streams_as_words() {
        let file = File::start("workflow: {_type: conf_stream_text}").await;
        assert_eq!(file.stream("alice", r#"{"text":" a  b "}"#).await.0, ["a", "b"]);
        assert_eq!(file.ask("alice", r#"{"text":"a b"}"#).await.unwrap(), r#"{"value":"A B"}"#);
    }
}
