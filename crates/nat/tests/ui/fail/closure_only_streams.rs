//! A stream without a name of which nothing is declared.

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
async fn words(
    _config: (),
    _builder: &Builder,
) -> nat::Result<impl StreamingFunction<Input = String, Chunk = String>> {
    Ok(Words)
}

fn main() {}
