//! A reference to something else, for a function without a name.

use nat::{Function, from_fn, register_function};

#[register_function]
async fn echo(_config: (), _builder: &String) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_, _, number: i64| async move { Ok(number) }))
}

fn main() {}
