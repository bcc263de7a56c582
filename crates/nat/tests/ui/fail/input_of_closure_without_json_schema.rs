//! A closure's input lacks a trait.

use nat::{Builder, Function, from_fn, register_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[derive(Serialize, Deserialize)]
struct NoteInput {}

#[register_function]
async fn shout(_config: Config, _builder: &Builder) -> nat::Result<impl Function<Input = NoteInput, Output = String>> {
    Ok(from_fn((), |_state, _ctx, _input: NoteInput| async move { Ok(String::new()) }))
}

fn main() {}
