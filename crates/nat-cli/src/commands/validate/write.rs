//! Files replaced as a whole: a reader finds the old text or the new one, also where the machine stops in between.
//!
//! The new text is written to a file beside the old one, which it then replaces (`rename`). That makes another file of it,
//! with what belongs to the old one carried over: permissions, owner and group. A link stays, and what it leads to is
//! replaced. What cannot be carried over is refused before anything is changed: further names (hard links), another owner,
//! and what is no regular file. Of several files all are written before the first one is replaced.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use nat_config::fix::EditedFile;

/// Tried names of temporary files beside one file, where others are left from runs that were killed.
const MOST_NAMES: u32 = 100;

/// Replaces the text of each file.
///
/// # Errors
/// A sentence that names the file. Unless it says otherwise, all files are as they were.
pub(super) fn replace(files: &[EditedFile]) -> Result<(), String> {
    let staged: Vec<Staged> = files.iter().map(Staged::of).collect::<Result<_, _>>()?;
    let mut replaced: Vec<PathBuf> = Vec::new();
    for one in staged {
        let target = one.target.clone();
        one.commit().map_err(|error| {
            let before = match &*replaced {
                [] => "nothing was changed".to_owned(),
                done => format!("already changed: {}", names(done)),
            };
            format!("{} cannot be replaced: {error}; {before}", target.display())
        })?;
        replaced.push(target);
    }
    Ok(())
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// A new text beside the file that it will replace; removed where it does not.
struct Staged {
    target: PathBuf,
    temporary: PathBuf,
    is_done: bool,
}

impl Staged {
    fn of(file: &EditedFile) -> Result<Self, String> {
        let shown = file.path.display();
        let refused = |reason: &str| format!("{shown} is not changed: {reason}");
        let failed = |error: io::Error| refused(&error.to_string());
        // Of a link, what it leads to.
        let target = file.path.canonicalize().map_err(failed)?;
        let old = fs::metadata(&target).map_err(failed)?;
        if !old.is_file() {
            return Err(refused("it is no regular file"));
        }
        if old.nlink() > 1 {
            return Err(refused("it has further names (hard links), which would keep the old text"));
        }
        // A file that is read-only is meant so, though its folder would allow to replace it.
        OpenOptions::new().write(true).open(&target).map_err(failed)?;
        if fs::read(&target).map_err(failed)? != file.original.as_bytes() {
            return Err(refused("somebody else has changed it meanwhile"));
        }
        let (temporary, mut new) = create_beside(&target).map_err(failed)?;
        let staged = Self { target, temporary, is_done: false };
        new.write_all(file.text.as_bytes()).map_err(failed)?;
        carry_over(&old, &new).map_err(|error| {
            refused(&format!("its owner, group or permissions cannot be given to the new text: {error}"))
        })?;
        new.sync_all().map_err(failed)?;
        Ok(staged)
    }

    fn commit(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.target)?;
        self.is_done = true;
        // The name is safe once the folder is; not every file system can be asked for that.
        if let Some(folder) = self.target.parent().and_then(|folder| File::open(folder).ok()) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// A new file that only this user can read, in the folder of another one.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..MOST_NAMES {
        // Names have 255 bytes at most.
        let name: String = name.chars().take(40).collect();
        let path = target.with_file_name(format!(".{name}.nat-fix-{}-{number}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn carry_over(old: &Metadata, new: &File) -> io::Result<()> {
    let now = new.metadata()?;
    let changed = |old: u32, now: u32| (old != now).then_some(old);
    let (owner, group) = (changed(old.uid(), now.uid()), changed(old.gid(), now.gid()));
    if owner.is_some() || group.is_some() {
        fchown(new, owner, group)?;
    }
    // Behind the owner: a change of that takes bits away.
    new.set_permissions(old.permissions())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn edited(path: &Path, original: &str, text: &str) -> EditedFile {
        EditedFile { path: path.to_owned(), original: original.to_owned(), text: text.to_owned() }
    }

    /// A file with the text `old`.
    fn file(folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "old").unwrap();
        path
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn the_text_is_new_and_the_permissions_are_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o600, 0o640, 0o664, 0o777] {
            let path = file(folder.path(), "file.yml");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let before = fs::metadata(&path).unwrap();
            replace(&[edited(&path, "old", "new")]).unwrap();
            let after = fs::metadata(&path).unwrap();
            assert_eq!((text(&path).as_str(), after.mode()), ("new", before.mode()));
            assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        }
        assert_eq!(entries(folder.path()), 1, "no other file is left");
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let target = file(other.path(), "target.yml");
        let link = folder.path().join("link.yml");
        symlink(&target, &link).unwrap();
        replace(&[edited(&link, "old", "new")]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(text(&target), "new");
        assert_eq!((entries(folder.path()), entries(other.path())), (1, 1));
    }

    #[test]
    fn what_cannot_be_carried_over_is_refused_and_no_file_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let first = file(folder.path(), "first.yml");
        let second = file(folder.path(), "second.yml");
        let refused = |original: &str| {
            let error = replace(&[edited(&first, "old", "new"), edited(&second, original, "new")]).unwrap_err();
            assert_eq!((text(&first), text(&second)), ("old".to_owned(), "old".to_owned()));
            error
        };
        let said = refused("what it held before");
        assert!(said.ends_with("second.yml is not changed: somebody else has changed it meanwhile"), "{said}");
        fs::hard_link(&second, folder.path().join("other.yml")).unwrap();
        let said = refused("old");
        assert!(said.contains("further names (hard links)"), "{said}");
        assert_eq!(entries(folder.path()), 3, "no other file is left");
        let said = replace(&[edited(Path::new("/dev/null"), "", "new")]).unwrap_err();
        assert!(said.ends_with("it is no regular file"), "{said}");
    }

    #[test]
    fn what_is_left_of_another_run_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "file.yml");
        let (left, _) = create_beside(&path).unwrap();
        replace(&[edited(&path, "old", "new")]).unwrap();
        assert_eq!(text(&path), "new");
        assert!(left.exists());
    }
}
