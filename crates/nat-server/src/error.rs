//! From a failure to what is sent and what is logged, which are two texts.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;
use nat_core::{BuildError, BuildFailure, CallError, Error, OpenError};
use serde::Serialize;
use tracing::{debug, error, info};
use uuid::Uuid;

use crate::reply::{self, Reply, WorkflowError};

/// How a route of functions words its failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    /// `details` is the error's kind. The legacy routes.
    Kind,
    /// `details` is always `ExecutionFailed`. `/v1/workflow` and its like.
    ExecutionFailed,
}

/// Whether clients may read the text of errors that was not written for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exposure {
    Everything,
    PublicMessages,
}

/// Why a function's route answers with anything but the function's output.
#[derive(Debug)]
pub(crate) enum Failure {
    Open(OpenError),
    Call(CallError),
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// What a client may know of `failure`; the rest goes to the log.
pub(crate) fn reply(failure: Failure, wording: Wording, exposure: Exposure) -> Reply {
    match failure {
        Failure::Call(CallError::Function(error)) => function_error(&error, wording, exposure),
        Failure::Call(CallError::Panicked { id }) => internal_error(id),
        Failure::Call(other) => function_error(&Error::from(other), wording, exposure),
        Failure::Open(OpenError::Build(error)) => build_error(&error, wording, exposure),
        Failure::Open(error) => refusal(&error),
    }
}

/// An error with an id by which the log knows the rest. Nothing else of it is sent.
pub(crate) fn internal_error(id: Uuid) -> Reply {
    let message = internal_message(id);
    let body = WorkflowError { code: "unknown_error", message: &message, details: "InternalError" };
    reply::json(StatusCode::INTERNAL_SERVER_ERROR, &body)
}

fn function_error(error: &Error, wording: Wording, exposure: Exposure) -> Reply {
    let message = message(error, exposure);
    let (message, details) = match wording {
        Wording::Kind => (&*message, error.kind().name()),
        Wording::ExecutionFailed if message.is_empty() => ("Unknown error", "ExecutionFailed"),
        Wording::ExecutionFailed => (&*message, "ExecutionFailed"),
    };
    workflow_error(StatusCode::UNPROCESSABLE_ENTITY, message, details)
}

/// A failure in a stream that has begun, as JSON: the status has been sent, so this is all that tells.
pub(crate) fn event(error: CallError, exposure: Exposure) -> String {
    told(error, exposure, |error| text(&error))
}

/// The same with the member `error`, without which clients of the OpenAI API take it for a chunk.
pub(crate) fn completions_event(error: CallError, exposure: Exposure) -> String {
    #[derive(Serialize)]
    struct Event<'a> {
        #[serde(flatten)]
        plain: &'a WorkflowError<'a>,
        error: Member<'a>,
    }
    #[derive(Serialize)]
    struct Member<'a> {
        #[serde(flatten)]
        plain: &'a WorkflowError<'a>,
        #[serde(rename = "type")]
        kind: &'a str,
        param: Option<&'a str>,
    }
    told(error, exposure, |plain| {
        text(&Event { plain: &plain, error: Member { plain: &plain, kind: plain.details, param: None } })
    })
}

fn told(error: CallError, exposure: Exposure, tell: impl FnOnce(WorkflowError<'_>) -> String) -> String {
    let error = match error {
        CallError::Function(error) => error,
        CallError::Panicked { id } => {
            let message = internal_message(id);
            return tell(WorkflowError { code: "unknown_error", message: &message, details: "InternalError" });
        }
        other => Error::from(other),
    };
    let message = message(&error, exposure);
    tell(WorkflowError { code: "workflow_error", message: &message, details: error.kind().name() })
}

fn text(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_else(|error| {
        // Structs of texts can be written.
        error!(%error, "an error could not be written");
        r#"{"code":"unknown_error","message":"internal error","details":"InternalError"}"#.to_owned()
    })
}

fn internal_message(id: Uuid) -> String {
    format!("internal error {id}")
}

/// What may be sent of an error: its text if it was written for clients, else a number under which the
/// log has it.
fn message(error: &Error, exposure: Exposure) -> Cow<'_, str> {
    match (error.public_message(), exposure) {
        (Some(message), _) => {
            if message != error.message() {
                info!(kind = %error.kind(), %error, sent = message, "a call failed");
            }
            Cow::Borrowed(message)
        }
        (None, Exposure::Everything) => Cow::Borrowed(error.message()),
        (None, Exposure::PublicMessages) => {
            let id = Uuid::new_v4();
            error!(%id, kind = %error.kind(), %error, "an error whose text is not sent (front_end.expose_errors is off)");
            Cow::Owned(internal_message(id))
        }
    }
}

fn build_error(error: &BuildError, wording: Wording, exposure: Exposure) -> Reply {
    let reply = match error.cause {
        BuildFailure::Panicked => {
            let id = Uuid::new_v4();
            error!(%id, %error, "an instance could not be built");
            internal_error(id)
        }
        BuildFailure::NoPlace => {
            workflow_error(StatusCode::SERVICE_UNAVAILABLE, error.error.message(), "TooManyBuilds")
        }
        BuildFailure::Aborted => workflow_error(StatusCode::SERVICE_UNAVAILABLE, error.error.message(), "ShuttingDown"),
        _ => function_error(&error.error, wording, exposure),
    };
    let wait = match (error.retry_after, error.cause) {
        (None, BuildFailure::NoPlace | BuildFailure::Aborted) => Some(Duration::from_secs(1)),
        (wait, _) => wait,
    };
    match wait {
        Some(wait) => reply::with_retry_after(reply, wait),
        None => reply,
    }
}

/// The answer to a request that is not begun because the server stops.
pub(crate) fn shutting_down() -> Reply {
    refusal(&OpenError::ShuttingDown)
}

/// The server cannot take the call now.
fn refusal(error: &OpenError) -> Reply {
    let (status, details) = match error {
        OpenError::QueueFull { .. } => (StatusCode::TOO_MANY_REQUESTS, "QueueFull"),
        OpenError::QueueTimeout { .. } => (StatusCode::TOO_MANY_REQUESTS, "QueueTimeout"),
        OpenError::TooManyUsers { .. } => (StatusCode::SERVICE_UNAVAILABLE, "TooManyUsers"),
        OpenError::Closing => (StatusCode::SERVICE_UNAVAILABLE, "Closing"),
        OpenError::ShuttingDown => (StatusCode::SERVICE_UNAVAILABLE, "ShuttingDown"),
        // Identity is asked for before a session is.
        OpenError::NoUser => (StatusCode::UNAUTHORIZED, "ValueError"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
    };
    debug!(%error, status = status.as_u16(), "a request was refused");
    let reply = workflow_error(status, &error.to_string(), details);
    match error.retry_after() {
        Some(wait) => reply::with_retry_after(reply, wait),
        None => reply,
    }
}

fn workflow_error(status: StatusCode, message: &str, details: &str) -> Reply {
    reply::json(status, &WorkflowError { code: "workflow_error", message, details })
}
