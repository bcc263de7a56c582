//! `nat workflow reinstall`: a release build of a crate that was changed.

use std::process::ExitCode;

use super::name::Name;
use crate::args::ReinstallOptions;
use crate::console;
use crate::failure::Failure;
use crate::own_crate;

pub(crate) fn reinstall(options: &ReinstallOptions) -> Result<ExitCode, Failure> {
    let name = Name::new(&options.name)?;
    let made = name.made_in(&options.workflow_dir)?;
    let manifest = made.canonicalize().unwrap_or(made).join("Cargo.toml");
    let binary = own_crate::build(&manifest, name.typed)?;
    console::out(&format!("Workflow '{}' reinstalled successfully: {}\n", name.typed, binary.display()))?;
    Ok(ExitCode::SUCCESS)
}
