//! Functions made of a state and a closure, with and without a close, declared and inferred.

use std::sync::atomic::{AtomicU64, Ordering};

use nat::{Builder, Function, from_fn, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct GreetingConfig {
    greeting: String,
}

#[register_per_user_function(input_type = String, single_output_type = String)]
async fn greeter(
    config: GreetingConfig,
    _builder: &Builder,
) -> nat::Result<impl Function<Input = String, Output = String>> {
    let calls = AtomicU64::new(0);
    Ok(from_fn((config, calls), |state, _ctx, name: String| async move {
        let number = state.1.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(format!("{}, {name} #{number}", state.0.greeting))
    })
    .on_close(|state, _reason| async move {
        state.1.store(0, Ordering::Relaxed);
        Ok(())
    }))
}

#[register_function]
async fn inferred(_config: (), builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    let length = builder.name().len() as i64;
    Ok(from_fn(length, |length, _ctx, by: i64| async move { Ok(*length + by) }))
}

#[register_function]
async fn nothing_said(_config: (), _builder: &Builder) -> nat::Result<impl Function> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

#[register_function]
async fn with_more_bounds(
    _config: (),
    _builder: &Builder,
) -> nat::Result<impl Function<Input = i64, Output = i64> + Send + use<'_>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

fn main() {
    assert_eq!(nat::__private::inventory::iter::<nat::runtime::Registration>().count(), 4);
}
