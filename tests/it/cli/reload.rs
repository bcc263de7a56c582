//! `--reload`: the file changes under a running server.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use super::process::{Process, post};
use crate::kit::{binary, workflow_file};

fn file(prefix: &str) -> String {
    format!("base: base.yml\nworkflow: {{_type: conf_echo, prefix: '{prefix}'}}\n")
}

#[test]
fn a_change_restarts_and_a_mistake_does_not() {
    let (folder, path) = workflow_file(file("one "));
    let base = folder.path().join("base.yml");
    std::fs::write(&base, "general: {front_end: {_type: fastapi, host: 127.0.0.1, port: 0}}\n").unwrap();
    let mut command = Command::new(binary());
    command.args(["serve", "--reload", "--config_file"]).arg(&path);
    let mut server = Process::start(&mut command);
    let first = server.address();
    let says = |text: &str| assert!(post(first, "a", r#"{"text": "x"}"#).contains(text), "{text}");
    says("one x");
    std::fs::write(&path, file("second ")).unwrap();
    assert_eq!(server.address(), first, "whoever knew the address knows it still");
    says("second x");
    // A mistake is shown with its place, and what ran goes on.
    std::fs::write(&path, "base: base.yml\nworkflow: {_type: conf_echo, prefix: [1]}\n").unwrap();
    server.until("cannot be used: Invalid configuration: workflow: Input should be a valid string");
    server.until("flow.yml:2");
    server.until("goes on as it is");
    says("second x");
    std::fs::write(&path, file("third ")).unwrap();
    server.address();
    says("third x");
    // A file that is built on counts as well.
    std::fs::write(&base, "general: {front_end: {_type: fastapi, host: 127.0.0.1, port: 0, workers: 2}}\n").unwrap();
    server.address();
    server.terminate();
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(15), "{log}");
}
