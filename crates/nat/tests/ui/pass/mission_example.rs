//! The function that the documentation of per-user functions begins with.

use std::sync::atomic::{AtomicI64, Ordering};

use nat::{Builder, CloseReason, Context, Function, Scope, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
pub struct MyInput {
    /// Input message
    pub message: String,
}

#[derive(Serialize, JsonSchema)]
pub struct MyOutput {
    /// Response message
    pub response: String,
    /// Number of times this user called the function
    pub count: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct MyPerUserFunctionConfig {
    /// Greeting to use
    #[serde(default = "hello")]
    pub greeting: String,
}

fn hello() -> String {
    "Hello".to_owned()
}

/// Greets, and counts how often.
#[register_per_user_function(
    config_type = MyPerUserFunctionConfig,
    input_type = MyInput,
    single_output_type = MyOutput,
)]
pub async fn my_per_user_function(config: MyPerUserFunctionConfig, _builder: &Builder) -> nat::Result<Greeter> {
    Ok(Greeter { greeting: config.greeting, calls: AtomicI64::new(0) })
}

pub struct Greeter {
    greeting: String,
    calls: AtomicI64,
}

impl Function for Greeter {
    type Input = MyInput;
    type Output = MyOutput;

    async fn call(&self, _ctx: &Context, input: MyInput) -> nat::Result<MyOutput> {
        let count = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(MyOutput { response: format!("{}, {}!", self.greeting, input.message), count })
    }

    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

fn main() {
    let [registration] = nat::__private::inventory::iter::<nat::runtime::Registration>().collect::<Vec<_>>()[..] else {
        panic!("one function is registered");
    };
    assert_eq!(registration.type_name(), "my_per_user_function");
    assert_eq!(registration.description(), "Greets, and counts how often.");
    assert_eq!(registration.scope(), Scope::PerUser);
    assert!(registration.site().file.ends_with("mission_example.rs"));
    assert_eq!(registration.site().line, 35);
    assert!(!registration.site().package.is_empty() && !registration.site().version.is_empty());
}
