//! The settings are made from the file, and the file goes.

use nat::{Builder, Context, Function, register_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config<'a> {
    name: &'a str,
}

struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

#[register_function]
async fn echo(config: Config<'_>, _builder: &Builder) -> nat::Result<Echo> {
    drop(config.name);
    Ok(Echo)
}

fn main() {}
