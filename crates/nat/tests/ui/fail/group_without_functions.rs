//! A group without functions.

use nat::{Builder, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Bag;

#[nat::functions]
impl Bag {
    fn push(&self) {}
}

#[register_function_group]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag)
}

fn main() {}
