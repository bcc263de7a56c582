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

/// What can be known to be of no use does not end what runs.
#[test]
fn a_file_that_cannot_be_served_changes_nothing() {
    let listening = |port: u16| format!("general: {{front_end: {{_type: fastapi, host: 127.0.0.1, port: {port}}}}}\n");
    let (_folder, path) = workflow_file(listening(0) + "workflow: {_type: conf_echo, prefix: 'one '}\n");
    let mut command = Command::new(binary());
    command.args(["serve", "--reload", "--config_file"]).arg(&path);
    let mut server = Process::start(&mut command);
    let first = server.address();
    let says = |address, text: &str| assert!(post(address, "a", r#"{"text": "x"}"#).contains(text), "{text}");
    // Without a workflow …
    std::fs::write(&path, listening(0)).unwrap();
    server.until("cannot be used: the file has no `workflow`");
    server.until("goes on as it is");
    says(first, "one x");
    // … and on a port that is in use. The mend is a line of its own.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let second = listening(port) + "workflow: {_type: conf_echo, prefix: 'second '}\n";
    std::fs::write(&path, &second).unwrap();
    let line = server.until(&format!("port {port} is in use"));
    assert!(!line.contains("help"), "{line}");
    server.until("help: stop the program that uses it");
    server.until("goes on as it is");
    says(first, "one x");
    // The port is free now, and bound before the old server ends.
    drop(taken);
    std::fs::write(&path, second + "# once more\n").unwrap();
    let address = server.address();
    assert_eq!(address.port(), port);
    says(address, "second x");
    server.terminate();
    server.wait();
}

/// Nothing runs, so nothing goes on, and nothing exits either.
#[test]
fn a_start_that_fails_after_a_change_waits_for_the_next() {
    let front_end = "general: {front_end: {_type: fastapi, host: 127.0.0.1, port: 0}}\n";
    let (_folder, path) = workflow_file(format!("{front_end}workflow: {{_type: conf_echo}}\n"));
    let mut command = Command::new(binary());
    command.args(["serve", "--reload", "--config_file"]).arg(&path);
    let mut server = Process::start(&mut command);
    server.address();
    let broken = format!("{front_end}functions: {{bad: {{_type: conf_broken}}}}\nworkflow: {{_type: conf_echo}}\n");
    std::fs::write(&path, broken).unwrap();
    let line = server.until("Application startup failed.");
    assert!(!line.contains("Exiting"), "{line}");
    server.until("nothing is served until the file changes");
    std::fs::write(&path, front_end).unwrap();
    server.until("cannot be used: the file has no `workflow`");
    server.until("nothing is served until the file changes again");
    assert!(!server.seen().contains("goes on as it is"), "{}", server.seen());
    std::fs::write(&path, format!("{front_end}workflow: {{_type: conf_echo, prefix: a}}\n")).unwrap();
    server.address();
    server.terminate();
    server.wait();
}
