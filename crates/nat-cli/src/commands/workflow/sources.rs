//! Where the crates are that a new workflow depends on.
//!
//! They are on no registry yet, so they are named by their folder: the one that is given, or else the one
//! that this program was built from, if it is still there.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder of this crate when it was compiled.
const BUILT_FROM: &str = env!("CARGO_MANIFEST_DIR");

/// The folder that holds `crates/nat` and `crates/nat-cli`.
pub(super) fn find(given: Option<&Path>) -> Result<PathBuf, Failure> {
    let variable = std::env::var_os("NAT_WORKSPACE").map(PathBuf::from);
    if let Some(folder) = given.map(Path::to_owned).or(variable) {
        return checked(&folder).ok_or_else(|| {
            let message = "does not hold the nat sources (crates/nat and crates/nat-cli)";
            Failure::Message(format!("'{}' {message}", folder.display()))
        });
    }
    let built_from = Path::new(BUILT_FROM).ancestors().nth(2).and_then(checked);
    built_from.ok_or_else(|| {
        "the nat sources are not where this program was built from, and a new crate depends on them\n\
         help: get them, and name their folder with --nat-path DIR or in NAT_WORKSPACE"
            .into()
    })
}

fn checked(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let holds = |name: &str| folder.join("crates").join(name).join("Cargo.toml").is_file();
    (holds("nat") && holds("nat-cli")).then_some(folder)
}
