//! Streaming functions whose every chunk a test decides.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use tokio_util::sync::CancellationToken;

use super::{LABS, Lab, PartInput, PartOutput};
use crate::config::FunctionRef;
use crate::registration::{BuildFn, ConfigType, FunctionTypes, Heading, Registration, Settings, Site, StreamingTypes};
use crate::{
    Builder, Chunks, CloseReason, Component, Context, Function, FunctionHandle, Result, Runtime, Scope, Stream,
    StreamingFunction, Usage, stream,
};

#[derive(Deserialize, JsonSchema)]
struct ReelConfig {
    lab: u64,
    #[serde(default)]
    needs: Vec<FunctionRef>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ReelInput {
    frames: u32,
}

thread_local! {
    /// Inputs that this test wrote as JSON, which only steps do.
    static INPUTS_WRITTEN: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn inputs_written() -> u64 {
    INPUTS_WRITTEN.get()
}

impl Serialize for ReelInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        INPUTS_WRITTEN.set(INPUTS_WRITTEN.get() + 1);
        serializer.collect_map([("frames", self.frames)])
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Frame {
    pub(crate) index: u32,
}

/// Streams frames; before each, what the lab says of a call happens, and the functions it needs are
/// called. One output is the number of frames.
struct Reel(Material);

/// The same without a single output.
struct BareReel(Material);

struct Material {
    lab: Arc<Lab>,
    name: String,
    needs: Vec<FunctionHandle<PartInput, PartOutput>>,
}

/// A stream under way.
struct Playing<'a>(&'a Lab);

impl Drop for Playing<'_> {
    fn drop(&mut self) {
        self.0.streams_dropped.fetch_add(1, Ordering::SeqCst);
    }
}

impl Material {
    async fn open(config: ReelConfig, builder: &Builder) -> Result<Self> {
        let lab = LABS.lock().get(&config.lab).cloned().expect("the test keeps its lab");
        let mut needs = Vec::new();
        for target in &config.needs {
            needs.push(builder.get_function(target).await?);
        }
        Ok(Self { lab, name: builder.name().to_owned(), needs })
    }

    fn frames(&self, ctx: &Context, input: ReelInput) -> impl Stream<Item = Result<Frame>> + Send {
        stream! {
            let playing = Playing(&self.lab);
            for index in 0..input.frames {
                let step = playing.0.on_call.lock().clone();
                step(&self.name, ctx.user_id()).run().await?;
                for handle in &self.needs {
                    handle.call(ctx, PartInput {}).await?;
                }
                ctx.report_usage(Usage::new(1, 2));
                playing.0.produced.fetch_add(1, Ordering::SeqCst);
                yield Frame { index };
            }
        }
    }
}

impl StreamingFunction for Reel {
    type Input = ReelInput;
    type Chunk = Frame;

    fn stream(&self, ctx: &Context, input: ReelInput) -> impl Stream<Item = Result<Frame>> + Send {
        self.0.frames(ctx, input)
    }

    async fn fold(&self, _ctx: &Context, chunks: Chunks<'_, Frame>) -> Result<Frame> {
        let frames = chunks.all().await?;
        Ok(Frame { index: u32::try_from(frames.len()).unwrap_or(u32::MAX) })
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.0.lab.write(|| format!("close {}", self.0.name));
        Ok(())
    }
}

impl Function for Reel {
    type Input = ReelInput;
    type Output = String;

    async fn call(&self, ctx: &Context, input: ReelInput) -> Result<String> {
        let frames = Chunks::new(self.0.frames(ctx, input)).all().await?;
        Ok(format!("{} frames", frames.len()))
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.0.lab.write(|| format!("close {}", self.0.name));
        Ok(())
    }
}

impl StreamingFunction for BareReel {
    type Input = ReelInput;
    type Chunk = Frame;

    fn stream(&self, ctx: &Context, input: ReelInput) -> impl Stream<Item = Result<Frame>> + Send {
        self.0.frames(ctx, input)
    }
}

const BOTH: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move {
        let reel = Reel(Material::open(settings.read()?, builder).await?);
        Ok(Component::single_and_streaming_function(builder, reel))
    })
};

const FOLDED: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move {
        let reel = Reel(Material::open(settings.read()?, builder).await?);
        Ok(Component::streaming_function(builder, reel))
    })
};

const BARE: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move {
        let reel = BareReel(Material::open(settings.read()?, builder).await?);
        Ok(Component::streaming_function(builder, reel))
    })
};

const fn heading(type_name: &'static str, scope: Scope) -> Heading {
    let site = Site { package: "nat-core", version: "0", file: "reels.rs", line: 7 };
    Heading { type_name, description: "", scope, site }
}

pub(super) static USER_REEL: Registration = Registration::function(
    heading("user_reel", Scope::PerUser),
    "value",
    ConfigType::of::<ReelConfig>(),
    FunctionTypes::of::<Reel>().and_streams(StreamingTypes::of::<Reel>()),
    BOTH,
);
pub(super) static SHARED_REEL: Registration = Registration::streaming_function(
    heading("shared_reel", Scope::Shared),
    "value",
    ConfigType::of::<ReelConfig>(),
    StreamingTypes::of::<Reel>(),
    FOLDED,
);
pub(super) static BARE_REEL: Registration = Registration::streaming_function(
    heading("bare_reel", Scope::Shared),
    "value",
    ConfigType::of::<ReelConfig>(),
    StreamingTypes::of::<BareReel>(),
    BARE,
);

/// A running file, and its lab.
pub(crate) async fn runtime(yaml: &str) -> (Runtime, Arc<Lab>) {
    let (number, lab) = Lab::new();
    let config = super::config(yaml, number);
    let runtime = Runtime::start(&config, &super::registry(), CancellationToken::new()).await.expect("it starts");
    (runtime, lab)
}
