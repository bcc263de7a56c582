//! The name of a workflow, which is a folder, a package and a component type.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Words that cannot name a module.
const KEYWORDS: &str = " as break const continue crate dyn else enum extern false fn for if impl in let loop match mod move \
    mut pub ref return self static struct super trait true type unsafe use where while async await abstract become box do \
    final gen macro override priv try typeof unsized virtual yield std core alloc test main ";

/// Crates that the new one has beside it.
const OWN_CRATES: &str = " nat nat_cli serde schemars tokio ";

/// A name that is right as all three.
pub(super) struct Name<'n> {
    /// As typed: the folder and the package.
    pub(super) typed: &'n str,
    /// With underscores: the crate, the module and the component type.
    pub(super) module: String,
}

impl<'n> Name<'n> {
    pub(super) fn new(typed: &'n str) -> Result<Self, Failure> {
        let module = typed.replace('-', "_").to_ascii_lowercase();
        let begins_well = typed.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_plain = typed.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
        if !begins_well || !is_plain || typed.len() > 64 {
            return Err(format!(
                "`{}` cannot name a workflow\n\
                 help: use letters, digits, `_` and `-`, beginning with a letter, such as `my_flow`",
                crate::console::plain(typed)
            )
            .into());
        }
        if [KEYWORDS, OWN_CRATES].iter().any(|words| words.contains(&format!(" {module} "))) {
            let reason = match OWN_CRATES.contains(&format!(" {module} ")) {
                true => "a crate of that name is used by every workflow",
                false => "it means something else in Rust",
            };
            return Err(format!("`{typed}` cannot name a workflow: {reason}").into());
        }
        Ok(Self { typed, module })
    }

    /// `my_flow` as `MyFlow`.
    pub(super) fn as_type(&self) -> String {
        let words = self.module.split('_').filter(|word| !word.is_empty());
        words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
    }

    /// The crate's folder, if `create` made one there.
    pub(super) fn made_in(&self, folder: &Path) -> Result<PathBuf, Failure> {
        let made = folder.join(self.typed);
        let manifest = std::fs::read_to_string(made.join("Cargo.toml")).unwrap_or_default();
        if manifest.lines().any(|line| line == super::template::MARK) && !made.is_symlink() {
            return Ok(made);
        }
        Err(format!("there is no workflow `{}` in '{}' that `nat workflow create` made", self.typed, folder.display())
            .into())
    }
}
