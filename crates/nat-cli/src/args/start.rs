//! The KIND of `nat start KIND`: a front end with options of its own, or any other one that is linked in.

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use nat_core::config::{FrontEndType, linked_front_ends};

use super::{FileOption, FrontEnd};

/// What is started.
#[derive(Debug)]
pub(crate) enum StartKind {
    WithOptions(FrontEnd),
    /// A front end that somebody else's crate registers.
    Linked(&'static FrontEndType, StartOptions),
}

/// The options of every front end.
#[derive(Debug, Args)]
pub(crate) struct StartOptions {
    #[command(flatten)]
    pub(crate) file: FileOption,
}

/// The linked front ends without options of their own.
fn others() -> impl Iterator<Item = &'static FrontEndType> {
    linked_front_ends().iter().copied().filter(|one| !FrontEnd::has_subcommand(one.name()))
}

impl Subcommand for StartKind {
    fn augment_subcommands(command: Command) -> Command {
        others().fold(FrontEnd::augment_subcommands(command), |command, one| {
            let options = StartOptions::augment_args(Command::new(one.name()));
            command.subcommand(options.about(one.description()).aliases(one.aliases().iter().copied()))
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        FrontEnd::has_subcommand(name) || others().any(|one| one.name() == name)
    }
}

impl FromArgMatches for StartKind {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let linked = matches.subcommand().and_then(|(name, own)| Some((others().find(|one| one.name() == name)?, own)));
        match linked {
            Some((kind, own)) => Ok(Self::Linked(kind, StartOptions::from_arg_matches(own)?)),
            None => FrontEnd::from_arg_matches(matches).map(Self::WithOptions),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
