//! What a registration says of its Rust types, and the checks of what its attribute declares.
//!
//! The attribute macros write calls of these functions, spanned on the person's tokens, so the names
//! here are what a person reads in a compile error. Each value is made once from the types that
//! exist, and the checks compare it with the types that are declared: an unknown type is reported by
//! the first and never again by the second.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{GroupFunctionForm, SettingsType};
use crate::function::{Function, FunctionGroup, GroupFunction, StreamingFunction};
use crate::interface::{Gives, InputType, OutputType};
use crate::{Builder, Result};

/// The settings type of a component.
pub struct ConfigType<C> {
    pub(super) settings: SettingsType,
    config: PhantomData<fn() -> C>,
}

impl ConfigType<()> {
    /// The type of a builder function's first parameter.
    pub const fn of<C: ReadableSettings>() -> ConfigType<C> {
        ConfigType { settings: SettingsType::of::<C>(), config: PhantomData }
    }
}

impl<C> ConfigType<C> {
    /// Checks `config_type`.
    pub const fn config_type_must_be_the_type_of_the_first_parameter<Declared>(self) -> Self
    where
        C: IsTheDeclaredConfig<Declared>,
    {
        self
    }
}

/// What a function takes and gives.
pub struct FunctionTypes<I, O> {
    pub(super) input: InputType,
    /// Without the streaming side: a type that has one adds it with [`FunctionTypes::and_streams`].
    output: OutputType,
    pub(super) gives: Gives,
    types: PhantomData<fn(I) -> O>,
}

impl FunctionTypes<(), ()> {
    /// The types of a function whose type has a name.
    pub const fn of<F: Function>() -> FunctionTypes<F::Input, F::Output> {
        let output = OutputType::of::<F::Output>();
        FunctionTypes { input: InputType::of::<F::Input>(), output, gives: Gives::Output(output), types: PhantomData }
    }

    /// The types of the function that a builder function returns as `impl Function`.
    pub const fn returned_by<B, C, Built, F>(_builder_function: &B) -> FunctionTypes<F::Input, F::Output>
    where
        B: FnOnce(C, &'static Builder) -> Built,
        Built: Future<Output = Result<F>>,
        F: Function,
    {
        Self::of::<F>()
    }
}

impl<I, O> FunctionTypes<I, O> {
    /// Checks `input_type`.
    pub const fn input_type_must_be_what_the_function_takes<Declared>(self) -> Self
    where
        I: IsTheDeclaredInput<Declared>,
    {
        self
    }

    /// Checks `single_output_type`.
    pub const fn single_output_type_must_be_what_the_function_gives<Declared>(self) -> Self
    where
        O: IsTheDeclaredOutput<Declared>,
    {
        self
    }

    /// Adds what it streams.
    pub const fn and_streams<Streamed, K>(self, streams: StreamingTypes<Streamed, K>) -> Self
    where
        I: IsAlsoTheInputOfTheStream<Streamed>,
    {
        let gives = Gives::Both { output: self.output, chunk: streams.chunk };
        Self { input: self.input, output: self.output, gives, types: PhantomData }
    }
}

/// What a function takes and streams.
pub struct StreamingTypes<I, K> {
    pub(super) input: InputType,
    pub(super) chunk: OutputType,
    types: PhantomData<fn(I) -> K>,
}

impl StreamingTypes<(), ()> {
    /// The types of a streaming function whose type has a name.
    pub const fn of<F: StreamingFunction>() -> StreamingTypes<F::Input, F::Chunk> {
        StreamingTypes { input: InputType::of::<F::Input>(), chunk: OutputType::of::<F::Chunk>(), types: PhantomData }
    }

    /// The types of the streaming function that a builder function returns as `impl StreamingFunction`.
    pub const fn returned_by<B, C, Built, F>(_builder_function: &B) -> StreamingTypes<F::Input, F::Chunk>
    where
        B: FnOnce(C, &'static Builder) -> Built,
        Built: Future<Output = Result<F>>,
        F: StreamingFunction,
    {
        Self::of::<F>()
    }
}

impl<I, K> StreamingTypes<I, K> {
    /// Checks `input_type`.
    pub const fn input_type_must_be_what_the_function_takes<Declared>(self) -> Self
    where
        I: IsTheDeclaredInput<Declared>,
    {
        self
    }

    /// Checks `streaming_output_type`.
    pub const fn streaming_output_type_must_be_what_the_function_streams<Declared>(self) -> Self
    where
        K: IsTheDeclaredChunk<Declared>,
    {
        self
    }
}

/// The functions of a group.
pub struct GroupType {
    pub(super) functions: fn() -> Vec<GroupFunctionForm>,
}

impl GroupType {
    /// The functions of the group that a builder function returns.
    pub const fn of<G: FunctionGroup>() -> Self {
        Self { functions: forms::<G> }
    }
}

fn forms<G: FunctionGroup>() -> Vec<GroupFunctionForm> {
    let form = |function: &GroupFunction<G>| GroupFunctionForm {
        name: function.name,
        description: function.description,
        input: function.input,
        gives: Gives::Output(function.output),
        input_name: function.input_name,
    };
    G::FUNCTIONS.iter().map(form).collect()
}

/// The settings of a component that has none, for a builder function whose first parameter is `()`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub struct NoSettings {}

/// What a builder function may take as its settings: every type with the two derives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the settings of a component",
    label = "not a type of settings",
    note = "settings are read from the file and described by a schema: \
            put `#[derive(Deserialize, JsonSchema)]` on `{Self}`"
)]
pub trait ReadableSettings: DeserializeOwned + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ReadableSettings for T {}

/// `config_type` is the type of the builder function's first parameter.
#[diagnostic::on_unimplemented(
    message = "`config_type` is `{Declared}`, but the builder function takes its settings as `{Self}`",
    label = "not the type of the first parameter",
    note = "leave `config_type` out: the first parameter says it"
)]
pub trait IsTheDeclaredConfig<Declared> {}
impl<T> IsTheDeclaredConfig<T> for T {}

/// `input_type` is the function's `Input`.
#[diagnostic::on_unimplemented(
    message = "`input_type` is `{Declared}`, but the function takes `{Self}`",
    label = "not what the function takes",
    note = "write `input_type = {Self}`, or change what the function takes"
)]
pub trait IsTheDeclaredInput<Declared> {}
impl<T> IsTheDeclaredInput<T> for T {}

/// `single_output_type` is the function's `Output`.
#[diagnostic::on_unimplemented(
    message = "`single_output_type` is `{Declared}`, but the function gives `{Self}`",
    label = "not what the function gives",
    note = "write `single_output_type = {Self}`, or change what the function gives"
)]
pub trait IsTheDeclaredOutput<Declared> {}
impl<T> IsTheDeclaredOutput<T> for T {}

/// `streaming_output_type` is the function's `Chunk`.
#[diagnostic::on_unimplemented(
    message = "`streaming_output_type` is `{Declared}`, but the function streams `{Self}`",
    label = "not what the function streams",
    note = "write `streaming_output_type = {Self}`, or change what the function streams"
)]
pub trait IsTheDeclaredChunk<Declared> {}
impl<T> IsTheDeclaredChunk<T> for T {}

/// One function has one input, whichever way it is asked.
#[diagnostic::on_unimplemented(
    message = "the function takes `{Self}` to give one output, but `{Streamed}` to give a stream",
    label = "a function has one input type",
    note = "give `Function` and `StreamingFunction` the same `Input`"
)]
pub trait IsAlsoTheInputOfTheStream<Streamed> {}
impl<T> IsAlsoTheInputOfTheStream<T> for T {}

/// With one implementation only, rustc would infer the type instead of checking it, and complain in
/// words of its own.
#[diagnostic::do_not_recommend]
impl<T> IsAlsoTheInputOfTheStream<NoInput<T>> for T {}

/// Never anybody's input.
#[derive(Debug)]
pub struct NoInput<T>(PhantomData<T>);

impl<C> fmt::Debug for ConfigType<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<C>())
    }
}

impl<I, O> fmt::Debug for FunctionTypes<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<fn(I) -> O>())
    }
}

impl<I, K> fmt::Debug for StreamingTypes<I, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<fn(I) -> K>())
    }
}

impl fmt::Debug for GroupType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupType")
    }
}
