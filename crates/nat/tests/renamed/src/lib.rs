//! Components of a crate whose `Cargo.toml` calls the facade `workflow`; here, `::nat` is nothing.
#![forbid(unsafe_code)]

use schemars::JsonSchema;
use serde::Deserialize;
use workflow::{Builder, Context, Function, register_function, register_per_user_function_group};

/// Settings.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RenamedConfig {}

/// Answers what it is given.
#[derive(Debug)]
pub struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> workflow::Result<String> {
        Ok(text)
    }
}

#[register_function(crate = workflow, input_type = String)]
async fn renamed_echo(_config: RenamedConfig, _builder: &Builder) -> workflow::Result<Echo> {
    Ok(Echo)
}

/// Counts letters.
#[derive(Debug)]
pub struct Letters;

#[workflow::functions(crate = ::workflow)]
impl Letters {
    #[function]
    async fn count(&self, _ctx: &Context, text: String) -> workflow::Result<usize> {
        Ok(text.len())
    }
}

#[register_per_user_function_group(crate = "workflow")]
async fn renamed_letters(_config: RenamedConfig, _builder: &Builder) -> workflow::Result<Letters> {
    Ok(Letters)
}
