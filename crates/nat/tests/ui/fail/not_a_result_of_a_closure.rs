//! Something else around a function without a name.

use nat::{Builder, Function, from_fn, register_function};

#[register_function]
async fn echo(_config: (), _builder: &Builder) -> Option<impl Function<Input = i64, Output = i64>> {
    Some(from_fn((), |_, _, number: i64| async move { Ok(number) }))
}

fn main() {}
