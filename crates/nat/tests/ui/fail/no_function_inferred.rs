//! The same where the types are inferred.

use nat::{Builder, register_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[register_function]
async fn notepad(_config: Config, _builder: &Builder) -> nat::Result<String> {
    Ok(String::new())
}

fn main() {}
