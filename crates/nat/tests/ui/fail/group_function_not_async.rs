//! A group's function is not `async`, and the group stays one.

use nat::{Builder, Context, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

#[register_function_group]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag)
}

fn main() {}
