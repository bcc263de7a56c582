//! Several functions over one state.

use std::fmt;
use std::future::{Future, ready};

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CloseReason;
use super::cell::wrong_payload;
use super::erased::Payload;
use crate::interface::{InputType, OutputType};
use crate::{Context, Result};

/// Several functions that share one state. `#[nat::functions]` writes the implementation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function group of the workflow runtime",
    label = "this must have an `impl` block marked `#[nat::functions]`",
    note = "write `#[nat::functions] impl {Self} {{ #[function] async fn … }}`"
)]
pub trait FunctionGroup: Send + Sync + Sized + 'static {
    /// The functions, in declaration order.
    const FUNCTIONS: &'static [GroupFunction<Self>];

    /// Runs once when the instance ends; see [`Function::close`](super::Function::close).
    ///
    /// # Errors
    ///
    /// An error is logged and changes nothing.
    fn close(self, reason: CloseReason) -> impl Future<Output = Result<()>> + Send {
        drop((self, reason));
        ready(Ok(()))
    }
}

/// One method of a group, by its types. `#[nat::functions]` makes one for each `#[function]`.
pub trait GroupMethod<G>: 'static {
    /// The method's name.
    const NAME: &'static str;
    /// Its doc comment.
    const DESCRIPTION: &'static str;
    /// The name of its input parameter, which names the field of a simple input.
    const INPUT_NAME: &'static str;
    /// What it takes.
    type Input: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// What it gives.
    type Output: Serialize + JsonSchema + Send + 'static;

    /// Calls it.
    fn call(group: &G, ctx: &Context, input: Self::Input) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// One function of a group, without its types.
pub struct GroupFunction<G> {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) input_name: &'static str,
    pub(crate) input: InputType,
    pub(crate) output: OutputType,
    call: for<'a> fn(&'a G, &'a Context, Payload) -> BoxFuture<'a, Result<Payload>>,
}

impl<G: Sync + 'static> GroupFunction<G> {
    /// The function that calls method `M`.
    pub const fn of<M: GroupMethod<G>>() -> Self {
        Self {
            name: M::NAME,
            description: M::DESCRIPTION,
            input_name: M::INPUT_NAME,
            input: InputType::of::<M::Input>(),
            output: OutputType::of::<M::Output>(),
            call: call::<G, M>,
        }
    }

    pub(crate) fn call<'a>(&self, group: &'a G, ctx: &'a Context, input: Payload) -> BoxFuture<'a, Result<Payload>> {
        (self.call)(group, ctx, input)
    }
}

fn call<'a, G: Sync, M: GroupMethod<G>>(
    group: &'a G,
    ctx: &'a Context,
    input: Payload,
) -> BoxFuture<'a, Result<Payload>> {
    Box::pin(async move {
        let input = *input.downcast::<M::Input>().map_err(|_| wrong_payload(M::NAME))?;
        let output = M::call(group, ctx, input).await?;
        Ok(Box::new(output) as Payload)
    })
}

impl<G> fmt::Debug for GroupFunction<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupFunction").field("name", &self.name).finish_non_exhaustive()
    }
}
