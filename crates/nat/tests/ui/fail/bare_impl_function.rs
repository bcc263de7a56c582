//! A builder function may fail.

use nat::{Builder, Function, from_fn, register_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[register_function]
async fn shout(_config: Config, _builder: &Builder) -> impl Function<Input = String, Output = String> {
    from_fn((), |_state, _ctx, text: String| async move { Ok(text.to_uppercase()) })
}

fn main() {}
