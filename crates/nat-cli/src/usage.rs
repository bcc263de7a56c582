//! A command line that cannot be understood, in the words that users of the Python toolkit know.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use nat_core::config::linked_front_ends;

use crate::args::{self, program_name};
use crate::console;

/// What is printed instead of doing anything.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Asked for: help or the version.
    Answer(String),
    /// A mistake.
    Mistake(String),
}

impl Refusal {
    pub(crate) fn version(program: &str) -> Self {
        Self::Answer(format!("{program}, version {}\n", env!("CARGO_PKG_VERSION")))
    }

    pub(crate) fn from_clap(error: &clap::Error, typed: &[OsString]) -> Self {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            return Self::Answer(error.render().to_string());
        }
        let mut message = message(error);
        if error.kind() == ErrorKind::InvalidSubcommand && names_a_front_end(error, typed) {
            let kinds: Vec<String> = linked_front_ends().iter().map(|one| format!("'{}'", one.name())).collect();
            message = format!("{message} The front ends of this program are {}.", kinds.join(", "));
        }
        Self::typing(typed, &message)
    }

    /// A mistake that clap could not see, such as an override that does not fit the file.
    pub(crate) fn typing(typed: &[OsString], message: &str) -> Self {
        let program = program_name(typed.first());
        let whole = args::command(&program);
        let mut at = whole.clone();
        let mut asked = program;
        let mut words = typed.iter().skip(1).filter_map(|word| word.to_str());
        while let Some(word) = words.next() {
            match at.find_subcommand(word).cloned() {
                Some(subcommand) => {
                    asked = format!("{asked} {word}");
                    at = subcommand;
                }
                None if !at.has_subcommands() => break,
                // The word behind an option with a value is that value, though it may be called as a command is.
                None if takes_value(&whole, word) => drop(words.next()),
                None => {}
            }
        }
        let rest = if at.has_subcommands() { "[OPTIONS] COMMAND" } else { "[OPTIONS]" };
        let words: Vec<String> = at.get_positionals().map(|word| word.get_id().as_str().to_uppercase()).collect();
        let usage = [&[format!("{asked} {rest}")][..], &words].concat().join(" ");
        Self::Mistake(format!("Usage: {usage}\nTry '{asked} --help' for help.\n\nError: {message}\n"))
    }

    pub(crate) fn print(&self) -> ExitCode {
        match self {
            Self::Answer(text) => console::out(text).map_or_else(|failure| failure.print(&[]), |()| ExitCode::SUCCESS),
            Self::Mistake(text) => {
                console::err(text);
                ExitCode::from(2)
            }
        }
    }
}

/// Whether the command that does not exist is the KIND of `start KIND`.
fn names_a_front_end(error: &clap::Error, typed: &[OsString]) -> bool {
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else { return false };
    let before = typed.iter().skip(1).take_while(|word| *word != name.as_str());
    before.into_iter().any(|word| word == "start")
}

/// Whether `word` is an option whose value is the next word.
fn takes_value(command: &clap::Command, word: &str) -> bool {
    let Some(name) = word.strip_prefix("--") else { return false };
    let has_name = |option: &&clap::Arg| {
        option.get_long() == Some(name) || option.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
    };
    command.get_arguments().find(has_name).is_some_and(|option| option.get_action().takes_values())
}

fn message(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    // `--port <PORT>` is shown as `--port`.
    let option = |text: &str| text.split_whitespace().next().unwrap_or_default().to_owned();
    match error.kind() {
        ErrorKind::MissingRequiredArgument => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) => {
                missing.iter().map(|one| missing_one(&option(one))).collect::<Vec<_>>().join(" ")
            }
            _ => "Missing option.".to_owned(),
        },
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand);
            with_suggestion(format!("No such command '{name}'."), error)
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "Missing command.".to_owned()
        }
        ErrorKind::UnknownArgument => {
            let argument = context(ContextKind::InvalidArg);
            let what = if argument.starts_with('-') { "No such option" } else { "Got unexpected extra argument" };
            with_suggestion(format!("{what} '{argument}'."), error)
        }
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => {
            format!("Option '{}' requires an argument.", option(&context(ContextKind::InvalidArg)))
        }
        ErrorKind::InvalidValue => {
            let choices = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(choices)) => choices.clone(),
                _ => Vec::new(),
            };
            let choices: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
            format!(
                "Invalid value for '{}': '{}' is not one of {}.",
                option(&context(ContextKind::InvalidArg)),
                context(ContextKind::InvalidValue),
                choices.join(", ")
            )
        }
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            let value = context(ContextKind::InvalidValue);
            let option = option(&context(ContextKind::InvalidArg));
            if reason.contains(&value) {
                format!("Invalid value for '{option}': {reason}")
            } else {
                format!("Invalid value for '{option}': '{value}': {reason}.")
            }
        }
        ErrorKind::TooManyValues => {
            format!("Option '{}' does not take a value.", option(&context(ContextKind::InvalidArg)))
        }
        ErrorKind::WrongNumberOfValues => {
            let wanted = context(ContextKind::ExpectedNumValues);
            format!("Option '{}' requires {wanted} arguments.", option(&context(ContextKind::InvalidArg)))
        }
        ErrorKind::ArgumentConflict => {
            format!("Option '{}' can be given only once.", option(&context(ContextKind::InvalidArg)))
        }
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    }
}

fn missing_one(name: &str) -> String {
    match name.strip_prefix('<').and_then(|name| name.strip_suffix('>')) {
        Some(argument) => format!("Missing argument '{argument}'."),
        None => format!("Missing option '{name}'."),
    }
}

fn with_suggestion(message: String, error: &clap::Error) -> String {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg];
    let suggested = kinds.into_iter().find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    });
    match suggested {
        Some(suggested) => format!("{message} Did you mean '{suggested}'?"),
        None => message,
    }
}
