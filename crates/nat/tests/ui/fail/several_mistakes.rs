//! All mistakes of one attribute are reported together.

use nat::{Builder, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NoteInput {}

#[register_per_user_function(input_typ = NoteInput, name = "")]
fn notepad(_config: Config, _builder: Builder) {}

fn main() {}
