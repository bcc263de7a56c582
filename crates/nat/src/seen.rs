//! What the attributes cannot see: which type stands behind a name, as in `use nat::Context as Ctx`.
//!
//! The generated code passes every such value through one of these traits, spanned on the type that the
//! person wrote. So any name of the right type will do, and a wrong type gets a sentence.

use nat_core::{Builder, CloseReason, Context, Result};

/// What a group's function is told first.
#[diagnostic::on_unimplemented(
    message = "the first parameter after `&self` is `&nat::Context`, not `&{Self}`",
    label = "this must be `nat::Context`",
    note = "a function takes the request that is being answered, then its input: `(&self, ctx: &Context, input: YourInput)`"
)]
pub trait IsTheContext {
    /// The context under the person's name for it.
    fn given(ctx: &Context) -> &Self;
}

impl IsTheContext for Context {
    fn given(ctx: &Context) -> &Self {
        ctx
    }
}

/// What a builder function is told second.
#[diagnostic::on_unimplemented(
    message = "the second parameter of a builder function is `&nat::Builder`, not `&{Self}`",
    label = "this must be `nat::Builder`"
)]
pub trait IsTheBuilder {
    /// The builder under the person's name for it.
    fn given(builder: &Builder) -> &Self;
}

impl IsTheBuilder for Builder {
    fn given(builder: &Builder) -> &Self {
        builder
    }
}

/// What a close is told.
#[diagnostic::on_unimplemented(
    message = "a close is told why, by a `nat::CloseReason`, not by `{Self}`",
    label = "this must be `nat::CloseReason`"
)]
pub trait IsTheCloseReason {
    /// The reason under the person's name for it.
    fn given(reason: CloseReason) -> Self;
}

impl IsTheCloseReason for CloseReason {
    fn given(reason: CloseReason) -> Self {
        reason
    }
}

/// What all of them return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `nat::Result`",
    label = "this must be `nat::Result<…>`",
    note = "inside of the function, `?` makes a `nat::Error` of any other error"
)]
pub trait IsAResult<T> {
    /// The result under the name that the runtime has for it.
    ///
    /// # Errors
    ///
    /// Its own.
    fn seen(self) -> Result<T>;
}

impl<T> IsAResult<T> for Result<T> {
    fn seen(self) -> Self {
        self
    }
}

/// [`IsAResult::seen`], with its bound at one place.
///
/// # Errors
///
/// Those of `returned`.
pub fn must_be_a_result<T, R: IsAResult<T>>(returned: R) -> Result<T> {
    returned.seen()
}
