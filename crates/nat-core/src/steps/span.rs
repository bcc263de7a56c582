//! From a start to its end, whatever happens in between.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use async_stream::try_stream;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::budget::{self, Budget, Charge, Known, Showable, Shown};
use super::listener::Waiting;
use super::{Listener, Run, SpanKind, Step};
use crate::function::Payload;
use crate::interface::{Given, Interface};
use crate::metrics::unix_seconds;
use crate::{Context, Result, Usage};

/// The end of a streaming call shows its first chunks: so many, and so many bytes of them.
const CHUNKS_SHOWN: usize = 1_000;
const BYTES_SHOWN: usize = 1 << 20;

/// What an open span holds beside its name and its input.
pub(super) const OPEN: usize = size_of::<Open>();

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
    /// Of the span and of its input.
    charges: [Option<Charge>; 2],
}

/// What a span begins with.
pub(crate) struct Beginning<'n> {
    pub(crate) kind: SpanKind,
    pub(crate) name: Name<'n>,
    pub(crate) run: Option<Arc<Run>>,
}

/// What a span is called.
pub(crate) enum Name<'n> {
    /// As its author says.
    Given(&'n str),
    /// As the plan says, which holds the name anyway.
    Planned(&'n Arc<str>),
}

impl<'a> Span<'a> {
    /// A span that nobody is told of.
    pub(crate) fn untold(ctx: &'a Context) -> Self {
        Self { ctx, open: None }
    }

    /// A span that is told, unless it is to be left out.
    pub(crate) fn begin(
        ctx: &'a Context,
        listener: &Arc<Listener>,
        beginning: Beginning<'_>,
        input: impl FnOnce(&Arc<Budget>) -> Shown,
    ) -> Self {
        let Beginning { kind, name, run } = beginning;
        let Some((waiting, whole)) = listener.admit_span(name.bytes()) else { return Self::untold(ctx) };
        let Position { span: parent, function: caller } = ctx.position();
        let id = Uuid::new_v4();
        let Shown { value, charge } = input(listener.budget());
        let start = Step {
            kind: kind.start(),
            id,
            parent,
            caller,
            name: name.shared(),
            at: unix_seconds(),
            started: None,
            input: Some(value),
            output: None,
            chunk: None,
            usage: None,
            run,
            chunks_left_out: 0,
            steps_left_out: 0,
        };
        listener.push(Waiting { step: start.clone(), charges: [Some(waiting), charge.clone(), None] });
        let function = if kind == SpanKind::Function { id } else { caller };
        let inside = ctx.at(Position { span: id, function });
        let charges = [Some(whole), charge];
        Self { ctx, open: Some(Box::new(Open { inside, listener: listener.clone(), kind, start, charges })) }
    }

    /// The request within this span: what is called with it is shown inside.
    pub fn context(&self) -> &Context {
        self.open.as_ref().map_or(self.ctx, |open| &open.inside)
    }

    /// Tells a piece of the answer: of a language model a token.
    pub fn chunk(&self, text: &str) {
        if let Some(open) = &self.open
            && open.listener.is_open()
            && let Some(charge) = open.listener.admit_piece(text.len())
        {
            let step = Step { chunk: Some(text.into()), ..open.start.clone() };
            let step = Step { kind: open.kind.chunk(), at: unix_seconds(), ..step };
            let [_, input] = open.charges.clone();
            open.listener.push(Waiting { step, charges: [Some(charge), input, None] });
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
        self.finish_with(|budget| budget.show(&Known(output)));
    }

    /// Tells with the end that there were so many chunks more than its output shows.
    fn leave_out(&mut self, chunks: u64) {
        if let Some(open) = &mut self.open {
            open.start.chunks_left_out = chunks;
        }
    }

    pub(crate) fn finish_with(mut self, output: impl FnOnce(&Arc<Budget>) -> Shown) {
        if let Some(open) = self.open.take() {
            let output = open.listener.is_open().then(|| output(open.listener.budget()));
            open.end(output);
        }
    }
}

impl Open {
    fn end(self, output: Option<Shown>) {
        let (output, charge) = output.map(|Shown { value, charge }| (value, charge)).unzip();
        let started = Some(self.start.at);
        let steps_left_out = if self.kind == SpanKind::Workflow { self.listener.left_out() } else { 0 };
        let step = Step { kind: self.kind.end(), at: unix_seconds(), started, output, steps_left_out, ..self.start };
        let [whole, input] = self.charges;
        self.listener.push(Waiting { step, charges: [whole, input, charge.flatten()] });
    }
}

impl Name<'_> {
    /// What it takes beside the plan.
    fn bytes(&self) -> usize {
        match self {
            Self::Given(name) => name.len(),
            Self::Planned(_) => 0,
        }
    }

    fn shared(self) -> Arc<str> {
        match self {
            Self::Given(name) => name.into(),
            Self::Planned(name) => name.clone(),
        }
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
        let input = |budget: &Arc<Budget>| budget.show(&self.interface.shown_input(&**input));
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
            listener.yield_to_reader().await;
        }
        let mut span = told.begin(&ctx, &input);
        let mut shown = ShownChunks::of(&span, told.given);
        let failure = {
            let mut chunks = pin!(call(span.context().clone(), input));
            loop {
                match chunks.next().await {
                    Some(Ok(chunk)) => {
                        shown.add(&told.interface.shown(told.given, &*chunk));
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
                span.leave_out(if told.given == Given::Chunk { shown.left_out } else { 0 });
                span.finish_with(|_| shown.whole());
            }
            Some(error) => {
                drop(span);
                Err(error)?;
            }
        }
    }
}

/// What the end of a call shows of a stream that may be endless.
struct ShownChunks {
    /// Empty where nobody is told of the end.
    charge: Option<Charge>,
    chunks: Vec<Value>,
    bytes: usize,
    left_out: u64,
    given: Given,
}

impl ShownChunks {
    fn of(span: &Span<'_>, given: Given) -> Self {
        let charge = span.open.as_ref().and_then(|open| open.listener.budget().charge(0, usize::MAX));
        Self { charge, chunks: Vec::new(), bytes: 0, left_out: 0, given }
    }

    /// Keeps the chunk if all before it were kept, and it fits.
    fn add(&mut self, chunk: &impl Showable) {
        let Some(charge) = &self.charge else { return };
        let most = match self.given {
            Given::Chunk => BYTES_SHOWN,
            Given::Output => budget::VALUES,
        };
        let room = most.saturating_sub(self.bytes).min(budget::VALUES.saturating_sub(charge.budget().held()));
        let next = (self.left_out == 0 && self.chunks.len() < CHUNKS_SHOWN).then(|| chunk.measure(room)).flatten();
        match next.filter(|bytes| charge.grow(*bytes)) {
            Some(bytes) => {
                self.bytes += bytes;
                self.chunks.push(chunk.to_value());
            }
            None => self.left_out += 1,
        }
    }

    fn whole(mut self) -> Shown {
        let value = match self.given {
            Given::Chunk => Value::Array(self.chunks),
            Given::Output if self.left_out > 0 => return Shown::left_out(),
            Given::Output => self.chunks.pop().unwrap_or_default(),
        };
        Shown { value: Arc::new(value), charge: self.charge }
    }
}
