//! `cargo xtask`: all checks, snapshots and releases, as `CONTRIBUTING.md` describes them.
//!
//! Nothing here is linked into what users build, and nothing but the standard library is needed to build it.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

mod packages;
mod release;

const USAGE: &str = "\
Usage: cargo xtask TASK

  ci               run all checks (.ci/run)
  bless            renew the snapshots of texts, expanded macros and compile errors
  package          build the archives of the public crates, as a registry takes them
  release VERSION  set the version everywhere and check that it can be released
";

/// A failure, in words.
type Result<T = (), E = String> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match *words {
        ["ci"] => run(command(".ci/run", &[])),
        ["bless"] => bless(),
        ["package"] => packages::package(&root()),
        ["release", version] => release::release(&root(), version),
        ["help" | "--help" | "-h"] => {
            say(USAGE.trim_end());
            Ok(())
        }
        _ => {
            let _ = write!(io::stderr(), "{USAGE}");
            return ExitCode::from(2);
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "Error: {error}");
            ExitCode::from(1)
        }
    }
}

/// Renews what tests compare: snapshots and golden files first, then the messages of compile errors.
fn bless() -> Result {
    for (name, value, words) in [
        ("UPDATE_EXPECT", "1", &["test", "--workspace", "--no-fail-fast"][..]),
        ("TRYBUILD", "overwrite", &["test", "--package", "nat-functions", "--test", "ui"]),
    ] {
        let mut cargo = cargo(words);
        cargo.env(name, value);
        run(cargo)?;
    }
    say("Renewed. Read `git diff` before you commit: every changed line must be intended.");
    Ok(())
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn command(program: &str, words: &[&str]) -> Command {
    let root = root();
    let path = if program.contains('/') { root.join(program) } else { program.into() };
    let mut command = Command::new(path);
    command.args(words).current_dir(root);
    command
}

/// The cargo that runs this task.
fn cargo(words: &[&str]) -> Command {
    command(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), words)
}

fn run(mut command: Command) -> Result {
    let shown = shown(&command);
    say(&format!("$ {shown}"));
    let status = command.status().map_err(|error| format!("`{shown}` cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) }
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
