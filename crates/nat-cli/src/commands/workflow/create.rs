//! `nat workflow create`: a crate that builds, serves and tests itself.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use super::name::Name;
use super::{sources, template};
use crate::args::{CreateOptions, Install};
use crate::console;
use crate::failure::Failure;
use crate::own_crate;

pub(crate) fn create(options: &CreateOptions) -> Result<ExitCode, Failure> {
    let name = Name::new(&options.name)?;
    let folder = &options.workflow_dir;
    if !folder.is_dir() {
        return Err(failed(&format!("Invalid workflow directory specified. {} does not exist.", folder.display())));
    }
    let made = folder.join(name.typed);
    if made.exists() {
        console::out(&format!("Workflow '{}' already exists.\n", name.typed))?;
        return Ok(ExitCode::SUCCESS);
    }
    let sources = sources::find(options.nat_path.as_deref())?;
    let written = write(&made, &name, &template::files(&name, &options.description, &sources));
    // The versions that are known to work together; without the file cargo takes the newest.
    let _ = fs::copy(sources.join("Cargo.lock"), made.join("Cargo.lock"));
    written.map_err(|error| failed(&error.to_string()))?;
    if options.install() == Install::Now {
        console::err("Building it in release, so that the first start is quick (--no-install leaves that for later)\n");
        own_crate::build(&made.canonicalize().unwrap_or(made.clone()).join("Cargo.toml"), name.typed)?;
    }
    let shown = made.display();
    console::out(&format!(
        "Workflow '{}' created successfully in '{shown}'.\n\n\
         Next:\n  nat serve --config_file {shown}/configs/config.yml\n  cargo test --manifest-path {shown}/Cargo.toml\n",
        name.typed
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn failed(reason: &str) -> Failure {
    Failure::Message(format!("An error occurred while creating the workflow: {reason}"))
}

fn write(made: &Path, name: &Name<'_>, files: &[(String, String)]) -> io::Result<()> {
    for (path, content) in files {
        let path = made.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, content)?;
    }
    // Where users of the Python toolkit look for it.
    let package = made.join("src").join(&name.module);
    fs::create_dir_all(&package)?;
    std::os::unix::fs::symlink("../../configs", package.join("configs"))?;
    format(made, files);
    Ok(())
}

/// Names are of all lengths, so where lines break is left to rustfmt. Without one they stay as they are.
fn format(made: &Path, files: &[(String, String)]) {
    let sources = files.iter().map(|(path, _)| path).filter(|path| path.ends_with(".rs"));
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).args(sources).current_dir(made);
    let _ = rustfmt.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
