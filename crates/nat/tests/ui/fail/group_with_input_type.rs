//! A group has no input of its own.

use nat::{Builder, Context, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

#[register_function_group(input_type = String, single_output_type = usize)]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag)
}

fn main() {}
