//! `input_type` is not what the closure takes.

use nat::{Builder, Function, from_fn, register_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[register_function(input_type = i64, single_output_type = String)]
async fn shout(_config: Config, _builder: &Builder) -> nat::Result<impl Function<Input = String, Output = String>> {
    Ok(from_fn((), |_state, _ctx, text: String| async move { Ok(text.to_uppercase()) }))
}

fn main() {}
