//! A function whose input type takes more than its schema shows.

use nat_core::{Context, Function, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Default)]
pub(super) struct Aliased;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Ask {
    #[serde(alias = "body")]
    text: String,
    #[serde(default)]
    tone: Tone,
    #[serde(default)]
    amount: u128,
    #[serde(default, alias = "count")]
    #[schemars(range(max = 9))]
    times: i64,
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Tone {
    #[default]
    Plain,
    #[serde(other)]
    Other,
}

impl Function for Aliased {
    type Input = Ask;
    type Output = String;

    async fn call(&self, _ctx: &Context, ask: Ask) -> Result<String> {
        Ok(format!("{} {:?} {} {}", ask.text, ask.tone, ask.amount, ask.times))
    }
}
