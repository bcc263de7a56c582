//! From words to [`Arguments`], or to what is printed instead.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches};

use super::Arguments;
use crate::usage::Refusal;

/// The whole command line, as it is called on this machine.
pub(crate) fn command(program: &str) -> clap::Command {
    Arguments::command().bin_name(program)
}

/// Reads the arguments, or says what is to be printed instead.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Arguments, Refusal> {
    let program = program_name(arguments.first());
    let command = command(&program);
    let asks_version = asks_version(&arguments);
    let matches = command.try_get_matches_from(&arguments);
    match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(parsed) if parsed.version => Err(Refusal::version(&program)),
        Ok(parsed) => Ok(parsed),
        Err(_) if asks_version => Err(Refusal::version(&program)),
        Err(error) => Err(Refusal::from_clap(&error, &arguments)),
    }
}

/// `nat --version` has no command, which is a mistake otherwise.
fn asks_version(arguments: &[OsString]) -> bool {
    let before_command = arguments.iter().skip(1).take_while(|word| word.to_string_lossy().starts_with('-'));
    before_command.into_iter().any(|word| word == "--version")
}

/// What this program is called.
pub(crate) fn program_name(first: Option<&OsString>) -> String {
    let path = first.map(PathBuf::from).unwrap_or_default();
    path.file_stem().map_or_else(|| "nat".to_owned(), |name| name.to_string_lossy().into_owned())
}
