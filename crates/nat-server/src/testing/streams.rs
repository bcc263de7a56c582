//! Functions that stream, and that tell steps, as a test says.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use nat_chat::{ChatChunk, ChatRequest, ChatResponse, Usage};
use nat_core::__private::{
    BuildFn, Component, ConfigType, FunctionTypes, Heading, Registration, Settings, Site, StreamingTypes,
};
use nat_core::{
    Builder, CloseReason, Context, Error, Function, FunctionRef, Result, Scope, Stream, StreamingFunction, stream,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LABS, Lab, LabConfig, NoConfig, Order};

/// A stream whose chunks a test lets through.
struct Tap {
    lab: Arc<Lab>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Turn {
    #[serde(default = "three")]
    chunks: usize,
    /// Each chunk from this one on takes a permit of the gate first.
    #[serde(default)]
    hold_at: Option<usize>,
    #[serde(default)]
    fail_at: Option<usize>,
    #[serde(default)]
    panic_at: Option<usize>,
    /// Bytes of each chunk.
    #[serde(default)]
    size: usize,
}

/// A chunk of this size panics when it is written.
const UNWRITABLE: usize = 13;

fn three() -> usize {
    3
}

#[derive(JsonSchema)]
struct Piece {
    index: usize,
    #[schemars(skip)]
    pad: String,
}

impl Serialize for Piece {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        assert!(self.pad.len() != UNWRITABLE, "secret of the chunk");
        (self.index, &self.pad).serialize(serializer)
    }
}

/// Alive as long as its stream is: what a function's own clean-up would be.
struct Open(Arc<Lab>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_streams.fetch_sub(1, Ordering::SeqCst);
    }
}

impl StreamingFunction for Tap {
    type Input = Turn;
    type Chunk = Piece;

    fn stream(&self, _ctx: &Context, turn: Turn) -> impl Stream<Item = Result<Piece>> + Send {
        let lab = self.lab.clone();
        stream! {
            lab.begun.fetch_add(1, Ordering::SeqCst);
            lab.open_streams.fetch_add(1, Ordering::SeqCst);
            let _open = Open(lab.clone());
            for index in 0..turn.chunks {
                if turn.hold_at.is_some_and(|from| index >= from) {
                    lab.gate.acquire().await?.forget();
                }
                if turn.fail_at == Some(index) {
                    Err(Error::runtime("stream broke"))?;
                }
                assert!(turn.panic_at != Some(index), "secret of the stream");
                lab.yielded.fetch_add(1, Ordering::SeqCst);
                yield Piece { index, pad: "x".repeat(turn.size) };
            }
            lab.ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.lab.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn tap(config: LabConfig) -> Result<Tap> {
    let lab = LABS.lock().get(&config.lab).cloned().expect("the test keeps its lab");
    if matches!(config.on_build, super::OnBuild::Fail) {
        return Err(Error::runtime("instance refused to build"));
    }
    lab.built.fetch_add(1, Ordering::SeqCst);
    Ok(Tap { lab })
}

/// For each user: words that come one by one, with a pause of nothing between them. Takes chat, too.
struct Drip {
    lab: Arc<Lab>,
}

impl StreamingFunction for Drip {
    type Input = String;
    type Chunk = String;

    fn stream(&self, ctx: &Context, text: String) -> impl Stream<Item = Result<String>> + Send {
        let lab = self.lab.clone();
        stream! {
            lab.begun.fetch_add(1, Ordering::SeqCst);
            lab.open_streams.fetch_add(1, Ordering::SeqCst);
            let _open = Open(lab.clone());
            let span = ctx.tool_span("drip", &text);
            for word in text.split_whitespace() {
                tokio::task::yield_now().await;
                yield format!("{word} ");
            }
            span.finish(&());
            lab.ended.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.lab.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn drip(config: LabConfig) -> Result<Drip> {
    let lab = LABS.lock().get(&config.lab).cloned().expect("the test keeps its lab");
    lab.built.fetch_add(1, Ordering::SeqCst);
    Ok(Drip { lab })
}

/// Words of a text, or all of it in upper case.
#[derive(Default)]
struct Words;

impl Function for Words {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> Result<String> {
        Ok(text.to_uppercase())
    }
}

impl StreamingFunction for Words {
    type Input = String;
    type Chunk = String;

    fn stream(&self, _ctx: &Context, text: String) -> impl Stream<Item = Result<String>> + Send {
        stream! {
            for word in text.split_whitespace() {
                if word == "raise" {
                    Err(Error::runtime("chat stream failed"))?;
                }
                yield word.to_owned();
            }
        }
    }
}

/// Calls another function between steps of its own.
struct Caller {
    target: nat_core::FunctionHandle<Order, super::Done>,
}

#[derive(Deserialize, JsonSchema)]
struct CallerConfig {
    target: FunctionRef,
}

impl Function for Caller {
    type Input = Order;
    type Output = String;

    async fn call(&self, ctx: &Context, order: Order) -> Result<String> {
        let tool = ctx.tool_span("hammer", &"<nail>");
        tool.finish(&"in");
        let llm = ctx.llm_span("model", &"say");
        llm.chunk("a");
        llm.chunk("b");
        llm.finish(&"ab");
        ctx.span("own", &[1, 2]).finish(&"done");
        let _done = self.target.call(ctx, order).await?;
        Ok("called".to_owned())
    }
}

async fn caller(config: CallerConfig, builder: &Builder) -> Result<Caller> {
    Ok(Caller { target: builder.get_function(&config.target).await? })
}

/// Tells so many spans, and lets others run in between.
struct Ticker;

impl Function for Ticker {
    type Input = usize;
    type Output = String;

    async fn call(&self, ctx: &Context, ticks: usize) -> Result<String> {
        for tick in 0..ticks {
            ctx.span("tick", &tick).finish(&());
            tokio::task::yield_now().await;
        }
        Ok("ticked".to_owned())
    }
}

/// A chat function that says what it has used.
#[derive(Default)]
struct Talker;

const USAGE: Usage = Usage { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };

impl Function for Talker {
    type Input = ChatRequest;
    type Output = ChatResponse;

    async fn call(&self, _ctx: &Context, request: ChatRequest) -> Result<ChatResponse> {
        Ok(ChatResponse::from_text(request.last_text()).with_model("talker").with_usage(USAGE))
    }
}

impl StreamingFunction for Talker {
    type Input = ChatRequest;
    type Chunk = ChatChunk;

    fn stream(&self, ctx: &Context, request: ChatRequest) -> impl Stream<Item = Result<ChatChunk>> + Send {
        stream! {
            ctx.report_usage(USAGE);
            yield ChatChunk::from_text(request.last_text()).with_model("talker");
        }
    }
}

const SITE: Site = Site { package: "nat-server", version: "0", file: file!(), line: line!() };

const fn heading(type_name: &'static str, scope: Scope) -> Heading {
    Heading { type_name, description: "", scope, site: SITE }
}

const BUILD_TAP: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move { Ok(Component::streaming_function(builder, tap(settings.read()?).await?)) })
};

static TAP: Registration = Registration::streaming_function(
    heading("tap", Scope::PerUser),
    "value",
    ConfigType::of::<LabConfig>(),
    StreamingTypes::of::<Tap>(),
    BUILD_TAP,
);

static SHARED_TAP: Registration = Registration::streaming_function(
    heading("shared_tap", Scope::Shared),
    "value",
    ConfigType::of::<LabConfig>(),
    StreamingTypes::of::<Tap>(),
    BUILD_TAP,
);

static DRIP: Registration = Registration::streaming_function(
    heading("drip", Scope::PerUser),
    "text",
    ConfigType::of::<LabConfig>(),
    StreamingTypes::of::<Drip>(),
    |settings, builder| {
        Box::pin(async move { Ok(Component::streaming_function(builder, drip(settings.read()?).await?)) })
    },
);

static WORDS: Registration = Registration::function(
    heading("words", Scope::Shared),
    "text",
    ConfigType::of::<NoConfig>(),
    FunctionTypes::of::<Words>().and_streams(StreamingTypes::of::<Words>()),
    |_, builder| Box::pin(async move { Ok(Component::single_and_streaming_function(builder, Words)) }),
);

static TALKER: Registration = Registration::function(
    heading("talker", Scope::Shared),
    "value",
    ConfigType::of::<NoConfig>(),
    FunctionTypes::of::<Talker>().and_streams(StreamingTypes::of::<Talker>()),
    |_, builder| Box::pin(async move { Ok(Component::single_and_streaming_function(builder, Talker)) }),
);

static CALLER: Registration = Registration::function(
    heading("caller", Scope::PerUser),
    "value",
    ConfigType::of::<CallerConfig>(),
    FunctionTypes::of::<Caller>(),
    |settings, builder| {
        Box::pin(async move { Ok(Component::function(builder, caller(settings.read()?, builder).await?)) })
    },
);

static TICKER: Registration = Registration::function(
    heading("ticker", Scope::Shared),
    "ticks",
    ConfigType::of::<NoConfig>(),
    FunctionTypes::of::<Ticker>(),
    |_, builder| Box::pin(async move { Ok(Component::function(builder, Ticker)) }),
);

pub(super) const ALL: &[&Registration] = &[&TAP, &SHARED_TAP, &DRIP, &WORDS, &TALKER, &CALLER, &TICKER];
