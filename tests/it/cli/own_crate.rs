//! From an empty folder to an answer, with nothing but `nat` and a Rust toolchain.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Process, post};
use crate::kit::{binary, workflow_file};

/// Beside the other builds, so that only the first run of the test takes its time.
fn target() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    folder.expect("it is in the target folder").join("own-crate")
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(folder).env("NO_COLOR", "1").env("CARGO_TARGET_DIR", target());
    // What is tested is that it builds, not how fast it runs.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    command
}

#[test]
#[ignore = "builds a crate: `.ci/run`, or `cargo test -p nat-tests own_crate -- --ignored`"]
fn from_an_empty_folder_to_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let created = command(folder.path()).args(["workflow", "create", "--no-install", "my_flow"]).output();
    assert!(created.expect("it runs").status.success());
    let serve = ["serve", "--config_file", "my_flow/configs/config.yml", "--host", "127.0.0.1", "--port", "0"];

    // Refused, if that is wanted.
    let refused = command(folder.path()).args(serve).arg("--no-build").output().expect("it runs");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("Input tag 'my_flow' found"), "{said}");

    let mut server = Process::start(command(folder.path()).args(serve));
    let line = server.until("`my_flow` is not a type of this program");
    assert!(line.contains("my_flow/Cargo.toml (binary `my_flow`, release; --no-build refuses)"), "{line}");
    let address = server.address();
    for (user, visits) in [("alice", 1), ("alice", 2), ("bob", 1)] {
        let answer = post(address, user, r#"{"name": "Al"}"#);
        assert!(answer.ends_with(&format!(r#"{{"text":"Hello, Al!","visits":{visits}}}"#)), "{answer}");
    }
    // The process is still the one that was started: it gets the signal.
    server.terminate();
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(15), "{log}");

    // A typing mistake in the crate's own file is no reason to build for ever.
    let config = folder.path().join("my_flow/configs/config.yml");
    let content = std::fs::read_to_string(&config).unwrap().replace("_type: my_flow", "_type: my_flwo");
    std::fs::write(&config, content).unwrap();
    let ended =
        command(folder.path()).args(["validate", "--config_file", "my_flow/configs/config.yml"]).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("did you mean `my_flow`?"), "{said}");
}

#[test]
fn only_crates_for_workflows_are_built() {
    let (folder, path) = workflow_file("workflow: {_type: of_another_crate}\n");
    let manifest = folder.path().join("Cargo.toml");
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("src/main.rs"), "fn main() {}\n").unwrap();
    std::fs::write(&manifest, "[package]\nname = \"stranger\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n")
        .unwrap();
    let ended = command(folder.path()).args(["validate", "--config_file"]).arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("Error: Invalid configuration: workflow: Input tag 'of_another_crate'"), "{said}");
    assert!(!said.contains("Compiling") && !folder.path().join("target").exists(), "{said}");
}
