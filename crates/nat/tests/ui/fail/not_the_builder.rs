//! A reference to something else.

use nat::{Context, Function, register_function};

struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

#[register_function]
async fn echo(_config: (), _builder: &Context) -> nat::Result<Echo> {
    Ok(Echo)
}

fn main() {}
