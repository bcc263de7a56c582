//! `impl Function` without its types cannot be compared with the declared ones.

use nat::{Builder, Function, from_fn, register_per_user_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[register_per_user_function(input_type = String, single_output_type = String)]
async fn shout(_config: Config, _builder: &Builder) -> nat::Result<impl Function> {
    Ok(from_fn((), |_state, _ctx, text: String| async move { Ok(text.to_uppercase()) }))
}

fn main() {}
