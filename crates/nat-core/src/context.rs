//! What one request carries to the functions it calls.

mod request;
mod trail;
mod usage;

pub use request::RequestInfo;
pub(crate) use trail::FunctionNumber;

use std::fmt;
use std::num::NonZeroU16;
use std::sync::{Arc, OnceLock};

use serde::Serialize;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::DEFAULT_CALL_DEPTH;
use crate::directory::{Directory, Empty};
use crate::function::{
    DynFunctionHandle, ErasedFunction, FunctionGroupHandle, FunctionHandle, StreamingFunctionHandle,
};
use crate::kind::ComponentRef;
use crate::steps::{Beginning, Budget, Known, Listener, Name, Position, Run, Shown, Span, SpanKind};
use crate::{Error, Result, Usage, UserId};
use trail::Trail;
use usage::Account;

/// One request, as its functions see it: who asks, what was asked over which transport, and which
/// other functions can be reached.
///
/// A context is made for every request and handed to each call as an explicit argument; nothing of it
/// survives in an instance, so a later request can never see an earlier one's headers. A clone is
/// cheap and names the same request.
#[derive(Clone)]
pub struct Context {
    request: Arc<Request>,
    directory: Arc<dyn Directory>,
    position: Position,
    trail: Trail,
}

struct Request {
    user: Option<UserId>,
    info: Option<Arc<dyn RequestInfo>>,
    run_id: OnceLock<Uuid>,
    trace_id: OnceLock<Uuid>,
    stopping: CancellationToken,
    account: Account,
    listener: Option<Arc<Listener>>,
}

/// Whether a request's steps are told to anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Listening {
    /// Nobody: spans cost nothing.
    Nobody,
    /// Somebody reads them.
    Somebody,
}

impl Context {
    pub(crate) fn new(
        user: Option<UserId>,
        info: Option<Arc<dyn RequestInfo>>,
        directory: Arc<dyn Directory>,
        stopping: CancellationToken,
        listener: Option<Arc<Listener>>,
    ) -> Self {
        let (run_id, trace_id) = Default::default();
        let request = Request { user, info, run_id, trace_id, stopping, account: Account::default(), listener };
        let trail = Trail::new(DEFAULT_CALL_DEPTH);
        Self { request: Arc::new(request), directory, position: Position::default(), trail }
    }

    /// The context of a request that calls `function`, inside which there may be so many at once.
    pub(crate) fn entered(self, function: &dyn ErasedFunction, max_call_depth: NonZeroU16) -> Self {
        Self { trail: Trail::new(max_call_depth).then(function.number()), ..self }
    }

    /// A context for unit tests of one function: no request behind it, no other function in reach.
    ///
    /// ```
    /// # use nat_core::{Context, UserId};
    /// let ctx = Context::for_test(Some(UserId::derived("alice")));
    /// assert!(ctx.user_id().is_some() && ctx.request().is_none());
    /// ```
    pub fn for_test(user: Option<UserId>) -> Self {
        Self::new(user, None, Arc::new(Empty), CancellationToken::new(), None)
    }

    /// [`Context::for_test`], with a request and a stop signal. For test kits.
    #[doc(hidden)]
    pub fn for_test_request(
        user: Option<UserId>,
        info: Option<Arc<dyn RequestInfo>>,
        stopping: CancellationToken,
    ) -> Self {
        Self::new(user, info, Arc::new(Empty), stopping, None)
    }

    /// The user who asks. Always there in per-user functions; in shared ones when the request named one.
    pub fn user_id(&self) -> Option<&UserId> {
        self.request.user.as_ref()
    }

    /// The transport's view of the request; `None` where there is none, as in unit tests.
    pub fn request(&self) -> Option<&dyn RequestInfo> {
        self.request.info.as_deref()
    }

    /// The conversation this request belongs to, where the client says so.
    pub fn conversation_id(&self) -> Option<&str> {
        self.request()?.conversation_id()
    }

    /// The client's id of the message that is being answered.
    pub fn user_message_id(&self) -> Option<&str> {
        self.request()?.user_message_id()
    }

    /// The id of this run: the client's, else one made on the first call.
    pub fn run_id(&self) -> String {
        match self.request().and_then(RequestInfo::run_id) {
            Some(id) => id.to_owned(),
            None => self.request.run_id.get_or_init(Uuid::new_v4).to_string(),
        }
    }

    /// The id of the trace this request belongs to, 32 hexadecimal digits: the client's (`traceparent` if it can be
    /// used, else `workflow-trace-id` as it was sent), else one made on the first call.
    pub fn trace_id(&self) -> String {
        match self.request().and_then(RequestInfo::trace_id) {
            Some(id) => id.to_owned(),
            None => self.request.trace_id.get_or_init(Uuid::new_v4).simple().to_string(),
        }
    }

    /// Fires when the server begins to shut down: what runs may finish until the drain deadline
    /// (`general.shutdown_timeout`), and a long call does well to come to an end.
    pub fn stopping(&self) -> &CancellationToken {
        &self.request.stopping
    }

    /// Looks a function up by its name in the file, within the caller's scope: a per-user function
    /// reaches its own user's and the shared ones, a shared function the shared ones only.
    ///
    /// # Errors
    ///
    /// ``Function `x` not found`` (`ValueError`), and a `TypeError` that names both sides when the
    /// function takes or gives other types.
    pub fn get_function<I: 'static, O: 'static>(&self, name: impl AsRef<str>) -> Result<FunctionHandle<I, O>> {
        FunctionHandle::new(self.find(name.as_ref())?)
    }

    /// The same for a caller that knows no types: the handle takes and gives JSON or text.
    ///
    /// # Errors
    ///
    /// ``Function `x` not found`` (`ValueError`).
    pub fn get_dyn_function(&self, name: impl AsRef<str>) -> Result<DynFunctionHandle> {
        Ok(DynFunctionHandle::new(self.find(name.as_ref())?))
    }

    /// Looks a function up as one that takes `I` and streams `C`.
    ///
    /// # Errors
    ///
    /// As [`Context::get_function`].
    pub fn get_streaming_function<I: 'static, C: 'static>(
        &self,
        name: impl AsRef<str>,
    ) -> Result<StreamingFunctionHandle<I, C>> {
        StreamingFunctionHandle::new(self.find(name.as_ref())?)
    }

    /// A function group by its name in the file, within the caller's scope.
    ///
    /// # Errors
    ///
    /// ``Function group `x` not found`` (`ValueError`).
    pub fn get_function_group(&self, name: impl AsRef<str>) -> Result<FunctionGroupHandle> {
        let name = name.as_ref();
        let found = self.directory.group(name).map(FunctionGroupHandle::new);
        found.ok_or_else(|| Error::value(format!("Function group `{name}` not found")))
    }

    /// A component of a further kind by its reference, within the caller's scope.
    ///
    /// # Errors
    ///
    /// ``LLM `x` not found``, with the kind's own name (`ValueError`).
    pub fn get_component<R: ComponentRef>(&self, reference: &R) -> Result<Arc<R::Object>> {
        let name = reference.as_ref();
        let found = self.directory.object(R::KIND, name).and_then(|cell| cell.object::<R>());
        found.ok_or_else(|| Error::value(format!("{} `{name}` not found", R::KIND.capitalized())))
    }

    /// Tells whoever watches the request that something begins, and with the span's end that it has
    /// ended. What is called with [`Span::context`] is shown inside.
    ///
    /// When nobody watches, this costs a comparison: `input` is not even looked at.
    ///
    /// ```
    /// # use nat_core::{Context, Result};
    /// async fn summarize(ctx: &Context, question: &str) -> Result<String> {
    ///     let span = ctx.span("retrieve", question);
    ///     let found = retrieve(span.context(), question).await?; // on `?` the span ends without an output
    ///     span.finish(&found);
    ///     Ok(found.join(" "))
    /// }
    /// # async fn retrieve(_ctx: &Context, _question: &str) -> Result<Vec<String>> { Ok(Vec::new()) }
    /// ```
    pub fn span(&self, name: &str, input: &(impl Serialize + ?Sized)) -> Span<'_> {
        self.told(SpanKind::Custom, name, input)
    }

    /// [`Context::span`], of a tool in use.
    pub fn tool_span(&self, name: &str, input: &(impl Serialize + ?Sized)) -> Span<'_> {
        self.told(SpanKind::Tool, name, input)
    }

    /// [`Context::span`], of a question to a language model; `name` is the model's.
    pub fn llm_span(&self, name: &str, input: &(impl Serialize + ?Sized)) -> Span<'_> {
        self.told(SpanKind::Llm, name, input)
    }

    /// Whether anybody is told of spans: for a caller who would have to work for what to tell.
    pub fn listening(&self) -> Listening {
        if self.listener().is_some() { Listening::Somebody } else { Listening::Nobody }
    }

    /// Adds tokens that a language model used for this request. The sum becomes a chat answer's `usage`
    /// where the answer does not say its own.
    pub fn report_usage(&self, usage: Usage) {
        self.request.account.add(usage);
    }

    /// The tokens reported so far; `None` when nobody has reported any.
    pub fn usage(&self) -> Option<Usage> {
        self.request.account.sum()
    }

    fn told(&self, kind: SpanKind, name: &str, input: &(impl Serialize + ?Sized)) -> Span<'_> {
        match self.listener() {
            Some(listener) => {
                let beginning = Beginning { kind, name: Name::Given(name), run: None };
                Span::begin(self, listener, beginning, |budget| budget.show(&Known(input)))
            }
            None => Span::untold(self),
        }
    }

    /// The span of one call of a function.
    pub(crate) fn function_span(&self, name: &Arc<str>, input: impl FnOnce(&Arc<Budget>) -> Shown) -> Span<'_> {
        match self.listener() {
            Some(listener) => {
                let beginning = Beginning { kind: SpanKind::Function, name: Name::Planned(name), run: None };
                Span::begin(self, listener, beginning, input)
            }
            None => Span::untold(self),
        }
    }

    /// The span of the whole request. `title` is the workflow's, `function` the name of the function that answers.
    pub(crate) fn workflow_span(
        &self,
        title: &Arc<str>,
        function: &str,
        input: impl FnOnce(&Arc<Budget>) -> Shown,
    ) -> Span<'_> {
        match self.listener() {
            Some(listener) => {
                let run = Run {
                    workflow_run_id: self.run_id(),
                    workflow_trace_id: self.trace_id(),
                    conversation_id: self.conversation_id().map(str::to_owned),
                    display_name: function.into(),
                };
                let (kind, run) = (SpanKind::Workflow, Some(Arc::new(run)));
                Span::begin(self, listener, Beginning { kind, name: Name::Planned(title), run }, input)
            }
            None => Span::untold(self),
        }
    }

    /// The listener of the request's steps, while its reader reads.
    pub(crate) fn listener(&self) -> Option<&Arc<Listener>> {
        self.request.listener.as_ref().filter(|listener| listener.is_open())
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// The same request, elsewhere in the tree of spans.
    pub(crate) fn at(&self, position: Position) -> Self {
        Self { position, ..self.clone() }
    }

    fn find(&self, name: &str) -> Result<Arc<dyn ErasedFunction>> {
        self.directory.function(name).ok_or_else(|| Error::value(format!("Function `{name}` not found")))
    }

    /// The same request with nothing but shared functions in reach, for a shared function that a
    /// per-user one calls.
    pub(crate) fn narrowed(&self) -> Option<Self> {
        let directory = self.directory.shared()?;
        Some(Self { request: self.request.clone(), directory, position: self.position, trail: self.trail })
    }

    /// The same request inside a call of `function` by another function.
    ///
    /// # Errors
    ///
    /// A `RuntimeError` that shows the path of functions when there are `general.max_call_depth` on it already.
    pub(crate) fn inside(&self, function: &dyn ErasedFunction) -> Result<Self> {
        if !self.trail.has_room() {
            let limit = self.trail.limit();
            let path = self.trail.shown(|number| self.directory.name_of(number), function.name());
            return Err(Error::runtime(format!(
                "functions call each other too deeply: {path}; `general.max_call_depth` allows {limit} inside each \
                 other: end the recursion, or raise the limit"
            )));
        }
        Ok(Self { trail: self.trail.then(function.number()), ..self.clone() })
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("user_id", &self.request.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn a_request_without_a_trace_has_one_of_its_own() {
        let ctx = Context::for_test(None);
        assert_eq!((ctx.trace_id().len(), ctx.trace_id()), (32, ctx.clone().trace_id()));
    }
}
