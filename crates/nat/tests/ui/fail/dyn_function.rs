//! Functions of many types in one box.

use nat::{Builder, Context, Function, register_function};

struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(text)
    }
}

#[register_function]
async fn echo(_config: (), _builder: &Builder) -> nat::Result<Box<dyn Function<Input = String, Output = String>>> {
    Ok(Box::new(Echo))
}

fn main() {}
