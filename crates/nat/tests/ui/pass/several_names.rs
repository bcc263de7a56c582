//! One builder function for several component types.

use nat::{Builder, Function, from_fn, register_function, register_per_user_function};

#[register_function(name = "shared-echo")]
#[register_function(name = "shared.echo")]
#[register_per_user_function(input_type = i64, single_output_type = i64)]
async fn echo(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, number: i64| async move { Ok(number) }))
}

fn main() {
    assert_eq!(nat::__private::inventory::iter::<nat::runtime::Registration>().count(), 3);
}
