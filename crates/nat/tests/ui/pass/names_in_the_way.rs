//! A person's own names never meet the generated ones.
#![allow(dead_code, non_camel_case_types)]

use ::nat::Function as NatFunction;
use ::nat::{Context, register_function, register_function_group};

mod nat {}
mod core {}
mod std {}

struct Box;
struct Result<T>(T);
struct Ok;
struct String;
struct Registration;
struct Component;
struct Settings;
struct push;

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Function {}

struct Heading;

impl NatFunction for Heading {
    type Input = Function;
    type Output = Function;

    async fn call(&self, _ctx: &Context, input: Function) -> ::nat::Result<Function> {
        ::core::result::Result::Ok(input)
    }
}

#[register_function]
async fn builder(_config: Function, _builder: &::nat::Builder) -> ::nat::Result<Heading> {
    ::core::result::Result::Ok(Heading)
}

#[register_function(input_type = Function, single_output_type = Function)]
async fn settings(settings: Function, build: &::nat::Builder) -> ::nat::Result<Heading> {
    drop((settings, build.name().len()));
    ::core::result::Result::Ok(Heading)
}

#[register_function]
async fn build(_: (), _: &::nat::Builder) -> ::nat::Result<impl NatFunction<Input = i64, Output = i64>> {
    ::core::result::Result::Ok(::nat::from_fn((), |_, _, by: i64| async move { ::core::result::Result::Ok(by) }))
}

struct Group;

#[::nat::functions]
impl Group {
    #[function]
    async fn call(&self, ctx: &Context, group: Function) -> ::nat::Result<Function> {
        let _ = ctx;
        ::core::result::Result::Ok(group)
    }

    #[function]
    async fn push(&self, _ctx: &Context, input: (Function, Function)) -> ::nat::Result<Vec<Function>> {
        ::core::result::Result::Ok(vec![input.0, input.1])
    }

    #[close]
    async fn close(self, _reason: ::nat::CloseReason) -> ::nat::Result<()> {
        ::core::result::Result::Ok(())
    }
}

#[register_function_group]
async fn group(_: Function, _: &::nat::Builder) -> ::nat::Result<Group> {
    ::core::result::Result::Ok(Group)
}

fn main() {
    assert_eq!(::nat::__private::inventory::iter::<::nat::runtime::Registration>().count(), 4);
}
