//! The attributes work on what a person's own macro writes.

use nat::{Builder, Context, Function, register_per_user_function};
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

fn main() {
    let mut found: Vec<_> = nat::__private::inventory::iter::<nat::runtime::Registration>()
        .map(|registration| (registration.type_name(), registration.description()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, [("echo_numbers", "Echoes numbers."), ("echo_text", "Echoes text.")]);
}
