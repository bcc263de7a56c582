//! Steps: what happens inside a request, told to whoever listens.
//!
//! Every function call, the workflow, and the spans that functions open emit a start and an end, the
//! end also when they fail or are dropped. They go through the request's [`Context`](crate::Context)
//! into a bounded queue that the request's own reader empties.
//!
//! A request without a listener pays one comparison for each call: nothing is written as JSON,
//! allocated or timed.

mod kind;
mod listener;
mod span;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use kind::SpanKind;
pub use kind::{Edge, StepKind};
pub(crate) use listener::Listener;
pub use span::Span;
pub(crate) use span::{Position, Told, What, streamed};
pub(crate) use step::Run;
pub use step::{Step, StepPayload};
