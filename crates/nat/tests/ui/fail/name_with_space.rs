//! A name is one word.

use nat::{Builder, Context, Function, register_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoteInput {}

#[derive(Serialize, JsonSchema)]
struct NoteOutput {}

struct Notepad;

impl Function for Notepad {
    type Input = NoteInput;
    type Output = NoteOutput;

    async fn call(&self, _ctx: &Context, _input: NoteInput) -> nat::Result<NoteOutput> {
        Ok(NoteOutput {})
    }
}

#[register_function(name = "note pad", input_name = "a b")]
async fn notepad(_config: Config, _builder: &Builder) -> nat::Result<Notepad> {
    Ok(Notepad)
}

fn main() {}
