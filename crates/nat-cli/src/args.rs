//! What was typed.

mod file;
mod front_end;
mod level;
mod options;
mod parse;
mod start;

pub(crate) use file::{FileOption, OwnCrate};
pub(crate) use front_end::FrontEndOptions;
pub(crate) use level::{LogFormat, LogLevel};
pub(crate) use options::{
    ComponentsOptions, CreateOptions, DeleteOptions, Field, GraphFormat, GraphOptions, Install, ReinstallOptions,
    ReportFormat, RunOptions, SchemaOptions, ServeOptions, ValidateOptions,
};
pub(crate) use parse::{command, parse, program_name};
pub(crate) use start::{StartKind, StartOptions};

use clap::{Parser, Subcommand};

/// Per-user functions, served.
#[derive(Debug, Parser)]
#[command(
    name = "nat",
    disable_version_flag = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = false,
    subcommand_value_name = "COMMAND",
    after_help = "\
Examples:
  nat workflow create my_flow
  nat serve --config_file my_flow/configs/config.yml
  nat run --config_file config.yml --input 'hello'
  nat validate --config_file config.yml

Data goes to standard output, logs and errors to standard error.
Exit codes: 0 success, 1 a failure while working, 2 a command line that cannot be understood."
)]
pub(crate) struct Arguments {
    /// How much is logged, on standard error [default: info]
    #[arg(
        long = "log-level",
        alias = "log_level",
        value_enum,
        ignore_case = true,
        global = true,
        value_name = "LEVEL",
        help_heading = "Logging",
        display_order = 900
    )]
    pub(crate) log_level: Option<LogLevel>,

    /// How log lines look: as in the Python toolkit, or one JSON object each
    #[arg(
        long = "log-format",
        alias = "log_format",
        value_enum,
        global = true,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Logging",
        display_order = 901
    )]
    pub(crate) log_format: LogFormat,

    /// Print the version and exit
    #[arg(long, action = clap::ArgAction::SetTrue)]
    pub(crate) version: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a workflow over HTTP (the same as `start fastapi`)
    Serve(Box<ServeOptions>),
    /// Run a workflow on inputs from the command line (the same as `start console`)
    Run(Box<RunOptions>),
    /// Start a front end by its name
    #[command(subcommand, subcommand_required = true, arg_required_else_help = false)]
    Start(StartKind),
    /// Check a workflow file, and show every mistake with its mend
    Validate(ValidateOptions),
    /// Show how the components of a file depend on each other
    Graph(GraphOptions),
    /// Print a JSON Schema of workflow files, for editors
    Schema(SchemaOptions),
    /// Show what this program knows
    #[command(subcommand, subcommand_required = true, arg_required_else_help = false)]
    Info(Info),
    /// Begin a workflow crate of one's own, rebuild it, delete it
    #[command(subcommand, subcommand_required = true, arg_required_else_help = false)]
    Workflow(Workflow),
    /// Print a script that completes this command line in a shell
    #[command(after_help = "\
Examples:
  source <(nat completions bash)
  nat completions fish > ~/.config/fish/completions/nat.fish")]
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
}

/// The front ends that have options of their own.
#[derive(Debug, Subcommand)]
pub(crate) enum FrontEnd {
    /// Run a workflow on inputs from the command line
    Console(Box<RunOptions>),
    /// Serve a workflow over HTTP
    Fastapi(Box<ServeOptions>),
    /// Serve a workflow as tools of the Model Context Protocol (not available)
    Mcp {
        /// Whatever the front end would take
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
        _rest: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Info {
    /// List the component types that are linked into this program
    Components(ComponentsOptions),
    /// List the registry channels that are configured
    Channels,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Workflow {
    /// Begin a workflow crate: a per-user function, a file that uses it, a test
    Create(CreateOptions),
    /// Build a workflow crate again, after its code has changed
    Reinstall(ReinstallOptions),
    /// Delete a workflow crate that `create` made
    Delete(DeleteOptions),
}
