//! The options of each command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::file::existing_path;
use super::{FileOption, FrontEndOptions};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat serve --config_file config.yml
  nat serve --config_file config.yml --host 127.0.0.1 --port 0 --reload
  nat serve --config_file config.yml --override functions.notepad.max_notes 5
  nat serve --config_file config.yml --trusted_proxies 10.0.0.0/8,192.168.0.0/16

What is given here wins over `general.front_end` of the file. Lists are given comma-separated or by
repeating the option, mappings as JSON.")]
pub(crate) struct ServeOptions {
    #[command(flatten)]
    pub(crate) file: FileOption,

    #[command(flatten)]
    pub(crate) front_end: FrontEndOptions,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat run --config_file config.yml --input 'hello'
  nat run --config_file config.yml --input '{\"command\": \"help\"}' --user_id alice
  nat run --config_file config.yml --input 'one' --input 'two'
  nat --log-level error run --config_file config.yml --input_file question.txt > answer.txt

With a log level above info there is no summary, and the result goes to standard output.")]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) file: FileOption,

    /// An input: text, or JSON for a workflow with fields. Several run at once
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) input: Vec<String>,

    /// A file whose whole content is the input
    #[arg(long = "input_file", alias = "input-file", value_name = "FILE", value_parser = existing_path)]
    pub(crate) input_file: Option<PathBuf>,

    /// Who runs it, for per-user workflows [default: nat_run_user_id]
    #[arg(long = "user_id", alias = "user-id", value_name = "TEXT")]
    pub(crate) user_id: Option<String>,

    /// The conversation it belongs to
    #[arg(long = "conversation_id", alias = "conversation-id", value_name = "TEXT")]
    pub(crate) conversation_id: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat validate --config_file config.yml
  nat validate --config_file config.yml --strict --build
  nat validate --config_file config.yml --fix --dry-run
  nat validate --config_file config.yml --format json | jq '.diagnostics[].message'")]
pub(crate) struct ValidateOptions {
    #[command(flatten)]
    pub(crate) file: FileOption,

    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,

    /// Also build the shared components and those of one user, and close them
    #[arg(long)]
    pub(crate) build: bool,

    /// Apply the suggestions to the file and its bases, but for those that remove something
    #[arg(long)]
    pub(crate) fix: bool,

    /// With --fix: show the changes, and write nothing
    #[arg(long = "dry-run", alias = "dry_run", requires = "fix")]
    pub(crate) dry_run: bool,

    /// How the answer looks: for people, or as JSON for editors and CI
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
}

/// How diagnostics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat graph --config_file config.yml
  nat graph --config_file config.yml --format dot | dot -Tsvg > graph.svg
  nat graph --config_file config.yml --format mermaid")]
pub(crate) struct GraphOptions {
    #[command(flatten)]
    pub(crate) file: FileOption,

    /// How the graph is drawn: as a tree, for Graphviz, or for Markdown
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    Text,
    Dot,
    Mermaid,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat schema -o nat.schema.json

and in the first line of a workflow file, for editors with a YAML language server:
  # yaml-language-server: $schema=nat.schema.json")]
pub(crate) struct SchemaOptions {
    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat info components -t function
  nat info components -q notepad -f component_name
  nat info components -o components.json")]
pub(crate) struct ComponentsOptions {
    /// Only components of this type (repeatable)
    #[arg(short = 't', long = "types", value_name = "TYPE", value_parser = crate::commands::info::types())]
    pub(crate) types: Vec<String>,

    /// Only components that hold this text
    #[arg(short = 'q', long, value_name = "QUERY")]
    pub(crate) query: Option<String>,

    /// At most this many components
    #[arg(short = 'n', long = "num_results", alias = "num-results", value_name = "COUNT")]
    pub(crate) num_results: Option<usize>,

    /// Look for the query in this column only (repeatable)
    #[arg(short = 'f', long = "fields", value_enum, value_name = "FIELD")]
    pub(crate) fields: Vec<Field>,

    /// Write them to this file as JSON instead
    #[arg(short = 'o', long = "output_path", alias = "output-path", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// A column of the table of components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Field {
    All,
    Package,
    Version,
    ComponentType,
    ComponentName,
    Description,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat workflow create my_flow
  nat workflow create --no-install --workflow-dir flows --description 'Greets people' greeter")]
pub(crate) struct CreateOptions {
    /// Build the crate, so that its first start is quick (the default)
    #[arg(long, overrides_with = "no_install")]
    install: bool,

    /// Only write the files
    #[arg(long = "no-install")]
    no_install: bool,

    /// The folder in which the crate's folder is made
    #[arg(long = "workflow-dir", alias = "workflow_dir", value_name = "DIR", default_value = ".")]
    pub(crate) workflow_dir: PathBuf,

    /// What the workflow does, in one sentence
    #[arg(long, value_name = "TEXT", default_value = "A workflow with a function that each user has for themselves")]
    pub(crate) description: String,

    /// The folder of the nat sources, which the new crate depends on [default: NAT_WORKSPACE, else where this program was built]
    #[arg(long = "nat-path", alias = "nat_path", value_name = "DIR")]
    pub(crate) nat_path: Option<PathBuf>,

    /// The name: of the folder, the package and the component type
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Whether a new crate is built at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Install {
    Now,
    Later,
}

impl CreateOptions {
    pub(crate) fn install(&self) -> Install {
        if self.no_install && !self.install { Install::Later } else { Install::Now }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ReinstallOptions {
    /// The folder in which the crate's folder lies
    #[arg(long = "workflow-dir", alias = "workflow_dir", value_name = "DIR", default_value = ".")]
    pub(crate) workflow_dir: PathBuf,

    /// The name that was given to `create`
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nat workflow delete my_flow
  nat workflow delete --yes --workflow-dir flows greeter")]
pub(crate) struct DeleteOptions {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// The folder in which the crate's folder lies
    #[arg(long = "workflow-dir", alias = "workflow_dir", value_name = "DIR", default_value = ".")]
    pub(crate) workflow_dir: PathBuf,

    /// The name that was given to `create`
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
