//! `nat completions`: a script for a shell.

use std::process::ExitCode;

use clap_complete::{Shell, generate};

use crate::failure::Failure;
use crate::{args, console};

pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let first = std::env::args_os().next();
    let program = args::program_name(first.as_ref());
    // The generators panic on a writer that fails, as a pipe to `head` does.
    let mut script = Vec::new();
    generate(shell, &mut args::command(&program), program, &mut script);
    console::out(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
