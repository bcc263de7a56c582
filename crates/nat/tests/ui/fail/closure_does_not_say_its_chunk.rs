//! `impl StreamingFunction` without its types, and types that are declared.

use nat::{Builder, StreamingFunction, from_stream_fn, register_per_user_function, stream};

#[register_per_user_function(input_type = String, streaming_output_type = String)]
async fn words(_config: (), _builder: &Builder) -> nat::Result<impl StreamingFunction> {
    Ok(from_stream_fn((), |_state, _ctx, text: String| stream! { yield text; }))
}

fn main() {}
