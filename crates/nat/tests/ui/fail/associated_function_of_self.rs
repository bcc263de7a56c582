//! A builder function inside of `impl` that says so.

use nat::{Builder, Context, Function, register_function};

struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

impl Echo {
    #[register_function]
    async fn make(_config: (), _builder: &Builder) -> nat::Result<Self> {
        Ok(Echo)
    }
}

fn main() {}
