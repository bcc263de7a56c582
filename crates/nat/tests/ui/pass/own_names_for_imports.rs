//! What is imported under a name of the person's own is the same type.

use nat::{
    Builder as NatBuilder, CloseReason as Why, Context as Ctx, Function, Result as NatResult, from_fn,
    register_function, register_per_user_function, register_per_user_function_group,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Config {}

struct Echo;

impl Function for Echo {
    type Input = i64;
    type Output = i64;

    async fn call(&self, _ctx: &Ctx, number: i64) -> NatResult<i64> {
        Ok(number)
    }
}

#[register_per_user_function(input_type = i64, single_output_type = i64)]
async fn echo(_config: Config, _builder: &NatBuilder) -> NatResult<Echo> {
    Ok(Echo)
}

#[register_function]
async fn shared_echo(_config: Config, _builder: &NatBuilder) -> nat::Result<Echo> {
    Ok(Echo)
}

#[register_per_user_function(input_type = i64, single_output_type = i64)]
async fn twice(_config: (), builder: &NatBuilder) -> NatResult<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn(builder.name().len(), |_, _, number: i64| async move { Ok(2 * number) }))
}

#[register_function]
async fn thrice(_config: (), _builder: &nat::Builder) -> NatResult<impl Function<Input = i64, Output = i64>> {
    Ok(from_fn((), |_, _, number: i64| async move { Ok(3 * number) }))
}

struct Group;

#[nat::functions]
impl Group {
    #[function]
    async fn add(&self, _ctx: &Ctx, number: i64) -> NatResult<i64> {
        Ok(number)
    }

    #[close]
    async fn close(self, _why: Why) -> NatResult<()> {
        Ok(())
    }
}

#[register_per_user_function_group]
async fn group(_config: Config, _builder: &NatBuilder) -> NatResult<Group> {
    Ok(Group)
}

fn main() {
    assert_eq!(nat::__private::inventory::iter::<nat::runtime::Registration>().count(), 5);
}
