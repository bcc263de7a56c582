//! The attribute macros of `nat`. They are documented where people find them, on their re-exports in
//! the facade crate.

mod args;
mod assertions;
mod errors;
mod expand;
mod group;
mod names;
mod signature;
mod types;

use proc_macro::TokenStream;

use crate::expand::{Kind, Scope};

#[proc_macro_attribute]
pub fn register_function(parameters: TokenStream, item: TokenStream) -> TokenStream {
    expand::builder_function(Kind::Function, Scope::Shared, parameters.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn register_per_user_function(parameters: TokenStream, item: TokenStream) -> TokenStream {
    expand::builder_function(Kind::Function, Scope::PerUser, parameters.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn register_function_group(parameters: TokenStream, item: TokenStream) -> TokenStream {
    expand::builder_function(Kind::Group, Scope::Shared, parameters.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn register_per_user_function_group(parameters: TokenStream, item: TokenStream) -> TokenStream {
    expand::builder_function(Kind::Group, Scope::PerUser, parameters.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn register_component(parameters: TokenStream, item: TokenStream) -> TokenStream {
    expand::component(parameters.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn functions(parameters: TokenStream, item: TokenStream) -> TokenStream {
    group::functions(parameters.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn function(_parameters: TokenStream, item: TokenStream) -> TokenStream {
    group::stray("function", item.into()).into()
}

#[proc_macro_attribute]
pub fn close(_parameters: TokenStream, item: TokenStream) -> TokenStream {
    group::stray("close", item.into()).into()
}
