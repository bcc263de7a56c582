//! The builder function returns something that is no function.

use nat::{Builder, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoteInput {}

#[derive(Serialize, JsonSchema)]
struct NoteOutput {}

#[register_per_user_function(input_type = NoteInput, single_output_type = NoteOutput)]
async fn notepad(_config: Config, _builder: &Builder) -> nat::Result<String> {
    Ok(String::new())
}

fn main() {}
