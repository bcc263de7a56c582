//! Plain types go in and come out, declared or inferred.

use nat::{Builder, Context, Function, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct MyConfig {}

struct Length;

impl Function for Length {
    type Input = String;
    type Output = usize;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<usize> {
        Ok(text.len())
    }
}

#[register_per_user_function(input_type = String, single_output_type = usize, input_name = "text")]
async fn declared(_config: MyConfig, _builder: &Builder) -> nat::Result<Length> {
    Ok(Length)
}

#[register_function]
async fn inferred(_config: MyConfig, _builder: &Builder) -> nat::Result<Length> {
    Ok(Length)
}

#[register_function(input_type = String)]
async fn half_declared(_config: MyConfig, _builder: &Builder) -> Result<Length, nat::Error> {
    Ok(Length)
}

struct Words;

impl Function for Words {
    type Input = Vec<String>;
    type Output = Option<(bool, f64)>;

    async fn call(&self, _ctx: &Context, _words: Vec<String>) -> nat::Result<Option<(bool, f64)>> {
        Ok(None)
    }
}

#[register_per_user_function(input_type = Vec<String>, single_output_type = Option<(bool, f64)>, name = "words-1")]
async fn composed(_config: MyConfig, _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

fn main() {
    let mut names: Vec<_> =
        nat::__private::inventory::iter::<nat::runtime::Registration>().map(|r| r.type_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["declared", "half_declared", "inferred", "words-1"]);
}
