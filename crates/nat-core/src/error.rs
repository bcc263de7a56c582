//! What a function answers when it cannot answer.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::CallError;

/// The result of everything a function, a builder function or a handle does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure: its kind, what the client may read, and what the operator may read.
///
/// Cheap to clone, because everybody who waits for a failed build gets the same one.
///
/// Errors made with [`Error::value`] and its siblings are written to be sent. A foreign error that
/// comes through `?` is a `RuntimeError` whose text stays in the log, unless the server is told to
/// expose it (`front_end.expose_errors`) or [`Error::public`] says what to send.
///
/// ```
/// use nat_core::{Error, ErrorKind};
///
/// let missing = Error::value("Key is required");
/// assert_eq!(missing.kind(), &ErrorKind::Value);
/// assert_eq!(missing.public_message(), Some("Key is required"));
///
/// let foreign = Error::from("x".parse::<i32>().unwrap_err());
/// assert_eq!(foreign.public_message(), None);
/// assert_eq!(foreign.public("not a number").public_message(), Some("not a number"));
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    audience: Audience,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Clone)]
enum Audience {
    /// The message was written for the client.
    Client,
    /// The message came from somewhere else and may hold internals.
    Operator,
    /// The message is for the operator, this text for the client.
    Both(String),
}

/// The kind of a failure, by the names that clients of the Python toolkit know.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// `ValueError`: an argument has the right type and a wrong value.
    Value,
    /// `RuntimeError`: anything that has no kind of its own.
    Runtime,
    /// `TypeError`: an argument has a wrong type.
    Type,
    /// `PermissionError`: this user may not do this.
    Permission,
    /// `NotImplementedError`: the function cannot do this.
    NotImplemented,
    /// `TimeoutError`: something took longer than it may.
    Timeout,
    /// A name of one's own.
    Custom(Cow<'static, str>),
}

impl ErrorKind {
    /// The name that is sent in `details`.
    pub fn name(&self) -> &str {
        match self {
            Self::Value => "ValueError",
            Self::Runtime => "RuntimeError",
            Self::Type => "TypeError",
            Self::Permission => "PermissionError",
            Self::NotImplemented => "NotImplementedError",
            Self::Timeout => "TimeoutError",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Error {
    fn stated(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), audience: Audience::Client, source: None }))
    }

    /// A wrong value (`ValueError`). The message is sent as written.
    pub fn value(message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::Value, message)
    }

    /// A failure without a kind of its own (`RuntimeError`). The message is sent as written.
    pub fn runtime(message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::Runtime, message)
    }

    /// A wrong type (`TypeError`). The message is sent as written.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::Type, message)
    }

    /// Something this user may not do (`PermissionError`). The message is sent as written.
    pub fn permission(message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::Permission, message)
    }

    /// Something the function cannot do (`NotImplementedError`). The message is sent as written.
    pub fn not_implemented(message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::NotImplemented, message)
    }

    /// Something that took too long (`TimeoutError`). The message is sent as written.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::Timeout, message)
    }

    /// An error of a kind with a name of its own. The message is sent as written.
    pub fn custom(kind: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::stated(ErrorKind::Custom(kind.into()), message)
    }

    /// The same error with `text` as the message for the client; the present message stays for the log.
    #[must_use]
    pub fn public(self, text: impl Into<String>) -> Self {
        let inner = &*self.0;
        Self(Arc::new(Inner {
            kind: inner.kind.clone(),
            message: inner.message.clone(),
            audience: Audience::Both(text.into()),
            source: inner.source.clone(),
        }))
    }

    /// The kind, which is sent in `details`.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What may be sent to a client; `None` when nothing of the text was written for one.
    pub fn public_message(&self) -> Option<&str> {
        match &self.0.audience {
            Audience::Client => Some(&self.0.message),
            Audience::Operator => None,
            Audience::Both(text) => Some(text),
        }
    }

    /// The whole message, for logs.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The foreign error behind this one.
    pub fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for Error {
    fn from(source: E) -> Self {
        // A call's own failure keeps its kind and its audience on the way through `?`.
        if let Some(error) = (&source as &dyn Any).downcast_ref::<CallError>().and_then(CallError::as_function_error) {
            return error.clone();
        }
        let mut message = source.to_string();
        let mut cause = source.source();
        while let Some(next) = cause {
            message.push_str(": ");
            message.push_str(&next.to_string());
            cause = next.source();
        }
        Self(Arc::new(Inner {
            kind: ErrorKind::Runtime,
            message,
            audience: Audience::Operator,
            source: Some(Arc::new(source)),
        }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.kind, self.0.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(error: CallError) -> Error {
        let call = || -> Result<()> { Err(error)? };
        call().unwrap_err()
    }

    #[test]
    fn a_failed_call_keeps_its_kind_through_the_question_mark() {
        let error = through(CallError::Function(Error::permission("not yours")));
        assert_eq!((error.kind(), error.public_message()), (&ErrorKind::Permission, Some("not yours")));
        let panicked = through(CallError::Panicked { id: uuid::Uuid::nil() });
        assert_eq!((panicked.kind(), panicked.public_message()), (&ErrorKind::Runtime, None));
    }

    #[test]
    fn a_foreign_error_tells_its_causes_to_the_operator_only() {
        let cause = std::io::Error::other("disk on fire");
        let error = Error::from(std::io::Error::other(cause)).public("cannot save");
        assert_eq!((error.message(), error.public_message()), ("disk on fire", Some("cannot save")));
        assert!(error.source().is_some());
    }
}
