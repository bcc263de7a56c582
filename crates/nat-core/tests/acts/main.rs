//! Functions whose every call a test writes: what their steps do to their answers and to memory, and how deep they call
//! each other.

#![expect(clippy::unwrap_used, reason = "all of it is tests")]

mod depth;
mod memory;
mod turns;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use nat_core::__private::{
    BuildFn, Component, ConfigType, FunctionTypes, GroupFunction, GroupMethod, GroupType, Heading, Registration,
    Settings, Site, StreamingTypes,
};
use nat_core::{
    Builder, CancellationToken, Config, Context, EntryName, Event, EventStream, Function, FunctionGroup, Registry,
    Result, Runtime, Scope, Session, Step, Stream, StreamingFunction, UserId,
};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;

/// What a call does: it gets the function's name, the request and the input.
type Call = dyn Fn(String, Context, String) -> BoxFuture<'static, Result<String>> + Send + Sync;
/// The same of a stream.
type Play = dyn Fn(String, Context, String) -> BoxStream<'static, Result<String>> + Send + Sync;

#[derive(Clone)]
struct Act {
    call: Arc<Call>,
    play: Arc<Play>,
}

static ACTS: LazyLock<Mutex<HashMap<u64, Act>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Deserialize, JsonSchema)]
struct ActorConfig {
    act: u64,
}

/// A function, a streaming function and a group of one.
struct Actor {
    act: Act,
    name: String,
}

struct Playing;

impl Function for Actor {
    type Input = String;
    type Output = String;

    async fn call(&self, ctx: &Context, input: String) -> Result<String> {
        (self.act.call)(self.name.clone(), ctx.clone(), input).await
    }
}

impl StreamingFunction for Actor {
    type Input = String;
    type Chunk = String;

    fn stream(&self, ctx: &Context, input: String) -> impl Stream<Item = Result<String>> + Send {
        (self.act.play)(self.name.clone(), ctx.clone(), input)
    }
}

impl GroupMethod<Actor> for Playing {
    const NAME: &'static str = "play";
    const DESCRIPTION: &'static str = "";
    const INPUT_NAME: &'static str = "input";
    type Input = String;
    type Output = String;

    async fn call(group: &Actor, ctx: &Context, input: String) -> Result<String> {
        (group.act.call)(group.name.clone(), ctx.clone(), input).await
    }
}

impl FunctionGroup for Actor {
    const FUNCTIONS: &'static [GroupFunction<Self>] = &[GroupFunction::of::<Playing>()];
}

fn actor(settings: &Settings, builder: &Builder) -> Result<Actor> {
    let config: ActorConfig = settings.read()?;
    let act = ACTS.lock().get(&config.act).cloned().expect("the test has put it there");
    Ok(Actor { act, name: builder.name().to_owned() })
}

const BUILD: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move { Ok(Component::single_and_streaming_function(builder, actor(&settings, builder)?)) })
};
const BUILD_GROUP: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move { Ok(Component::group(builder, actor(&settings, builder)?)) })
};

const fn heading(type_name: &'static str, scope: Scope) -> Heading {
    let site = Site { package: "nat-core", version: "0", file: "acts.rs", line: 1 };
    Heading { type_name, description: "", scope, site }
}

const fn function(type_name: &'static str, scope: Scope) -> Registration {
    let types = FunctionTypes::of::<Actor>().and_streams(StreamingTypes::of::<Actor>());
    Registration::function(heading(type_name, scope), "input", ConfigType::of::<ActorConfig>(), types, BUILD)
}

static ACTOR: Registration = function("actor", Scope::PerUser);
static SHARED_ACTOR: Registration = function("shared_actor", Scope::Shared);
static TROUPE: Registration = Registration::group(
    heading("troupe", Scope::PerUser),
    ConfigType::of::<ActorConfig>(),
    GroupType::of::<Actor>(),
    BUILD_GROUP,
);

/// A running file, in which `ACT` stands for what the calls do.
async fn runtime(
    yaml: &str,
    call: impl Fn(String, Context, String) -> BoxFuture<'static, Result<String>> + Send + Sync + 'static,
) -> Runtime {
    let once = |name, ctx, input, call: &Arc<Call>| futures_util::stream::once(call(name, ctx, input)).boxed();
    let call: Arc<Call> = Arc::new(call);
    let called = call.clone();
    start(yaml, Act { call, play: Arc::new(move |name, ctx, input| once(name, ctx, input, &called)) }).await
}

/// The same for functions that are asked for streams.
async fn streams(
    yaml: &str,
    play: impl Fn(String, Context, String) -> BoxStream<'static, Result<String>> + Send + Sync + 'static,
) -> Runtime {
    let call: Arc<Call> = Arc::new(|_, _, input| Box::pin(async move { Ok(input) }));
    start(yaml, Act { call, play: Arc::new(play) }).await
}

async fn start(yaml: &str, act: Act) -> Runtime {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    ACTS.lock().insert(number, act);
    let registry = Registry::new([&ACTOR, &SHARED_ACTOR, &TROUPE]).unwrap();
    let config = Config::parse(&yaml.replace("ACT", &number.to_string()), None, &registry).unwrap();
    Runtime::start(&config, &registry, CancellationToken::new()).await.unwrap()
}

async fn session(runtime: &Runtime) -> Session {
    let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
    workflow.open(Some(UserId::derived("alice"))).await.unwrap()
}

/// A call with steps.
async fn told(runtime: &Runtime, input: &str) -> EventStream {
    let input = runtime.workflow(&EntryName::Workflow).unwrap().decode_text(input).unwrap();
    session(runtime).await.call_with_steps(None, input)
}

/// A stream with steps.
async fn told_stream(runtime: &Runtime, input: &str) -> EventStream {
    let input = runtime.workflow(&EntryName::Workflow).unwrap().decode_text(input).unwrap();
    session(runtime).await.stream_with_steps(None, input)
}

/// The steps of what comes until the end, which must be a good one.
async fn steps_of(mut events: EventStream) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some(event) = events.next().await {
        if let Event::Step(step) = event.unwrap() {
            steps.push(step);
        }
    }
    steps
}

/// Runs what may block for good on a thread of its own, and says whether it came to its end.
fn ends(workers: usize, work: impl Future<Output = ()> + Send + 'static) -> bool {
    let (send, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap();
        tokio.block_on(async { tokio::spawn(work).await.unwrap() });
        send.send(()).unwrap();
    });
    ended.recv_timeout(std::time::Duration::from_secs(60)).is_ok()
}
