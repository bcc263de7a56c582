//! A group's builder names its type.

use nat::{Builder, Context, register_per_user_function_group};
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

#[register_per_user_function_group]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<impl Send> {
    Ok(Bag)
}

fn main() {}
