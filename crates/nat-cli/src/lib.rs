//! The command line, as a library call: a program that links components offers all of it with
//!
//! ```no_run
//! # mod my_workflow {}
//! use my_workflow as _; // the library with the registrations
//!
//! fn main() -> std::process::ExitCode {
//!     nat_cli::main()
//! }
//! ```
//!
//! Data goes to standard output, logs and errors to standard error. The exit code is 0 for success, 1
//! for a failure while working and 2 for a command line that cannot be understood; a server that was
//! told to stop by SIGTERM or SIGHUP ends by that signal, one that got SIGINT with 0, and with 70 where code
//! blocked its thread beyond every deadline.
//!
//! A panic is logged by a hook that replaces the one that was set before.

mod args;
mod commands;
mod console;
mod failure;
mod logging;
mod memory;
mod own_crate;
mod panics;
mod project;
mod report;
mod signals;
mod usage;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Command, FrontEnd, Info, LogLevel, StartKind, Workflow};
use commands::{completions, graph, info, run, schema, serve, start, validate, workflow};
use failure::Failure;

/// Reads the process's arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    main_with(std::env::args_os().collect())
}

/// The same for given arguments, the program's name first.
pub fn main_with(arguments: Vec<OsString>) -> ExitCode {
    let typed = arguments.clone();
    let arguments = match args::parse(arguments) {
        Ok(arguments) => arguments,
        Err(refusal) => return refusal.print(),
    };
    let level = arguments.log_level.unwrap_or(LogLevel::Info);
    let log = logging::start(arguments.log_level, arguments.log_format);
    panics::install(&log);
    let ended = match &arguments.command {
        Command::Serve(options) | Command::Start(StartKind::WithOptions(FrontEnd::Fastapi(options))) => {
            serve::serve(options, &typed, &log)
        }
        Command::Run(options) | Command::Start(StartKind::WithOptions(FrontEnd::Console(options))) => {
            run::run(options, &typed, level, &log)
        }
        Command::Start(StartKind::Linked(kind, options)) => start::start(kind, options, &typed, &log),
        Command::Start(StartKind::WithOptions(FrontEnd::Mcp { .. })) => Err(Failure::from(
            "the front end `mcp` is not available in this version\n\
             help: `nat start fastapi` serves the workflow over HTTP",
        )),
        Command::Validate(options) => validate::validate(options, &typed),
        Command::Graph(options) => graph::graph(options, &typed),
        Command::Schema(options) => schema::schema(options),
        Command::Info(Info::Components(options)) => info::components(options),
        Command::Info(Info::Channels) => info::channels(),
        Command::Workflow(Workflow::Create(options)) => workflow::create(options),
        Command::Workflow(Workflow::Reinstall(options)) => workflow::reinstall(options),
        Command::Workflow(Workflow::Delete(options)) => workflow::delete(options),
        Command::Completions { shell } => completions::completions(*shell),
    };
    let code = match ended {
        Ok(code) => code,
        Err(failure) => failure.print(&typed),
    };
    log.flush();
    code
}
