//! Group functions with wrong parameters.

use nat::{Builder, Context, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn without_input(&self, _ctx: &Context) -> nat::Result<usize> {
        Ok(0)
    }

    #[function]
    async fn by_value(self, _ctx: &Context, _item: String) -> nat::Result<usize> {
        Ok(0)
    }

    #[function]
    async fn swapped(&self, _item: String, _ctx: &Context) -> nat::Result<usize> {
        Ok(0)
    }

    #[function]
    async fn nothing() -> nat::Result<usize> {
        Ok(0)
    }
}

#[register_function_group]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag)
}

fn main() {}
