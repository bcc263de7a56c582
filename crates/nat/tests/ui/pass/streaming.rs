//! Functions that stream: only, or also; named, or closures; with one output that they fold to, or none.

use nat::{
    Builder, Chunks, Context, Function, Stream, StreamingFunction, from_stream_fn, register_function,
    register_per_user_function, stream,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Text {
    text: String,
}

struct Words;

impl StreamingFunction for Words {
    type Input = Text;
    type Chunk = String;

    fn stream(&self, _ctx: &Context, input: Text) -> impl Stream<Item = nat::Result<String>> + Send {
        stream! {
            let times: usize = "2".parse()?;
            for word in input.text.split_whitespace() {
                yield word.repeat(times);
            }
        }
    }

    async fn fold(&self, _ctx: &Context, mut chunks: Chunks<'_, String>) -> nat::Result<String> {
        let mut whole = String::new();
        while let Some(word) = chunks.next().await {
            whole.push_str(&word?);
        }
        Ok(whole)
    }
}

impl Function for Words {
    type Input = Text;
    type Output = usize;

    async fn call(&self, ctx: &Context, input: Text) -> nat::Result<usize> {
        Ok(input.text.len() + usize::from(ctx.user_id().is_some()))
    }
}

#[register_per_user_function(input_type = Text, streaming_output_type = String)]
async fn words(_config: (), _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

#[register_function(streaming_output_type = String)]
async fn shared_words(_config: (), _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

#[register_function(single_output_type = usize, streaming_output_type = String)]
async fn counted_words(_config: (), _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

#[register_per_user_function(input_type = String, streaming_output_type = char)]
async fn letters(_config: (), _builder: &Builder) -> nat::Result<impl StreamingFunction<Input = String, Chunk = char>> {
    Ok(from_stream_fn((), |_state, _ctx, text: String| stream! {
        for letter in text.chars() {
            yield letter;
        }
    }))
}

#[register_per_user_function(input_type = Text, single_output_type = usize, streaming_output_type = String)]
async fn both(
    _config: (),
    _builder: &Builder,
) -> nat::Result<impl Function<Input = Text, Output = usize> + StreamingFunction<Input = Text, Chunk = String>> {
    Ok(Words)
}

fn main() {}
