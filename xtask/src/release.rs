//! Preparing a release: the version everywhere, and the checks that need no network.
//!
//! Nothing is committed, tagged or published: what was changed is shown by `git diff`.

use std::fs;
use std::path::Path;

use crate::{Result, cargo, command, packages, run, say};

/// Sets the version and checks that it can be released.
///
/// # Errors
///
/// The version is none or no later one, the tree has changes, the changelog does not have the version, or a crate cannot be
/// packaged. All but the last are found before anything is changed.
pub(crate) fn release(root: &Path, version: &str) -> Result {
    let wanted = Version::parse(version)?;
    clean(root)?;
    let manifest = root.join("Cargo.toml");
    let before = read(&manifest)?;
    let (after, old) = with_version(&before, version)?;
    if wanted < Version::parse(&old)? {
        return Err(format!("{version} is before the present version {old}"));
    }
    in_changelog(&read(&root.join("CHANGELOG.md"))?, version)?;
    packages::public(root)?;
    fs::write(&manifest, after).map_err(|error| format!("{}: {error}", manifest.display()))?;
    // The lock file names the packages of the workspace with their versions.
    run(cargo(&["update", "--workspace", "--offline", "--quiet"]))?;
    packages::package(root)?;
    say(&format!(
        "{version} is set. Next: `cargo xtask ci`, read `git diff`, commit it as `release: {version}`, and tag the commit \
         `v{version}`."
    ));
    Ok(())
}

/// A version of three numbers; before it, what precedes the release (`1.0.0-rc.1`).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    numbers: [u64; 3],
    is_final: bool,
    before: String,
}

impl Version {
    fn parse(text: &str) -> Result<Self> {
        let wrong = || format!("`{text}` is no version, such as 0.2.0 or 1.0.0-rc.1");
        let (numbers, before) = text.split_once('-').map_or((text, None), |(numbers, before)| (numbers, Some(before)));
        let number = |part: &str| {
            let is_plain = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            part.parse().ok().filter(|_| is_plain)
        };
        let numbers: Vec<u64> = numbers.split('.').map(number).collect::<Option<_>>().ok_or_else(wrong)?;
        let numbers = numbers.try_into().map_err(|_| wrong())?;
        let is_known = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
        match before {
            Some(before) if before.is_empty() || !before.chars().all(is_known) => Err(wrong()),
            before => Ok(Self { numbers, is_final: before.is_none(), before: before.unwrap_or_default().to_owned() }),
        }
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn clean(root: &Path) -> Result {
    let mut git = command("git", &["status", "--porcelain"]);
    let answer = git.current_dir(root).output().map_err(|error| format!("git cannot be started: {error}"))?;
    match (answer.status.success(), answer.stdout.is_empty()) {
        (false, _) => Err(format!("git: {}", String::from_utf8_lossy(&answer.stderr).trim())),
        (true, true) => Ok(()),
        (true, false) => {
            Err("there are changes that are not committed (`git status`): commit or stash them".to_owned())
        }
    }
}

/// The manifest of the workspace with another version, for itself and for the crates that depend on each other; and the
/// version that it had.
fn with_version(manifest: &str, version: &str) -> Result<(String, String)> {
    let mut old = None;
    let mut section = "";
    let mut lines = Vec::new();
    for line in manifest.split_inclusive('\n') {
        if line.starts_with('[') {
            section = line.trim();
        }
        let start = match section {
            "[workspace.package]" if line.starts_with("version = \"") => Some("version = \"".len()),
            "[workspace.dependencies]" if line.contains("path = \"") => {
                line.find(", version = \"").map(|at| at + ", version = \"".len())
            }
            _ => None,
        };
        let span = start.and_then(|start| Some(start..start + line.get(start..)?.find('"')?));
        match span {
            Some(span) => {
                if section == "[workspace.package]" {
                    old = line.get(span.clone()).map(str::to_owned);
                }
                let mut line = line.to_owned();
                line.replace_range(span, version);
                lines.push(line);
            }
            None => lines.push(line.to_owned()),
        }
    }
    let old = old.ok_or("Cargo.toml has no `version` in [workspace.package]")?;
    Ok((lines.concat(), old))
}

/// The changelog has a heading for the version, with something below it, and nothing is unreleased.
fn in_changelog(changelog: &str, version: &str) -> Result {
    let mut sections = changelog.split("\n## ").skip(1);
    let heading = |section: &str| section.lines().next().unwrap_or_default().trim().to_owned();
    let is_it = |section: &&str| heading(section).trim_start_matches('[').split([' ', ']']).next() == Some(version);
    let first = sections.next().unwrap_or_default();
    match std::iter::once(first).chain(sections).find(is_it) {
        Some(section) if section.lines().skip(1).all(|line| line.trim().is_empty()) => {
            Err(format!("CHANGELOG.md says nothing below `## {version}`"))
        }
        Some(section) if section != first => {
            let message = format!("CHANGELOG.md has `## {}` above `## {version}`", heading(first));
            Err(format!("{message}: the version that is released comes first"))
        }
        Some(_) => Ok(()),
        None => Err(format!("CHANGELOG.md has no `## {version}`: replace `## Unreleased` by it and the date")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_other_texts_and_ordered() {
        let versions = ["0.1.0", "0.1.1", "0.10.0", "1.0.0-rc.1", "1.0.0-rc.2", "1.0.0"];
        let parsed: Vec<Version> = versions.iter().map(|text| Version::parse(text).unwrap()).collect();
        assert!(parsed.is_sorted(), "{parsed:?}");
        for text in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "01.2.3", "1.2.3-", "1.2.+3", "1.2.3-a b"] {
            assert!(Version::parse(text).unwrap_err().contains(&format!("`{text}`")), "{text}");
        }
    }

    #[test]
    fn the_version_stands_in_the_package_and_in_the_crates_of_the_workspace_only() {
        let manifest = "\
[workspace.package]
version = \"0.1.0\"
rust-version = \"1.95\"

[workspace.dependencies]
nat = { package = \"nat-functions\", path = \"crates/nat\", version = \"0.1.0\" }
nat-conformance = { path = \"tests/conformance\" }
axum = { version = \"0.1.0\", default-features = false }
";
        let (after, old) = with_version(manifest, "0.2.0").unwrap();
        assert_eq!(old, "0.1.0");
        let expected = manifest.replacen("0.1.0", "0.2.0", 2);
        assert_eq!(after, expected);
        assert!(with_version("[workspace]\n", "0.2.0").is_err());
    }

    #[test]
    fn the_version_of_this_workspace_can_be_set() {
        let manifest = read(&crate::root().join("Cargo.toml")).unwrap();
        let (after, old) = with_version(&manifest, "99.0.0").unwrap();
        assert_eq!(old, env!("CARGO_PKG_VERSION"));
        let public = packages::public(&crate::root()).unwrap().len();
        assert_eq!(after.matches("\"99.0.0\"").count(), public + 1, "one for each public crate, and the package's");
    }

    #[test]
    fn the_changelog_has_the_version_at_its_beginning() {
        let changelog = "# Changelog\n\n## 0.2.0 (2026-12-01)\n\n- A change.\n\n## 0.1.0\n\n- All.\n";
        assert_eq!(in_changelog(changelog, "0.2.0"), Ok(()));
        for (text, version, said) in [
            (changelog, "0.3.0", "has no `## 0.3.0`"),
            (changelog, "0.1.0", "`## 0.2.0 (2026-12-01)` above"),
            ("# Changelog\n\n## 0.2.0\n\n## 0.1.0\n- x\n", "0.2.0", "says nothing below"),
            ("# Changelog\n\n## Unreleased\n- x\n", "0.2.0", "replace `## Unreleased`"),
        ] {
            assert!(in_changelog(text, version).unwrap_err().contains(said), "{version}: {said}");
        }
    }

    #[test]
    fn a_tree_with_changes_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let git = |words: &[&str]| {
            let ended = command("git", words).current_dir(folder.path()).output().expect("git runs");
            assert!(ended.status.success(), "{ended:?}");
        };
        git(&["init", "--quiet"]);
        assert_eq!(clean(folder.path()), Ok(()));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(clean(folder.path()).unwrap_err().contains("not committed"));
    }
}
