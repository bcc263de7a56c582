//! The attributes work on what a person's own macro writes.

use nat::{
    Builder, CloseReason, Context, Function, FunctionGroup, from_fn, register_function, register_per_user_function,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

macro_rules! echo {
    ($(#[doc = $doc:expr] $name:ident: $ty:ty, $text:literal, $built:ident;)*) => {$(
        struct $built;

        impl Function for $built {
            type Input = $ty;
            type Output = $ty;

            async fn call(&self, _ctx: &Context, input: $ty) -> nat::Result<$ty> {
                Ok(input)
            }
        }

        #[doc = $doc]
        #[register_per_user_function(config_type = Config, input_type = $ty, single_output_type = $ty, name = $text)]
        async fn $name(_config: Config, _builder: &Builder) -> nat::Result<$built> {
            Ok($built)
        }
    )*};
}

echo! {
    #[doc = "Echoes text."]
    text: String, "echo_text", EchoText;
    #[doc = "Echoes numbers."]
    number: Vec<i64>, "echo_numbers", EchoNumbers;
}

macro_rules! without_settings {
    ($name:ident, $config:ty, $builder:ty, $built:ty) => {
        #[register_function(config_type = $config, name = "plain")]
        async fn $name(_config: $config, _builder: $builder) -> $built {
            Ok(from_fn((), |_, _, number: i64| async move { Ok(number) }))
        }
    };
}

without_settings!(plain, (), &Builder, nat::Result<impl Function<Input = i64, Output = i64>>);

struct Group;

macro_rules! group {
    ($group:ty, $context:ty, $input:ty, $answer:ty, $reason:ty, $nothing:ty) => {
        #[nat::functions]
        impl $group {
            #[function]
            async fn echo(&self, _ctx: $context, input: $input) -> $answer {
                Ok(input)
            }

            #[close]
            async fn close(self, _reason: $reason) -> nat::Result<$nothing> {
                Ok(())
            }
        }
    };
}

group!(Group, &Context, Vec<String>, nat::Result<Vec<String>>, CloseReason, ());

fn main() {
    assert_eq!(Group::FUNCTIONS.len(), 1);
    let mut found: Vec<_> = nat::__private::inventory::iter::<nat::runtime::Registration>()
        .map(|registration| (registration.type_name(), registration.description()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("echo_numbers", "Echoes numbers."), ("echo_text", "Echoes text."), ("plain", "")]);
}
