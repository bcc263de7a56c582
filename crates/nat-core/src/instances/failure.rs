//! Why a request got no access.

use std::fmt;
use std::time::Duration;

use crate::Error;

/// Why a session could not be opened. Nothing was called.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The entry is per-user and the request named no user.
    NoUser,
    /// The user's instance could not be built.
    Build(BuildError),
    /// As many calls of this user (of a shared workflow: of all) as may wait are waiting already.
    QueueFull {
        /// How many may wait.
        limit: usize,
    },
    /// None of the user's running calls (of a shared workflow: of all) ended in time for this one.
    QueueTimeout {
        /// The time that it waited: `general.queue_timeout`.
        limit: Duration,
    },
    /// As many users as may have an instance have one, and none of them was idle within half a second.
    TooManyUsers {
        /// How many may.
        limit: usize,
    },
    /// The user's previous instance is still being closed.
    Closing,
    /// The server is shutting down.
    ShuttingDown,
}

impl OpenError {
    /// When it makes sense to ask again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NoUser => None,
            Self::Build(error) => error.retry_after,
            Self::QueueFull { .. }
            | Self::QueueTimeout { .. }
            | Self::TooManyUsers { .. }
            | Self::Closing
            | Self::ShuttingDown => Some(Duration::from_secs(1)),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUser => f.write_str("user_id is required for per-user workflow but could not be determined."),
            Self::Build(error) => error.fmt(f),
            Self::QueueFull { limit } => {
                let waiting = if *limit == 1 { "call is" } else { "calls are" };
                write!(f, "{limit} {waiting} waiting already (general.max_waiting_calls); try again later")
            }
            Self::QueueTimeout { limit } => {
                write!(f, "no running call ended within {limit:?} (general.queue_timeout); try again later")
            }
            Self::TooManyUsers { limit } => {
                write!(f, "all {limit} places for users are in use (general.max_users); try again later")
            }
            Self::Closing => f.write_str("this user's previous instance has not closed yet; try again later"),
            Self::ShuttingDown => f.write_str("the server is shutting down"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why a user's instance could not be built. Everybody who waited for the build gets the same one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BuildError {
    /// The component's own error, or what was done to it.
    pub error: Error,
    /// What kind of failure it is.
    pub cause: BuildFailure,
    /// Set while failing builds are paced: nothing is built for this user before then.
    pub retry_after: Option<Duration>,
}

/// How a build ended without an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildFailure {
    /// A component answered with an error.
    Failed,
    /// A component panicked.
    Panicked,
    /// It took longer than `general.build_timeout`.
    TimedOut,
    /// No place among `general.max_concurrent_builds` became free in time.
    NoPlace,
    /// The server shut down meanwhile.
    Aborted,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}
