//! The folder that a path says its file lies in, whatever links say.

use std::path::{Component, Path, PathBuf};

/// The folder that a file has left by a link: `named` is the path as written in a configuration of `folder`, and `real`
/// the file at the end of all links. `None` where the file lies in the folder that the path names.
pub(super) fn left(folder: &Path, named: &str, real: &Path) -> Option<PathBuf> {
    let around = around(folder, Path::new(named))?;
    (!real.starts_with(&around)).then_some(around)
}

/// The folder of the configuration for a path that stays in it; for one that leads out of it, by `..` or from the root,
/// the folder of the file. Links to the folder of the configuration itself are followed, and those of absolute paths: what
/// they name may be mounted anywhere.
fn around(folder: &Path, named: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let below = match named.strip_prefix(folder) {
        Ok(below) if named.is_absolute() => below,
        _ => named,
    };
    if below.is_absolute() {
        return below.parent()?.canonicalize().ok();
    }
    let folder = folder.canonicalize().ok()?;
    if stays_below(below) {
        return Some(folder);
    }
    let mut around = folder;
    for component in below.parent()?.components() {
        match component {
            Component::ParentDir => _ = around.pop(),
            other => around.push(other),
        }
    }
    Some(around)
}

/// Whether a relative path never leads above its beginning.
fn stays_below(path: &Path) -> bool {
    let mut depth = 0_usize;
    path.components().all(|component| match component {
        Component::ParentDir => depth.checked_sub(1).map(|above| depth = above).is_some(),
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir | Component::RootDir | Component::Prefix(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_or_leads_out() {
        for (path, stays) in [
            ("a", true),
            ("./a/../b", true),
            ("a/b/../../c", true),
            ("../a", false),
            ("a/../../b/c", false),
            ("../home/a", false),
        ] {
            assert_eq!(stays_below(Path::new(path)), stays, "{path}");
        }
    }
}
