//! The public crates, as a registry takes them.

use std::fs;
use std::path::Path;

use crate::{Result, cargo, run};

/// Keys that a manifest must have before a registry takes the crate, or people find it there.
const KEYS: [&str; 5] = ["description", "readme", "keywords", "categories", "license.workspace"];

/// Builds the archives of all public crates, without compiling them and without the network.
pub(crate) fn package(root: &Path) -> Result {
    let mut words = vec!["package", "--no-verify", "--offline", "--allow-dirty", "--quiet"];
    let names = public(root)?;
    names.iter().for_each(|name| words.extend(["--package", name]));
    run(cargo(&words))
}

/// The packages of the crates in `crates/`, all of which are public.
///
/// # Errors
///
/// A manifest lacks something that a registry asks for.
pub(crate) fn public(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("crates");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries.filter_map(std::result::Result::ok) {
        let manifest = entry.path().join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else { continue };
        names.push(checked(&text).map_err(|error| format!("{}: {error}", manifest.display()))?);
        if !entry.path().join("README.md").is_file() {
            return Err(format!("{} has no README.md", entry.path().display()));
        }
    }
    names.sort();
    Ok(names)
}

/// The name of the package, if its manifest has all that is asked for.
fn checked(manifest: &str) -> Result<String> {
    let package = manifest.split("\n[").next().unwrap_or_default();
    let entries: Vec<(&str, &str)> = package.lines().filter_map(|line| line.split_once(" = ")).collect();
    let value = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, value)| *value);
    if let Some(missing) = KEYS.into_iter().find(|key| value(key).is_none()) {
        return Err(format!("`{missing}` is missing, which a registry asks for"));
    }
    if let Some(setting) = package.lines().find(|line| line.starts_with("publish")) {
        return Err(format!("`{setting}` keeps a registry from taking it: crates in `crates/` are public"));
    }
    if value("keywords").is_some_and(|words| words.matches('"').count() > 10) {
        return Err("more than 5 keywords".to_owned());
    }
    let name = value("name").ok_or("it has no name")?;
    Ok(name.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
[package]
name = \"some-crate\"
description = \"It does something\"
version.workspace = true
license.workspace = true
readme = \"README.md\"
keywords = [\"one\"]
categories = [\"config\"]

[dependencies]
publish = \"1\"
";

    #[test]
    fn what_a_registry_asks_for_is_there() {
        // `license.workspace = true` and its like are entries as well.
        assert_eq!(checked(MANIFEST), Ok("some-crate".to_owned()));
        for key in KEYS {
            let without: String =
                MANIFEST.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
            let refused = checked(&without).unwrap_err();
            assert!(refused.contains(key), "{refused}");
        }
        let private = MANIFEST.replace("readme", "publish = false\nreadme");
        assert!(checked(&private).unwrap_err().contains("publish = false"));
        let many = MANIFEST.replace("[\"one\"]", "[\"1\", \"2\", \"3\", \"4\", \"5\", \"6\"]");
        assert_eq!(checked(&many), Err("more than 5 keywords".to_owned()));
    }

    #[test]
    fn the_public_crates_of_this_workspace_can_be_packaged() {
        let names = public(&crate::root()).unwrap();
        assert!(names.contains(&"nat-functions".to_owned()) && names.contains(&"nat-cli".to_owned()), "{names:?}");
        assert!(!names.contains(&"nat".to_owned()), "that name is somebody else's");
    }
}
