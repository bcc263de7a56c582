//! A parameter by half of its name.

use nat::{Builder, Context, Function, register_per_user_function};

struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

#[register_per_user_function(input_type = String, output_type = String)]
async fn echo(_config: (), _builder: &Builder) -> nat::Result<Echo> {
    Ok(Echo)
}

fn main() {}
