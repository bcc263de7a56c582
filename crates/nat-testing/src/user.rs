//! A user who calls a workflow.

use std::fmt;
use std::sync::Arc;

use nat_chat::{ChatRequest, ChatResponse};
use nat_core::{
    Chunk, EntryName, Error, Event, Input, Interface, Output, OutputStream, RequestInfo, Session, Step, StepKind,
    UserId, Workflow,
};
use serde_json::Value;

use crate::request::{TestRequest, request_methods};
use crate::{CallFailure, TestUserName, TestWorkflow};

/// A user of a [`TestWorkflow`], with what their requests carry. A clone is the same user, and calls may run at once.
///
/// JSON inputs and answers are the bodies that `/generate` takes and gives: an object, in which a plain value such as a
/// text or a number stands in a field. Without any of the methods about the request,
/// [`Context::request`](nat_core::Context::request) is `None`.
///
/// Dropping the future of a call drops the call at its present await, which counts as a failed request.
#[derive(Clone)]
pub struct TestUser {
    workflow: TestWorkflow,
    user: Option<UserId>,
    request: Option<TestRequest>,
    entry: EntryName,
}

/// The answer to a call, with the steps that it emitted.
#[derive(Debug)]
#[non_exhaustive]
pub struct RecordedCall {
    /// The answer; for a call that streams, the list of its chunks.
    pub answer: Result<Value, CallFailure>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    timeline: Vec<String>,
}

/// The chunks of one call. The call runs while it is read, and keeps the user's instance in use until this is dropped.
#[derive(Debug)]
pub struct TestStream(OutputStream);

impl TestUser {
    pub(crate) fn new(workflow: TestWorkflow, user: Option<UserId>) -> Self {
        Self { workflow, user, request: None, entry: EntryName::Workflow }
    }

    /// The id of the user.
    pub fn id(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    request_methods!();

    /// Calls the function that an endpoint of the file names, in place of the workflow.
    #[must_use]
    pub fn endpoint(mut self, function_name: impl Into<String>) -> Self {
        self.entry = EntryName::Function(function_name.into());
        self
    }

    /// Another user with the same request.
    #[must_use]
    pub fn as_user(mut self, user: impl TestUserName) -> Self {
        self.user = Some(user.user_id());
        self
    }

    /// Calls the function with a request body, and gives the body of the answer.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`].
    pub async fn call(&self, input: impl Into<Value>) -> Result<Value, CallFailure> {
        body(self.answer(|workflow| decoded(workflow, &input.into())).await?)
    }

    /// Calls the function with a value of its input type, and gives one of its output type: neither JSON nor validation
    /// between, as where functions call each other.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`]; [`CallFailure::Mismatch`] where the types are others.
    pub async fn call_typed<I: Send + 'static, O: 'static>(&self, input: I) -> Result<O, CallFailure> {
        let output = self.answer(|workflow| workflow.typed_input(input).map_err(CallFailure::Mismatch)).await?;
        output.into_typed().map_err(mismatch)
    }

    /// Calls the function with a text, as `nat run --input` does, and gives the answer as text.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`].
    pub async fn call_text(&self, text: &str) -> Result<String, CallFailure> {
        let output = self.answer(|workflow| workflow.decode_text(text).map_err(CallFailure::Input)).await?;
        output.into_text().map_err(CallFailure::of)
    }

    /// Calls the function with a chat message, as the chat routes do.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`]; [`CallFailure::Mismatch`] where the function takes neither text nor a conversation.
    pub async fn chat(&self, text: impl Into<String>) -> Result<ChatResponse, CallFailure> {
        self.chat_request(ChatRequest::from_text(text)).await
    }

    /// [`TestUser::chat`], with a whole conversation.
    ///
    /// # Errors
    ///
    /// As [`TestUser::chat`].
    pub async fn chat_request(&self, request: ChatRequest) -> Result<ChatResponse, CallFailure> {
        let output = self.answer(|workflow| workflow.decode_chat(request).map_err(CallFailure::Mismatch)).await?;
        output.into_chat().map_err(CallFailure::of)
    }

    /// Calls the function for its chunks. Nothing of it runs before the stream is read.
    ///
    /// # Errors
    ///
    /// As [`TestUser::call`], without the errors of the function, which the stream gives.
    pub async fn stream(&self, input: impl Into<Value>) -> Result<TestStream, CallFailure> {
        let (session, input) = self.open(|workflow| decoded(workflow, &input.into())).await?;
        Ok(TestStream(session.stream(self.info(), input)))
    }

    /// [`TestUser::call`], with the steps. The call itself is one of them.
    ///
    /// # Errors
    ///
    /// As [`TestUser::call`] where the call does not begin; the answer holds the others.
    pub async fn call_with_steps(&self, input: impl Into<Value>) -> Result<RecordedCall, CallFailure> {
        let (session, input) = self.open(|workflow| decoded(workflow, &input.into())).await?;
        let mut events = session.call_with_steps(self.info(), input);
        let mut recorded = RecordedCall::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Step(step)) => recorded.step(step),
                Ok(Event::Output(output)) => recorded.answer = body(output),
                Ok(_) => {}
                Err(error) => recorded.answer = Err(CallFailure::of(error)),
            }
        }
        Ok(recorded)
    }

    /// [`TestUser::stream`] to its end, with the steps.
    ///
    /// # Errors
    ///
    /// As [`TestUser::call_with_steps`].
    pub async fn stream_with_steps(&self, input: impl Into<Value>) -> Result<RecordedCall, CallFailure> {
        let (session, input) = self.open(|workflow| decoded(workflow, &input.into())).await?;
        let mut events = session.stream_with_steps(self.info(), input);
        let (mut recorded, mut chunks, mut failed) = (RecordedCall::new(), Vec::new(), None);
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Step(step)) => recorded.step(step),
                Ok(Event::Chunk(chunk)) => match chunk.into_value() {
                    Ok(chunk) => {
                        recorded.timeline.push(format!("chunk {chunk}"));
                        chunks.push(chunk);
                    }
                    Err(error) => failed = Some(CallFailure::of(error)),
                },
                Ok(_) => {}
                Err(error) => failed = Some(CallFailure::of(error)),
            }
        }
        recorded.answer = failed.map_or(Ok(Value::Array(chunks)), Err);
        Ok(recorded)
    }

    /// The input and output of the function, with their schemas.
    ///
    /// # Errors
    ///
    /// [`CallFailure::Mismatch`] where the file has no such endpoint.
    pub fn interface(&self) -> Result<Arc<Interface>, CallFailure> {
        Ok(self.workflow()?.interface().clone())
    }

    async fn answer(&self, input: impl FnOnce(&Workflow) -> Result<Input, CallFailure>) -> Result<Output, CallFailure> {
        let (mut session, input) = self.open(input).await?;
        session.call(self.info(), input).await.map_err(CallFailure::of)
    }

    async fn open(
        &self,
        input: impl FnOnce(&Workflow) -> Result<Input, CallFailure>,
    ) -> Result<(Session, Input), CallFailure> {
        let workflow = self.workflow()?;
        let input = input(&workflow)?;
        let session = workflow.open(self.user.clone()).await.map_err(CallFailure::Open)?;
        Ok((session, input))
    }

    fn workflow(&self) -> Result<Workflow, CallFailure> {
        self.workflow.runtime().workflow(&self.entry).ok_or_else(|| {
            let name = match &self.entry {
                EntryName::Function(name) => name.as_str(),
                _ => "workflow",
            };
            CallFailure::Mismatch(Error::value(format!(
                "no endpoint of the file names the function `{name}`: add it to `general.front_end.endpoints`, or make \
                 it the workflow of a file of the test's own"
            )))
        })
    }

    fn info(&self) -> Option<Arc<dyn RequestInfo>> {
        self.request.clone().map(|request| Arc::new(request) as Arc<dyn RequestInfo>)
    }

    fn request_mut(&mut self) -> &mut TestRequest {
        self.request.get_or_insert_default()
    }
}

fn decoded(workflow: &Workflow, body: &Value) -> Result<Input, CallFailure> {
    workflow.decode(body.to_string().as_bytes()).map_err(CallFailure::Input)
}

fn body(output: Output) -> Result<Value, CallFailure> {
    let body = output.into_json().map_err(CallFailure::of)?;
    serde_json::from_slice(&body).map_err(|error| CallFailure::Mismatch(error.into()))
}

fn mismatch(error: nat_core::CallError) -> CallFailure {
    match CallFailure::of(error) {
        CallFailure::Function(error) => CallFailure::Mismatch(error),
        other => other,
    }
}

impl RecordedCall {
    fn new() -> Self {
        Self { answer: Err(CallFailure::Panicked), steps: Vec::new(), timeline: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        self.timeline.push(format!("{} {}", step.kind(), step.name()));
        self.steps.push(step);
    }

    /// The steps and chunks as texts, in the order in which they came: `FUNCTION_START notepad`, `chunk {"word":"one"}`.
    pub fn timeline(&self) -> &[String] {
        &self.timeline
    }

    /// The number of calls of a function, by its name in the file.
    pub fn calls_of(&self, function: &str) -> usize {
        self.steps.iter().filter(|step| step.kind() == StepKind::FunctionStart && step.name() == function).count()
    }
}

impl TestStream {
    /// The next chunk as JSON, a plain one without a field around it; `None` after the last one. Dropping the future
    /// loses nothing.
    ///
    /// # Errors
    ///
    /// See [`CallFailure`]. An error is the last item.
    pub async fn next(&mut self) -> Option<Result<Value, CallFailure>> {
        Some(self.next_chunk().await?.and_then(|chunk| chunk.into_value().map_err(CallFailure::of)))
    }

    /// The next chunk as a value of the function's chunk type.
    ///
    /// # Errors
    ///
    /// As [`TestStream::next`]; [`CallFailure::Mismatch`] where the type is another one.
    pub async fn next_typed<C: 'static>(&mut self) -> Option<Result<C, CallFailure>> {
        Some(self.next_chunk().await?.and_then(|chunk| chunk.into_typed().map_err(mismatch)))
    }

    /// The next chunk as text: text as it is, the content of a chat chunk, anything else as JSON.
    ///
    /// # Errors
    ///
    /// As [`TestStream::next`].
    pub async fn next_text(&mut self) -> Option<Result<String, CallFailure>> {
        Some(self.next_chunk().await?.and_then(|chunk| chunk.into_text().map_err(CallFailure::of)))
    }

    /// All chunks that are left.
    ///
    /// # Errors
    ///
    /// The first error in place of them.
    pub async fn collect(mut self) -> Result<Vec<Value>, CallFailure> {
        let mut chunks = Vec::new();
        while let Some(chunk) = self.next().await {
            chunks.push(chunk?);
        }
        Ok(chunks)
    }

    async fn next_chunk(&mut self) -> Option<Result<Chunk, CallFailure>> {
        Some(self.0.next().await?.map_err(CallFailure::of))
    }
}

impl fmt::Debug for TestUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestUser").field("user", &self.user).field("request", &self.request).finish_non_exhaustive()
    }
}
