//! Why a command came to nothing, and the exit code that says so.

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use nat_config::diagnostic::Report;

use crate::usage::Refusal;
use crate::{console, report};

/// What is told instead of a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// In a few words.
    Message(String),
    /// What is wrong with a file.
    Report(Box<Report>),
    /// A mistake in typing that shows only when the file is read.
    Typing(String),
}

impl Failure {
    /// Tells it on standard error.
    pub(crate) fn print(&self, typed: &[OsString]) -> ExitCode {
        match self {
            Self::Message(message) => console::error(message),
            Self::Report(found) => {
                console::error(&found.headline());
                console::err(&format!("\n{}", report::text(found, console::colour(), console::width())));
            }
            Self::Typing(message) => return Refusal::typing(typed, message).print(),
        }
        ExitCode::from(1)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) | Self::Typing(message) => f.write_str(message),
            Self::Report(report) => f.write_str(&report.headline()),
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self::Report(Box::new(report))
    }
}
