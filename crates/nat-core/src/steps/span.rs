//! From a start to its end, whatever happens in between.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use async_stream::try_stream;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Listener, Run, SpanKind, Step};
use crate::function::Payload;
use crate::interface::{Given, Interface};
use crate::metrics::unix_seconds;
use crate::{Context, Result, Usage};

/// The end of a streaming call shows its first chunks: so many, and so many bytes of text and keys.
const CHUNKS_SHOWN: usize = 1_000;
const BYTES_SHOWN: usize = 1 << 20;

/// Where in the tree of spans a context stands; nil at the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) span: Uuid,
    pub(crate) function: Uuid,
}

/// Something under way that whoever watches the request is told of: made by
/// [`Context::span`](crate::Context::span) and its siblings.
///
/// Dropping it is its end too, one without an output: so ends what fails or is cancelled. When nobody
/// watches, all of it costs nothing.
#[must_use = "a span ends when it is dropped"]
pub struct Span<'a> {
    ctx: &'a Context,
    open: Option<Box<Open>>,
}

struct Open {
    /// The request within this span.
    inside: Context,
    listener: Arc<Listener>,
    kind: SpanKind,
    start: Step,
}

impl<'a> Span<'a> {
    /// A span that nobody is told of.
    pub(crate) fn untold(ctx: &'a Context) -> Self {
        Self { ctx, open: None }
    }

    pub(crate) fn begin(
        ctx: &'a Context,
        listener: &Arc<Listener>,
        kind: SpanKind,
        name: Arc<str>,
        input: Value,
        run: Option<Arc<Run>>,
    ) -> Self {
        let Position { span: parent, function: caller } = ctx.position();
        let id = Uuid::new_v4();
        let start = Step {
            kind: kind.start(),
            id,
            parent,
            caller,
            name,
            at: unix_seconds(),
            started: None,
            input: Some(Arc::new(input)),
            output: None,
            chunk: None,
            usage: None,
            run,
            chunks_left_out: 0,
        };
        listener.push(start.clone());
        let function = if kind == SpanKind::Function { id } else { caller };
        let inside = ctx.at(Position { span: id, function });
        Self { ctx, open: Some(Box::new(Open { inside, listener: listener.clone(), kind, start })) }
    }

    /// The request within this span: what is called with it is shown inside.
    pub fn context(&self) -> &Context {
        self.open.as_ref().map_or(self.ctx, |open| &open.inside)
    }

    /// Tells a piece of the answer: of a language model a token.
    pub fn chunk(&self, text: &str) {
        if let Some(open) = &self.open
            && open.listener.has_room_for_span()
        {
            let step = Step { chunk: Some(text.into()), ..open.start.clone() };
            open.listener.push(Step { kind: open.kind.chunk(), at: unix_seconds(), ..step });
        }
    }

    /// Adds tokens that this span used: to the request's, as
    /// [`Context::report_usage`](crate::Context::report_usage) does, and to what its end tells.
    pub fn report_usage(&mut self, usage: Usage) {
        self.ctx.report_usage(usage);
        if let Some(open) = &mut self.open {
            open.start.usage = Some(open.start.usage.unwrap_or_default() + usage);
        }
    }

    /// The good end. What cannot be written as JSON is shown as null.
    pub fn finish(self, output: &(impl Serialize + ?Sized)) {
        self.finish_with(|| serde_json::to_value(output).unwrap_or_default());
    }

    /// Tells with the end that there were so many chunks more than its output shows.
    fn leave_out(&mut self, chunks: u64) {
        if let Some(open) = &mut self.open {
            open.start.chunks_left_out = chunks;
        }
    }

    pub(crate) fn finish_with(mut self, output: impl FnOnce() -> Value) {
        if let Some(open) = self.open.take() {
            open.end(Some(Arc::new(output())));
        }
    }
}

impl Open {
    fn end(self, output: Option<Arc<Value>>) {
        let started = Some(self.start.at);
        let end = Step { kind: self.kind.end(), at: unix_seconds(), started, output, ..self.start };
        self.listener.push(end);
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            open.end(None);
        }
    }
}

impl fmt::Debug for Span<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span").field("start", &self.open.as_ref().map(|open| &open.start)).finish_non_exhaustive()
    }
}

/// What a streaming call is told as.
pub(crate) struct Told {
    pub(crate) what: What,
    pub(crate) interface: Arc<Interface>,
    pub(crate) given: Given,
}

pub(crate) enum What {
    Function(Arc<str>),
    Workflow { title: Arc<str>, function: Arc<str> },
}

impl Told {
    fn begin<'a>(&self, ctx: &'a Context, input: &Payload) -> Span<'a> {
        let input = || self.interface.input_value(&**input);
        match &self.what {
            What::Function(name) => ctx.function_span(name, input),
            What::Workflow { title, function } => ctx.workflow_span(title, function, input),
        }
    }
}

/// The chunks of a call, with a span around them; `call` makes the call within it.
pub(crate) fn streamed<S: Stream<Item = Result<Payload>> + Send>(
    ctx: Context,
    told: Told,
    input: Payload,
    call: impl FnOnce(Context, Payload) -> S + Send,
) -> impl Stream<Item = Result<Payload>> + Send {
    try_stream! {
        if let Some(listener) = ctx.listener() {
            listener.room().await;
        }
        let mut span = told.begin(&ctx, &input);
        let mut shown = Shown::default();
        let failure = {
            let mut chunks = pin!(call(span.context().clone(), input));
            loop {
                match chunks.next().await {
                    Some(Ok(chunk)) => {
                        shown.add(|| told.interface.shown_value(told.given, &*chunk));
                        yield chunk;
                    }
                    Some(Err(error)) => break Some(error),
                    None => break None,
                }
            }
        };
        // The end is told before the failure is, which is the last that a reader sees.
        match failure {
            None => {
                span.leave_out(shown.left_out);
                span.finish_with(|| match told.given {
                    Given::Chunk => Value::Array(shown.chunks),
                    Given::Output => shown.chunks.pop().unwrap_or_default(),
                });
            }
            Some(error) => {
                drop(span);
                Err(error)?;
            }
        }
    }
}

/// What the end of a call shows of a stream that may be endless.
#[derive(Default)]
struct Shown {
    chunks: Vec<Value>,
    bytes: usize,
    left_out: u64,
}

impl Shown {
    fn add(&mut self, chunk: impl FnOnce() -> Value) {
        if self.chunks.len() < CHUNKS_SHOWN && self.bytes < BYTES_SHOWN {
            let chunk = chunk();
            self.bytes = self.bytes.saturating_add(size(&chunk));
            self.chunks.push(chunk);
        } else {
            self.left_out += 1;
        }
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
    }
}
