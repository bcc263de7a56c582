//! Two names that look the same are refused before there are two.

use nat::{Builder, Context, Function, register_function};

struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

#[register_function(name = "\u{202e}ohce")]
async fn echo(_config: (), _builder: &Builder) -> nat::Result<Echo> {
    Ok(Echo)
}

fn main() {}
