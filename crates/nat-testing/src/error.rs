//! Errors of the kit: a workflow that does not start, a call that fails.

use std::fmt;
use std::io;
use std::path::PathBuf;

use nat_config::diagnostic::Report;
use nat_core::{CallError, Error, ErrorKind, InvalidInput, OpenError, RegistryError, StartError};

/// The reason why a file does not run. `{:?}` prints it as `{}` does, so that `unwrap` in a test is readable.
#[derive(Clone)]
#[non_exhaustive]
pub enum SetupError {
    /// Neither a text nor a file was given.
    NoFile,
    /// The registered component types do not fit together.
    Registry(Vec<RegistryError>),
    /// The file has errors, or cannot be read.
    Config(Report),
    /// A mock does not fit the file: there is no such function, for example.
    Mock(String),
    /// A value that the test sets has no place in the file: a key that nothing reads, for example.
    Setting(String),
    /// The workflow does not start: a shared component failed, for example.
    Start(StartError),
    /// The server does not start.
    Server(String),
    /// A file of the test cannot be found.
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}

impl SetupError {
    pub(crate) fn io(path: PathBuf, error: &io::Error) -> Self {
        Self::Io { path, reason: error.to_string() }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => f.write_str("no workflow file was given: call `yaml` or `file` before `start`"),
            Self::Registry(errors) => {
                let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&errors.join("\n"))
            }
            Self::Config(report) => report.fmt(f),
            Self::Mock(reason) | Self::Setting(reason) | Self::Server(reason) => f.write_str(reason),
            Self::Start(error) => error.fmt(f),
            Self::Io { path, reason } => write!(f, "{}: {reason}", path.display()),
        }
    }
}

impl fmt::Debug for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for SetupError {}

/// The reason why a call gave no answer. `{:?}` prints it as `{}` does, so that `unwrap` in a test is readable.
#[derive(Clone)]
#[non_exhaustive]
pub enum CallFailure {
    /// The input does not fit the function's input type. Nothing was built or called.
    Input(InvalidInput),
    /// The input or the output is of another type than the test says, or the file has no such entry.
    Mismatch(Error),
    /// The call got no access to an instance: its build failed, a queue was full, the workflow is shutting down.
    Open(OpenError),
    /// The function returned an error.
    Function(Error),
    /// The function panicked. The panic message is on the standard error output of the test.
    Panicked,
}

impl CallFailure {
    pub(crate) fn of(error: CallError) -> Self {
        match error {
            CallError::Function(error) => Self::Function(error),
            _ => Self::Panicked,
        }
    }

    /// The error that the function returned, or that failed the build of the user's instance.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Mismatch(error) | Self::Function(error) => Some(error),
            Self::Open(OpenError::Build(build)) => Some(&build.error),
            Self::Input(_) | Self::Open(_) | Self::Panicked => None,
        }
    }

    /// The kind of [`CallFailure::error`].
    pub fn kind(&self) -> Option<&ErrorKind> {
        self.error().map(Error::kind)
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(invalid) => write!(f, "the input does not fit: {invalid}"),
            Self::Mismatch(error) | Self::Function(error) => write!(f, "{}: {error}", error.kind()),
            Self::Open(error) => error.fmt(f),
            Self::Panicked => f.write_str("the function panicked"),
        }
    }
}

impl fmt::Debug for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for CallFailure {}
