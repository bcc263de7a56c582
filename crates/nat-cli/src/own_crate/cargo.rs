//! What cargo knows of a crate, and building it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::failure::Failure;

/// A package that serves workflows.
pub(super) struct Package {
    pub(super) name: String,
    /// The binary that `cargo run` would start.
    pub(super) binary: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Described>,
}

#[derive(Deserialize)]
struct Described {
    name: String,
    manifest_path: PathBuf,
    default_run: Option<String>,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

/// The package of a manifest; nothing if it is not one that could serve the file.
///
/// # Errors
///
/// Cargo is not there, or cannot read the manifest.
pub(super) fn describe(manifest: &Path) -> Result<Option<Package>, Failure> {
    let answer = cargo(manifest)
        .args(["metadata", "--no-deps", "--format-version=1"])
        .arg("--manifest-path")
        .arg(manifest)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| no_cargo(&error))?;
    if !answer.status.success() {
        return Err(format!("`{}` cannot be read by cargo", manifest.display()).into());
    }
    let metadata: Metadata = serde_json::from_slice(&answer.stdout)
        .map_err(|error| format!("cargo describes `{}` in a form that is not known: {error}", manifest.display()))?;
    // Cargo may name it by another way that leads there, past links.
    let real = manifest.canonicalize().ok();
    let is_it = |package: &Described| {
        package.manifest_path == manifest || (real.is_some() && package.manifest_path.canonicalize().ok() == real)
    };
    let package = metadata.packages.into_iter().find(is_it);
    Ok(package.and_then(Described::serving))
}

impl Described {
    fn serving(self) -> Option<Package> {
        let mut normal = self.dependencies.iter().filter(|dependency| dependency.kind.is_none());
        if !normal.any(|dependency| ["nat-functions", "nat-cli"].contains(&dependency.name.as_str())) {
            return None;
        }
        let mut binaries = self.targets.into_iter().filter(|target| target.kind.iter().any(|kind| kind == "bin"));
        let only = match (binaries.next(), binaries.next()) {
            (Some(only), None) => Some(only.name),
            _ => None,
        };
        let binary = self.default_run.or(only)?;
        Some(Package { name: self.name, binary })
    }
}

/// Builds a binary in release, with cargo's own words on standard error, and gives its path.
///
/// # Errors
///
/// It does not build.
pub(crate) fn build(manifest: &Path, binary: &str) -> Result<PathBuf, Failure> {
    let mut child = cargo(manifest)
        .args(["build", "--release", "--message-format=json-render-diagnostics", "--bin", binary])
        .arg("--manifest-path")
        .arg(manifest)
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| no_cargo(&error))?;
    let mut executable = None;
    let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
    for line in lines.map_while(Result::ok) {
        if let Ok(Built { executable: Some(path), target }) = serde_json::from_str::<Built>(&line)
            && target.name == binary
        {
            executable = Some(path);
        }
    }
    let ended = child.wait().map_err(|error| no_cargo(&error))?;
    match executable {
        Some(path) if ended.success() => Ok(path),
        _ => Err(format!("`{}` does not build: cargo says why above", manifest.display()).into()),
    }
}

#[derive(Deserialize)]
struct Built {
    executable: Option<PathBuf>,
    target: Target,
}

/// Cargo, started in the crate's folder, where its toolchain is named.
fn cargo(manifest: &Path) -> Command {
    let mut command = Command::new("cargo");
    if let Some(folder) = manifest.parent() {
        command.current_dir(folder);
    }
    command
}

fn no_cargo(error: &std::io::Error) -> Failure {
    format!("cargo cannot be started: {error}\nhelp: install Rust from https://rustup.rs, or start your own binary")
        .into()
}
