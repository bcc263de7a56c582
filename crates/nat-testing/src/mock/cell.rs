//! A mock as a component type of the registry.
//!
//! A registration builds by a function pointer, which captures nothing. The settings of a mock therefore carry a number,
//! and a table maps the number to the mock. The workflow that uses the mock keeps the entry.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use futures_util::Stream;
use nat_core::__private::{BuildFn, ConfigType, FunctionTypes, Heading, Settings, Site, StreamingTypes};
use nat_core::{
    Builder, CloseReason, Component, Context, Error, Function, Registration, Result, Scope, StreamingFunction, UserId,
    stream,
};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Behaviour, Mock, MockFunction, ReceivedCall};

/// A mock under a name of the file, until it becomes a registration.
pub(crate) struct MockComponent {
    pub(crate) name: String,
    pub(crate) scope: Option<Scope>,
    entry: Arc<Entry>,
    register: fn(Heading, &'static str) -> Registration,
}

/// The mock's place in the table, which is taken out when the last workflow that uses it is dropped.
pub(crate) struct Entry(u64);

static MOCKS: LazyLock<Mutex<HashMap<u64, Arc<dyn Any + Send + Sync>>>> = LazyLock::new(Mutex::default);

impl Drop for Entry {
    fn drop(&mut self) {
        // What it holds is dropped outside of the lock: it is a person's closure.
        let mock = MOCKS.lock().remove(&self.0);
        drop(mock);
    }
}

pub(crate) fn mock_component<I, O>(name: String, function: &MockFunction<I, O>) -> MockComponent
where
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    MOCKS.lock().insert(number, function.mock.clone());
    let register = match function.mock.behaviour {
        Behaviour::Single(_) => single::<I, O>,
        Behaviour::Streaming(_) => streaming::<I, O>,
    };
    MockComponent { name, scope: function.scope, entry: Arc::new(Entry(number)), register }
}

impl MockComponent {
    /// The component's settings in the file.
    pub(crate) fn settings(&self, type_name: &str) -> Value {
        json!({"_type": type_name, "mock": self.entry.0})
    }

    /// The type, for a registry. Registrations are never freed, as those of the attributes are not.
    pub(crate) fn registration(
        &self,
        type_name: String,
        scope: Scope,
        input_name: &'static str,
    ) -> &'static Registration {
        let site = Site { package: "nat-testing", version: env!("CARGO_PKG_VERSION"), file: file!(), line: line!() };
        let heading = Heading { type_name: type_name.leak(), description: "A mock function of a test", scope, site };
        Box::leak(Box::new((self.register)(heading, input_name)))
    }

    /// What keeps the mock reachable for builds.
    pub(crate) fn entry(&self) -> Arc<Entry> {
        self.entry.clone()
    }
}

#[derive(Deserialize, JsonSchema)]
struct MockSettings {
    mock: u64,
}

/// One built mock.
struct MockInstance<I, O> {
    mock: Arc<Mock<I, O>>,
    user: Option<UserId>,
}

fn single<I, O>(heading: Heading, input_name: &'static str) -> Registration
where
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    let build: BuildFn = |settings: Settings, builder: &Builder| {
        Box::pin(async move { Ok(Component::function(builder, build::<I, O>(settings, builder).await?)) })
    };
    let types = FunctionTypes::of::<MockInstance<I, O>>();
    Registration::function(heading, input_name, ConfigType::of::<MockSettings>(), types, build)
}

fn streaming<I, O>(heading: Heading, input_name: &'static str) -> Registration
where
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    let build: BuildFn = |settings: Settings, builder: &Builder| {
        Box::pin(async move { Ok(Component::streaming_function(builder, build::<I, O>(settings, builder).await?)) })
    };
    let types = StreamingTypes::of::<MockInstance<I, O>>();
    Registration::streaming_function(heading, input_name, ConfigType::of::<MockSettings>(), types, build)
}

async fn build<I: Send + 'static, O: Send + 'static>(
    settings: Settings,
    builder: &Builder,
) -> Result<MockInstance<I, O>> {
    let MockSettings { mock } = settings.read()?;
    let mock = MOCKS.lock().get(&mock).cloned();
    let mock = mock.and_then(|mock| mock.downcast::<Mock<I, O>>().ok());
    let mock = mock.ok_or_else(|| Error::runtime("the workflow of this mock has been dropped"))?;
    let user = builder.user_id().cloned();
    mock.builds.pass(user.as_ref()).await?;
    Ok(MockInstance { mock, user })
}

impl<I: Serialize, O> MockInstance<I, O> {
    /// Records a call, and gives the wait for its turn: the input, which need not be `Sync`, is not borrowed by it.
    fn begin<'a>(&'a self, ctx: &'a Context, input: &I) -> Result<impl Future<Output = Result<()>> + use<'a, I, O>> {
        let (user, conversation) = (ctx.user_id().cloned(), ctx.conversation_id().map(str::to_owned));
        let call = ReceivedCall { user, conversation, input: serde_json::to_value(input)? };
        self.mock.received.lock().push(call);
        Ok(self.mock.calls.pass(ctx.user_id()))
    }
}

fn other_behaviour() -> Error {
    Error::type_error("this mock was registered as another kind of function")
}

impl<I, O> Function for MockInstance<I, O>
where
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    type Input = I;
    type Output = O;

    async fn call(&self, ctx: &Context, input: I) -> Result<O> {
        let begun = self.begin(ctx, &input)?;
        begun.await?;
        match &self.mock.behaviour {
            Behaviour::Single(answer) => answer(ctx.clone(), input).await,
            Behaviour::Streaming(_) => Err(other_behaviour()),
        }
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.mock.closes.pass(self.user.as_ref()).await
    }
}

impl<I, O> StreamingFunction for MockInstance<I, O>
where
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    type Input = I;
    type Chunk = O;

    fn stream(&self, ctx: &Context, input: I) -> impl Stream<Item = Result<O>> + Send {
        stream! {
            let begun = self.begin(ctx, &input)?;
            begun.await?;
            let chunks = match &self.mock.behaviour {
                Behaviour::Single(_) => Err(other_behaviour()),
                Behaviour::Streaming(answer) => answer(ctx.clone(), input).await,
            };
            for chunk in chunks? {
                yield chunk;
            }
        }
    }

    async fn close(self, _reason: CloseReason) -> Result<()> {
        self.mock.closes.pass(self.user.as_ref()).await
    }
}
