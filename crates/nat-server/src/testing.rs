//! Functions whose every step a test decides, and a front end over them.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::HttpConfig;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use nat_core::__private::{BuildFn, Component, ConfigType, FunctionTypes, Heading, Registration, Settings, Site};
use nat_core::{Builder, CloseReason, Config, Context, Error, Function, Registry, Result, Runtime, Scope};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::settings::{self, Reach};
use crate::{App, Peer};

mod aliased;
mod streams;

/// The test's side: counts what the functions do, and lets them go on.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) built: AtomicUsize,
    pub(crate) closed: AtomicUsize,
    /// Calls that have begun.
    pub(crate) begun: AtomicUsize,
    /// Calls that have ended.
    pub(crate) ended: AtomicUsize,
    /// Chunks that streams have yielded.
    pub(crate) yielded: AtomicUsize,
    /// Streams that have begun and are not dropped.
    pub(crate) open_streams: AtomicUsize,
    /// A call that is told to `hold`, and a build of `slow_build`, takes a permit before it goes on.
    pub(crate) gate: Semaphore,
}

static LABS: LazyLock<Mutex<HashMap<u64, Arc<Lab>>>> = LazyLock::new(Mutex::default);

#[derive(Deserialize, JsonSchema)]
struct NoConfig {}

#[derive(Deserialize, JsonSchema)]
struct LabConfig {
    lab: u64,
    #[serde(default)]
    on_build: OnBuild,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OnBuild {
    #[default]
    Pass,
    Hold,
    Fail,
    Panic,
}

/// Shared: a text with a mark before it.
#[derive(Default)]
struct Echo;

impl Function for Echo {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> Result<String> {
        Ok(format!("> {text}"))
    }
}

/// Shared: the contract's example of a structured function.
#[derive(Default)]
struct Repeat;

#[derive(Serialize, Deserialize, JsonSchema)]
struct RepeatInput {
    text: String,
    #[serde(default = "one")]
    times: i64,
    #[serde(default)]
    tags: Vec<String>,
}

fn one() -> i64 {
    1
}

#[derive(Serialize, JsonSchema)]
struct RepeatOutput {
    text: String,
    length: usize,
    tags: Vec<String>,
}

impl Function for Repeat {
    type Input = RepeatInput;
    type Output = RepeatOutput;

    async fn call(&self, _ctx: &Context, input: RepeatInput) -> Result<RepeatOutput> {
        let text = vec![input.text; usize::try_from(input.times)?].join(" ");
        Ok(RepeatOutput { length: text.chars().count(), text, tags: input.tags })
    }
}

/// Shared: what it sees of the request.
#[derive(Default)]
struct Mirror;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Empty {}

#[derive(Serialize, JsonSchema)]
struct Seen {
    method: String,
    path: String,
    query: HashMap<String, String>,
    path_params: HashMap<String, String>,
    user_id: Option<String>,
}

impl Function for Mirror {
    type Input = Empty;
    type Output = Seen;

    async fn call(&self, ctx: &Context, _input: Empty) -> Result<Seen> {
        let request = ctx.request().ok_or_else(|| Error::runtime("no request"))?;
        Ok(Seen {
            method: request.method().to_owned(),
            path: request.path().to_owned(),
            query: request.query().into_iter().collect(),
            path_params: request.path_params().into_iter().collect(),
            user_id: ctx.user_id().map(ToString::to_string),
        })
    }
}

/// Per-user, or shared: does as it is told.
struct Puppet {
    lab: Arc<Lab>,
    calls: AtomicUsize,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Order {
    #[serde(default)]
    deed: Deed,
    #[serde(default)]
    message: String,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Deed {
    #[default]
    Count,
    Hold,
    Fail,
    FailForeign,
    Panic,
    PanicWhileWriting,
}

#[derive(JsonSchema)]
struct Done {
    calls: usize,
    #[schemars(skip)]
    panic: bool,
}

impl Serialize for Done {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        assert!(!self.panic, "secret of the output");
        HashMap::from([("calls", self.calls)]).serialize(serializer)
    }
}

impl Function for Puppet {
    type Input = Order;
    type Output = Done;

    async fn call(&self, _ctx: &Context, order: Order) -> Result<Done> {
        let calls = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        self.lab.begun.fetch_add(1, Ordering::SeqCst);
        match order.deed {
            Deed::Count | Deed::PanicWhileWriting => {}
            Deed::Hold => self.lab.gate.acquire().await?.forget(),
            Deed::Fail => return Err(Error::value(order.message)),
            Deed::FailForeign => return Err(io::Error::other("secret of the disk").into()),
            Deed::Panic => panic!("secret of the code"),
        }
        self.lab.ended.fetch_add(1, Ordering::SeqCst);
        Ok(Done { calls, panic: matches!(order.deed, Deed::PanicWhileWriting) })
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.lab.closed.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn stateless<F: Default>(_config: NoConfig) -> Result<F> {
    Ok(F::default())
}

async fn puppet(config: LabConfig) -> Result<Puppet> {
    let lab = LABS.lock().get(&config.lab).cloned().expect("the test keeps its lab");
    match config.on_build {
        OnBuild::Pass => {}
        OnBuild::Hold => lab.gate.acquire().await?.forget(),
        OnBuild::Fail => return Err(Error::runtime("instance refused to build")),
        OnBuild::Panic => panic!("secret of the build"),
    }
    lab.built.fetch_add(1, Ordering::SeqCst);
    Ok(Puppet { lab, calls: AtomicUsize::new(0) })
}

macro_rules! registrations {
    ($($name:ident: $type_name:literal, $scope:ident, $input_name:literal, $config:ty => $function:ty, $build:expr;)*) => {
        $(static $name: Registration = {
            const BUILD: BuildFn = |settings: Settings, builder: &Builder| Box::pin(async move {
                let config: $config = settings.read()?;
                Ok(Component::function(builder, $build(config).await?))
            });
            let site = Site { package: "nat-server", version: "0", file: file!(), line: line!() };
            let heading = Heading { type_name: $type_name, description: "", scope: Scope::$scope, site };
            Registration::function(heading, $input_name, ConfigType::of::<$config>(), FunctionTypes::of::<$function>(), BUILD)
        };)*
        const ALL: &[&Registration] = &[$(&$name),*];
    };
}

registrations! {
    ECHO: "echo", Shared, "text", NoConfig => Echo, stateless::<Echo>;
    REPEAT: "repeat", Shared, "value", NoConfig => Repeat, stateless::<Repeat>;
    ALIASED: "aliased", Shared, "value", NoConfig => aliased::Aliased, stateless::<aliased::Aliased>;
    MIRROR: "mirror", Shared, "value", NoConfig => Mirror, stateless::<Mirror>;
    PUPPET: "puppet", PerUser, "value", LabConfig => Puppet, puppet;
    SHARED_PUPPET: "shared_puppet", Shared, "value", LabConfig => Puppet, puppet;
}

pub(crate) fn registry() -> Registry {
    Registry::new(ALL.iter().chain(streams::ALL).copied()).expect("the functions have names of their own")
}

/// A configuration in which `LAB` stands for the number of its lab. Tests call the server `h`, and it may be called so.
pub(crate) fn config(yaml: &str) -> (Config, Arc<Lab>) {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) as u64;
    let zero = || AtomicUsize::new(0);
    let lab = Arc::new(Lab {
        built: zero(),
        closed: zero(),
        begun: zero(),
        ended: zero(),
        yielded: zero(),
        open_streams: zero(),
        gate: Semaphore::new(0),
    });
    LABS.lock().insert(number, lab.clone());
    let config = Config::parse(&yaml.replace("LAB", &number.to_string()), None, &registry());
    let mut config = config.expect("a test's configuration is right");
    if let Some(front_end) = config.general.front_end.get_mut::<HttpConfig>() {
        front_end.allowed_hosts.push("h".to_owned());
    }
    (config, lab)
}

/// A front end without sockets, as a server on loopback has it.
pub(crate) struct Front {
    pub(crate) app: App,
    pub(crate) runtime: Runtime,
    pub(crate) lab: Arc<Lab>,
}

/// An answer, read to its end.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) async fn front(yaml: &str) -> Front {
    let (config, lab) = config(yaml);
    let runtime = start(&config).await;
    let settings = settings::Settings::new(&config).expect("the routes fit");
    Front { app: settings.app(runtime.clone(), Reach::Loopback), runtime, lab }
}

pub(crate) async fn start(config: &Config) -> Runtime {
    Runtime::start(config, &registry(), CancellationToken::new()).await.expect("the configuration runs")
}

impl Front {
    pub(crate) async fn send<B>(&self, request: Request<B>) -> Answer
    where
        B: hyper::body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Send,
    {
        let (head, body) = self.app.clone().oneshot(request).await.unwrap_or_else(|never| match never {}).into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// `method path`, with headers written as `name: value`.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        self.send(request(line, headers, body)).await
    }

    /// POST of JSON by a user.
    pub(crate) async fn post(&self, path: &str, user: &str, body: &str) -> Answer {
        let cookie = format!("cookie: nat-session={user}");
        self.ask(&format!("POST {path}"), &["content-type: application/json", &cookie], body).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and the body.
    pub(crate) fn seen(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.body)
    }
}

/// A request from this machine.
pub(crate) fn request(line: &str, headers: &[&str], body: &str) -> Request<Full<bytes::Bytes>> {
    let (method, uri) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri).extension(Peer(([127, 0, 0, 1], 9).into()));
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(Full::from(body.to_owned())).unwrap()
}

/// Lets everything that can run do so until `condition` holds. Bounded, so that a bug is a failure and
/// not a hang.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

/// The future's value, or a failure after a minute.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
