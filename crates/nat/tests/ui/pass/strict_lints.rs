//! What the attributes write passes the strictest settings that a crate can have.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, nonstandard_style, rust_2018_idioms, future_incompatible)]
#![deny(unreachable_pub, unused_qualifications, unused_results, missing_debug_implementations)]
#![deny(single_use_lifetimes, trivial_casts, unused_lifetimes, unused_import_braces, let_underscore_drop)]

use nat::register_per_user_function_group;
use nat::{Builder, CloseReason, Context, Function, from_fn, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Config {
    /// A label.
    pub label: String,
}

/// An input.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// A text.
    pub text: String,
}

#[derive(Debug)]
struct Echo(String);

impl Function for Echo {
    type Input = Input;
    type Output = String;

    async fn call(&self, _ctx: &Context, input: Input) -> nat::Result<String> {
        Ok(self.0.clone() + &input.text)
    }
}

#[register_per_user_function(config_type = Config, input_type = Input, single_output_type = String)]
async fn echo(config: Config, _builder: &Builder) -> nat::Result<Echo> {
    Ok(Echo(config.label))
}

#[register_function]
async fn closure(_config: (), _builder: &Builder) -> nat::Result<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_state, _ctx, by: i64| async move { Ok(by) }))
}

#[derive(Debug)]
struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, input: Input) -> nat::Result<usize> {
        Ok(input.text.len())
    }

    #[close]
    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

#[register_per_user_function_group]
async fn bag(_config: Config, _builder: &Builder) -> nat::Result<Bag> {
    Ok(Bag)
}

fn main() {
    assert_eq!(nat::__private::inventory::iter::<nat::runtime::Registration>().count(), 3);
}
