//! The workflow file, and what changes it for this run.

use std::path::PathBuf;

use clap::Args;

/// The workflow file.
#[derive(Debug, Args)]
pub(crate) struct FileOption {
    /// The workflow file, YAML or JSON
    #[arg(long = "config_file", alias = "config-file", value_name = "FILE", value_parser = existing_path)]
    pub(crate) config_file: PathBuf,

    /// Replace a value of the file, by its dot path (repeatable)
    #[arg(
        long = "override",
        value_names = ["PATH", "VALUE"],
        num_args = 2,
        action = clap::ArgAction::Append,
        allow_hyphen_values = true
    )]
    overrides: Vec<String>,

    /// Refuse a file with types of another crate, instead of building the crate that the file lies in
    #[arg(long = "no-build")]
    no_build: bool,
}

/// Whether the crate that a file lies in may be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnCrate {
    Build,
    Refuse,
}

impl FileOption {
    /// Paths and values, as typed.
    pub(crate) fn overrides(&self) -> Vec<(String, String)> {
        let pairs = self.overrides.chunks_exact(2);
        pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect()
    }

    pub(crate) fn own_crate(&self) -> OwnCrate {
        if self.no_build { OwnCrate::Refuse } else { OwnCrate::Build }
    }
}

/// The file itself is read later; a path that leads nowhere is a mistake in typing.
pub(crate) fn existing_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() {
        return Err(format!("File '{text}' is a directory."));
    }
    if !path.exists() {
        return Err(format!("File '{text}' does not exist."));
    }
    Ok(path)
}
