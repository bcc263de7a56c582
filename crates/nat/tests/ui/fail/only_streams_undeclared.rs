//! What only streams has to say so.

use nat::{Builder, Context, Stream, StreamingFunction, register_function, stream};

struct Words;

impl StreamingFunction for Words {
    type Input = String;
    type Chunk = String;

    fn stream(&self, _ctx: &Context, text: String) -> impl Stream<Item = nat::Result<String>> + Send {
        stream! {
            yield text;
        }
    }
}

#[register_function]
async fn words(_settings: (), _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

fn main() {}
