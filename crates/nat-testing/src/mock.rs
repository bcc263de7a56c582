//! Functions that a test puts in the place of those of a file.

mod cell;
mod phase;

pub use phase::MockPhase;

pub(crate) use cell::{MockComponent, mock_component};

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use nat_core::{Context, Error, Result, Scope, UserId};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A function that a test defines: it takes the place of a component of the file, or adds one.
///
/// `I` and `O` are the input and output types of the function that it replaces, so that functions which call it by
/// their typed handles notice no difference. The mock records its calls, and its three phases (builds, calls and
/// closes) can be held, released and made to fail. A clone is the same mock.
///
/// ```
/// use nat_testing::{MockFunction, TestWorkflow};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let shout = MockFunction::new(|_ctx, text: String| async move { Ok(text.to_uppercase()) });
/// let workflow = TestWorkflow::builder().mock("workflow", &shout).start().await.unwrap();
/// let answer = workflow.user("alice").call(json!({"value": "hello"})).await.unwrap();
/// assert_eq!(answer, json!({"value": "HELLO"}));
/// assert_eq!(shout.received()[0].input, json!("hello"));
/// # }
/// ```
pub struct MockFunction<I, O> {
    mock: Arc<Mock<I, O>>,
    scope: Option<Scope>,
}

/// One call that a mock received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReceivedCall {
    /// The user of the call.
    pub user: Option<UserId>,
    /// The conversation of the call.
    pub conversation: Option<String>,
    /// The input as JSON, a plain one without a field around it.
    pub input: Value,
}

/// The state behind all clones of a mock.
pub(crate) struct Mock<I, O> {
    behaviour: Behaviour<I, O>,
    builds: MockPhase,
    calls: MockPhase,
    closes: MockPhase,
    received: Mutex<Vec<ReceivedCall>>,
}

type Answer<I, O> = dyn Fn(Context, I) -> BoxFuture<'static, Result<O>> + Send + Sync;

enum Behaviour<I, O> {
    Single(Box<Answer<I, O>>),
    Streaming(Box<Answer<I, Vec<O>>>),
}

impl<I, O> MockFunction<I, O>
where
    I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    /// A mock that answers as `answer` does.
    pub fn new<F, Fut>(answer: F) -> Self
    where
        F: Fn(Context, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<O>> + Send + 'static,
    {
        Self::of(Behaviour::Single(Box::new(move |ctx, input| Box::pin(answer(ctx, input)))))
    }

    /// A mock that answers every call with `output`.
    pub fn returning(output: O) -> Self
    where
        O: Clone + Sync,
    {
        Self::new(move |_ctx, _input| {
            let output = output.clone();
            async move { Ok(output) }
        })
    }

    /// A mock that fails every call with `error`.
    pub fn failing(error: Error) -> Self {
        Self::new(move |_ctx, _input| {
            let error = error.clone();
            async move { Err(error) }
        })
    }

    /// A mock of a streaming function: the chunks of the list that `answer` gives come one by one. `O` is the type of
    /// a chunk. An error comes before the first chunk.
    pub fn streaming<F, Fut>(answer: F) -> Self
    where
        F: Fn(Context, I) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<O>>> + Send + 'static,
    {
        Self::of(Behaviour::Streaming(Box::new(move |ctx, input| Box::pin(answer(ctx, input)))))
    }

    fn of(behaviour: Behaviour<I, O>) -> Self {
        let (builds, calls, closes) = (MockPhase::new("build"), MockPhase::new("call"), MockPhase::new("close"));
        let mock = Mock { behaviour, builds, calls, closes, received: Mutex::default() };
        Self { mock: Arc::new(mock), scope: None }
    }
}

impl<I, O> MockFunction<I, O> {
    /// Makes the mock a per-user function, whichever scope the function has that it replaces.
    #[must_use]
    pub fn per_user(mut self) -> Self {
        self.scope = Some(Scope::PerUser);
        self
    }

    /// Makes the mock a shared function, whichever scope the function has that it replaces.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.scope = Some(Scope::Shared);
        self
    }

    /// Its builds. The instance of a user consists of all per-user components of the file, so a held build of a per-user
    /// mock holds the user's instance.
    pub fn builds(&self) -> &MockPhase {
        &self.mock.builds
    }

    /// Its calls.
    pub fn calls(&self) -> &MockPhase {
        &self.mock.calls
    }

    /// Its closes.
    pub fn closes(&self) -> &MockPhase {
        &self.mock.closes
    }

    /// The calls that it has received, in the order in which they came, held and failed ones among them.
    pub fn received(&self) -> Vec<ReceivedCall> {
        self.mock.received.lock().clone()
    }
}

impl<I, O> Clone for MockFunction<I, O> {
    fn clone(&self) -> Self {
        Self { mock: self.mock.clone(), scope: self.scope }
    }
}

impl<I, O> fmt::Debug for MockFunction<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockFunction").field("received", &self.received()).finish_non_exhaustive()
    }
}
