//! A person's own constants and types never meet the generated names, in lower case either.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

use nat::{Builder, Builder as Own, CloseReason, Context, Function, register_function, register_function_group};
use schemars::JsonSchema;
use serde::Deserialize;

const build: i64 = 5;
const builder: i64 = 5;
const ctx: i64 = 5;
const group: i64 = 5;
const reason: i64 = 5;
const REGISTRATION: i64 = 5;
static _settings: i64 = 5;
static given: i64 = 5;
static input: i64 = 5;
static settings: i64 = 5;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Echo;

impl Function for Echo {
    type Input = i64;
    type Output = i64;

    async fn call(&self, _: &Context, number: i64) -> nat::Result<i64> {
        Ok(number)
    }
}

#[register_function]
async fn with_settings(_: Config, _: &Builder) -> nat::Result<Echo> {
    Ok(Echo)
}

#[register_function]
async fn without_settings(_: (), _: &Builder) -> nat::Result<Echo> {
    Ok(Echo)
}

#[register_function]
async fn under_own_names(_: Config, _: &Own) -> nat::Result<Echo> {
    Ok(Echo)
}

/// Derives are not ready for types like these.
mod types_in_the_way {
    pub struct str;
    pub struct usize;

    use nat::{CloseReason, Context};

    pub struct Group;

    #[nat::functions]
    impl Group {
        #[function]
        async fn echo(&self, _: &Context, number: i64) -> nat::Result<i64> {
            Ok(number)
        }

        #[close]
        async fn close(self, _: CloseReason) -> nat::Result<()> {
            Ok(())
        }
    }

    #[nat::register_function]
    async fn in_the_way(_: (), _: &nat::Builder) -> nat::Result<super::Echo> {
        Ok(super::Echo)
    }
}

/// For the constants.
struct Group;

#[nat::functions]
impl Group {
    #[function]
    async fn echo(&self, _: &Context, number: i64) -> nat::Result<i64> {
        Ok(number)
    }

    #[close]
    async fn close(self, _: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

#[register_function_group]
async fn make_group(_: Config, _: &Builder) -> nat::Result<Group> {
    Ok(Group)
}

fn main() {
    assert_eq!(nat::__private::inventory::iter::<nat::runtime::Registration>().count(), 5);
}
