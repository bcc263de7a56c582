//! The builder function returns something that is no group.

use nat::{Builder, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Bag;

#[register_function_group]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag)
}

fn main() {}
