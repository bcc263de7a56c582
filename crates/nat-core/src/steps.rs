//! Steps: what happens inside a request, told to whoever listens.
//!
//! Every function call, the workflow, and the spans that functions open emit a start and an end, the
//! end also when they fail or are dropped. They go through the request's [`Context`](crate::Context)
//! into a queue, bounded in number and bytes, that the request's own reader empties. Nobody waits for
//! the reader: what does not fit is left out.
//!
//! A request without a listener pays one comparison for each call: nothing is written as JSON,
//! allocated or timed.

mod budget;
mod kind;
mod listener;
mod measure;
mod span;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use budget::{Budget, Erased, Known, Shown};
pub(crate) use kind::SpanKind;
pub use kind::{Edge, StepKind};
pub(crate) use listener::Listener;
pub(crate) use measure::measure;
pub use span::Span;
pub(crate) use span::{Beginning, Name, Position, Told, What, streamed};
pub(crate) use step::Run;
pub use step::{Step, StepPayload};
