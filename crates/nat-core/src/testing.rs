//! Components whose every step a test decides, and a book of what became of them.

pub(crate) mod front_end;
pub(crate) mod reels;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::{FunctionGroupRef, FunctionRef};
use crate::function::{GroupFunction, GroupMethod};
use crate::graph::Plan;
use crate::instances::Instances;
use crate::registration::{BuildFn, ConfigType, FunctionTypes, GroupType, Heading, Registration, Settings, Site};
use crate::{
    Builder, CloseReason, Component, Config, Context, Error, Function, FunctionGroup, InstanceLimits, Registry, Result,
    Scope, UserId, shared,
};

/// What a component does when it is built, called or closed.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Goes on at once.
    Pass,
    /// Lets others run so many times.
    Yield(u32),
    Sleep(Duration),
    Fail,
    Panic,
    /// Never comes back.
    Hang,
    /// Never comes back, and panics when it is dropped.
    HangSore,
    /// Waits for a permit of the test.
    Gate(Arc<Semaphore>),
    /// Keeps its thread until a permit comes.
    Block(Arc<Semaphore>),
}

impl Step {
    async fn run(self) -> Result<()> {
        match self {
            Self::Pass => {}
            Self::Yield(times) => {
                for _ in 0..times {
                    tokio::task::yield_now().await;
                }
            }
            Self::Sleep(time) => tokio::time::sleep(time).await,
            Self::Fail => return Err(Error::runtime("refused")),
            Self::Panic => panic!("asked to"),
            Self::Hang => std::future::pending().await,
            Self::HangSore => {
                let _sore = Sore;
                std::future::pending().await
            }
            Self::Gate(gate) => gate.acquire().await.expect("gates are not closed").forget(),
            Self::Block(gate) => {
                while gate.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_err() {
                    std::thread::yield_now();
                }
            }
        }
        Ok(())
    }
}

struct Sore;

impl Drop for Sore {
    fn drop(&mut self) {
        panic!("dropped where it hurts");
    }
}

type Decide = dyn Fn(&str, Option<&UserId>) -> Step + Send + Sync;

/// The test's side: decides what components do, and counts.
pub(crate) struct Lab {
    pub(crate) on_build: Mutex<Arc<Decide>>,
    pub(crate) on_call: Mutex<Arc<Decide>>,
    pub(crate) on_close: Mutex<Arc<Decide>>,
    pub(crate) begun: AtomicU64,
    pub(crate) built: AtomicU64,
    pub(crate) closed: AtomicU64,
    /// Values that were built while one of the same user and name still existed.
    pub(crate) overlaps: AtomicU64,
    /// Builds that began while the predecessor's value still existed.
    pub(crate) early: AtomicU64,
    /// Chunks that streams gave.
    pub(crate) produced: AtomicU64,
    /// Streams that ended or were dropped after they had begun.
    pub(crate) streams_dropped: AtomicU64,
    live: Mutex<HashMap<(String, String), u64>>,
    /// `build NAME`, `close NAME REASON` in order, when somebody wants to know.
    pub(crate) journal: Mutex<Option<Vec<String>>>,
}

static LABS: LazyLock<Mutex<HashMap<u64, Arc<Lab>>>> = LazyLock::new(Mutex::default);
static NEXT_LAB: AtomicU64 = AtomicU64::new(1);

impl Lab {
    pub(crate) fn new() -> (u64, Arc<Self>) {
        let pass: Arc<Decide> = Arc::new(|_, _| Step::Pass);
        let lab = Arc::new(Self {
            on_build: Mutex::new(pass.clone()),
            on_call: Mutex::new(pass.clone()),
            on_close: Mutex::new(pass),
            begun: AtomicU64::new(0),
            built: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            overlaps: AtomicU64::new(0),
            early: AtomicU64::new(0),
            produced: AtomicU64::new(0),
            streams_dropped: AtomicU64::new(0),
            live: Mutex::default(),
            journal: Mutex::default(),
        });
        let id = NEXT_LAB.fetch_add(1, Ordering::Relaxed);
        LABS.lock().insert(id, lab.clone());
        (id, lab)
    }

    pub(crate) fn build(&self, decide: impl Fn(&str, Option<&UserId>) -> Step + Send + Sync + 'static) {
        *self.on_build.lock() = Arc::new(decide);
    }

    pub(crate) fn call(&self, decide: impl Fn(&str, Option<&UserId>) -> Step + Send + Sync + 'static) {
        *self.on_call.lock() = Arc::new(decide);
    }

    pub(crate) fn close(&self, decide: impl Fn(&str, Option<&UserId>) -> Step + Send + Sync + 'static) {
        *self.on_close.lock() = Arc::new(decide);
    }

    pub(crate) fn write(&self, line: impl FnOnce() -> String) {
        if let Some(journal) = &mut *self.journal.lock() {
            journal.push(line());
        }
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.built.load(Ordering::SeqCst), self.closed.load(Ordering::SeqCst))
    }

    pub(crate) fn live_values(&self) -> u64 {
        self.live.lock().values().sum()
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct PartConfig {
    lab: u64,
    #[serde(default)]
    needs: Vec<FunctionRef>,
    #[serde(default)]
    group: Option<FunctionGroupRef>,
    /// Names that are no references.
    #[serde(default)]
    asks: Vec<String>,
}

/// One value: alive from the end of its build until it is dropped.
pub(crate) struct Part {
    lab: Arc<Lab>,
    user: Option<UserId>,
    name: String,
    calls: AtomicI64,
    needs: Vec<crate::FunctionHandle<PartInput, PartOutput>>,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PartInput {}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PartOutput {
    pub(crate) calls: i64,
}

impl Part {
    fn key(user: Option<&UserId>, name: &str) -> (String, String) {
        (user.map(ToString::to_string).unwrap_or_default(), name.to_owned())
    }
}

async fn part(config: PartConfig, builder: &Builder) -> Result<Part> {
    let lab = LABS.lock().get(&config.lab).cloned().expect("the test keeps its lab");
    let (user, name) = (builder.user_id().cloned(), builder.name().to_owned());
    lab.begun.fetch_add(1, Ordering::SeqCst);
    if lab.live.lock().contains_key(&Part::key(user.as_ref(), &name)) {
        lab.early.fetch_add(1, Ordering::SeqCst);
    }
    let mut needs = Vec::new();
    for target in config.needs.iter().map(AsRef::as_ref).chain(config.asks.iter().map(String::as_str)) {
        needs.push(builder.get_function(target).await?);
    }
    if let Some(group) = &config.group {
        builder.get_function_group(group).await?;
    }
    let step = lab.on_build.lock().clone();
    step(&name, user.as_ref()).run().await?;
    lab.write(|| format!("build {name}"));
    lab.built.fetch_add(1, Ordering::SeqCst);
    let mut live = lab.live.lock();
    let count = live.entry(Part::key(user.as_ref(), &name)).or_default();
    *count += 1;
    if *count > 1 {
        lab.overlaps.fetch_add(1, Ordering::SeqCst);
    }
    drop(live);
    Ok(Part { lab, user, name, calls: AtomicI64::new(0), needs })
}

impl Function for Part {
    type Input = PartInput;
    type Output = PartOutput;

    async fn call(&self, ctx: &Context, input: PartInput) -> Result<PartOutput> {
        let step = self.lab.on_call.lock().clone();
        step(&self.name, self.user.as_ref()).run().await?;
        for handle in &self.needs {
            handle.call(ctx, input.clone()).await?;
        }
        Ok(PartOutput { calls: self.calls.fetch_add(1, Ordering::SeqCst) + 1 })
    }

    async fn close(self, reason: CloseReason) -> Result<()> {
        self.lab.closed.fetch_add(1, Ordering::SeqCst);
        let name = &self.name;
        self.lab.write(|| format!("close {name} ({reason})"));
        let step = self.lab.on_close.lock().clone();
        step(&self.name, self.user.as_ref()).run().await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let mut live = self.lab.live.lock();
        let key = Self::key(self.user.as_ref(), &self.name);
        if let Some(count) = live.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                live.remove(&key);
            }
        }
    }
}

const BUILD: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move { Ok(Component::function(builder, part(settings.read()?, builder).await?)) })
};

const fn registration(type_name: &'static str, scope: Scope) -> Registration {
    let site = Site { package: "nat-core", version: "0", file: "testing.rs", line: 7 };
    let heading = Heading { type_name, description: "", scope, site };
    Registration::function(heading, "value", ConfigType::of::<PartConfig>(), FunctionTypes::of::<Part>(), BUILD)
}

static SHARED: Registration = registration("shared_part", Scope::Shared);
static PER_USER: Registration = registration("user_part", Scope::PerUser);
static SHARED_GROUP: Registration = group_registration("shared_group", Scope::Shared);
static PER_USER_GROUP: Registration = group_registration("user_group", Scope::PerUser);

/// The parts alone: messages that list all types stay as they are when tests of something else add one.
pub(crate) fn parts() -> Registry {
    Registry::new([&SHARED, &PER_USER, &SHARED_GROUP, &PER_USER_GROUP]).expect("the parts have names of their own")
}

pub(crate) fn registry() -> Registry {
    let parts = [&SHARED, &PER_USER, &SHARED_GROUP, &PER_USER_GROUP];
    let reels = [&reels::USER_REEL, &reels::SHARED_REEL, &reels::BARE_REEL];
    Registry::new(parts.into_iter().chain(reels)).expect("the parts have names of their own")
}

/// A group of two functions, which may need a function and another group.
struct Pair;

#[derive(Deserialize, JsonSchema)]
struct PairConfig {
    #[serde(default)]
    needs: Vec<FunctionRef>,
    #[serde(default)]
    group: Option<FunctionGroupRef>,
}

struct Push;
struct Items;

macro_rules! pair_method {
    ($method:ty, $name:literal) => {
        impl GroupMethod<Pair> for $method {
            const NAME: &'static str = $name;
            const DESCRIPTION: &'static str = "";
            const INPUT_NAME: &'static str = "item";
            type Input = String;
            type Output = String;

            async fn call(_pair: &Pair, _ctx: &Context, item: String) -> Result<String> {
                Ok(format!("{}:{item}", $name))
            }
        }
    };
}
pair_method!(Push, "push");
pair_method!(Items, "items");

impl FunctionGroup for Pair {
    const FUNCTIONS: &'static [GroupFunction<Self>] = &[GroupFunction::of::<Push>(), GroupFunction::of::<Items>()];
}

const BUILD_GROUP: BuildFn = |settings: Settings, builder: &Builder| {
    Box::pin(async move {
        let config: PairConfig = settings.read()?;
        for target in &config.needs {
            builder.get_dyn_function(target).await?;
        }
        if let Some(group) = &config.group {
            builder.get_function_group(group).await?;
        }
        Ok(Component::group(builder, Pair))
    })
};

const fn group_registration(type_name: &'static str, scope: Scope) -> Registration {
    let site = Site { package: "nat-core", version: "0", file: "testing.rs", line: 7 };
    let heading = Heading { type_name, description: "", scope, site };
    Registration::group(heading, ConfigType::of::<PairConfig>(), GroupType::of::<Pair>(), BUILD_GROUP)
}

/// The configuration of `yaml`, in which `LAB` stands for the lab's number.
pub(crate) fn config(yaml: &str, lab: u64) -> Config {
    Config::parse(&yaml.replace("LAB", &lab.to_string()), None, &registry()).expect("a test's configuration is right")
}

pub(crate) fn plan(yaml: &str, lab: u64) -> Arc<Plan> {
    match Plan::resolve(&config(yaml, lab), &registry()) {
        Ok((plan, _)) => Arc::new(plan),
        Err(errors) => panic!("{errors:?}"),
    }
}

/// A workflow over one more function.
pub(crate) const TWO: &str = "
functions: {first: {_type: user_part, lab: LAB}}
workflow: {_type: user_part, lab: LAB, needs: [first]}
";

/// A table over `yaml`, and its lab.
pub(crate) async fn table(yaml: &str, limits: InstanceLimits) -> (Arc<Instances>, Arc<Lab>) {
    let (number, lab) = Lab::new();
    let plan = plan(yaml, number);
    let stopping = CancellationToken::new();
    let shared = shared::build(&plan, &limits, &stopping).await.expect("shared parts build");
    (Instances::new(plan, shared, limits, stopping), lab)
}

pub(crate) fn user(name: &str) -> UserId {
    UserId::derived(name)
}

/// Lets everything that can run do so until `condition` holds. Bounded, so that a bug is a failure and
/// not a hang; with tokio's paused clock, time passes as needed.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("waited in vain until {what}");
}
