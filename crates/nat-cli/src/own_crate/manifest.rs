//! Which manifest may be built for a file.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;

/// The nearest `Cargo.toml` in a folder above the file. The folders are the ones that were typed, so that no
/// link, neither to a file nor to a folder, leads to what lies around its target.
pub(super) fn nearest(file: &Path) -> Option<PathBuf> {
    let folder = as_typed(file.parent()?)?;
    folder.ancestors().map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

/// An absolute path without `.` and `..`, and with its links as they are.
fn as_typed(folder: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in std::path::absolute(Path::new(".").join(folder)).ok()?.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    Some(plain)
}

/// What others may have put there, such as into a folder above that everybody can write to, is not run.
pub(super) fn check_owner(manifest: &Path) -> Result<(), Failure> {
    let unreadable = |error: io::Error| format!("`{}` cannot be read: {error}", manifest.display());
    let caller = rustix::process::geteuid().as_raw();
    let mut looked_at = vec![manifest];
    looked_at.extend(manifest.parent());
    for path in looked_at {
        let owner = std::fs::metadata(path).map_err(unreadable)?.uid();
        if owner != caller && owner != 0 {
            let message = format!(
                "the file has types of another crate, and `{}` belongs to another user: it is not built\n\
                 help: build it as its owner, and start its binary instead of this program",
                manifest.display()
            );
            return Err(message.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_above_the_file_are_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it exists");
        for inside in ["own/configs", "other"] {
            std::fs::create_dir_all(root.join(inside)).expect("a folder");
        }
        std::fs::write(root.join("other/Cargo.toml"), "").expect("a file");
        std::fs::write(root.join("other/config.yml"), "").expect("a file");
        std::os::unix::fs::symlink(root.join("other/config.yml"), root.join("own/configs/config.yml")).expect("a link");
        assert_eq!(nearest(&root.join("own/configs/config.yml")), None);
        assert_eq!(nearest(&root.join("own/../other/config.yml")), Some(root.join("other/Cargo.toml")));
        std::os::unix::fs::symlink(root.join("other"), root.join("own/linked")).expect("a link");
        assert_eq!(nearest(&root.join("own/linked/config.yml")), Some(root.join("own/linked/Cargo.toml")));
        std::fs::create_dir(root.join("other/configs")).expect("a folder");
        std::os::unix::fs::symlink(root.join("other/configs"), root.join("own/deep")).expect("a link");
        assert_eq!(nearest(&root.join("own/deep/config.yml")), None);
        std::fs::write(root.join("own/Cargo.toml"), "").expect("a file");
        assert_eq!(nearest(&root.join("own/configs/config.yml")), Some(root.join("own/Cargo.toml")));
    }

    #[test]
    fn what_belongs_to_others_is_not_built() {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("Cargo.toml");
        std::fs::write(&manifest, "").expect("a file");
        assert!(check_owner(&manifest).is_ok());
        // Only root can give files away.
        if std::os::unix::fs::chown(&manifest, Some(54_321), None).is_ok() {
            let refused = check_owner(&manifest).expect_err("the owner is another user").to_string();
            assert!(refused.contains("belongs to another user"), "{refused}");
        }
    }
}
