//! `nat run` while it is told to stop.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use super::process::Process;
use crate::kit::{binary, workflow_file};

const LONG: &str = r#"{"ms": 3600000}"#;

fn running(file: &str, user: &str) -> (tempfile::TempDir, Process) {
    let (folder, path) = workflow_file(file);
    let mut command = Command::new(binary());
    command
        .args(["--log-level", "debug", "run", "--user_id", user, "--input", LONG, "--input", LONG, "--config_file"])
        .arg(path);
    let mut process = Process::start(&mut command);
    process.until("instance built");
    (folder, process)
}

#[test]
fn an_interrupted_run_closes_what_was_built_and_ends_by_the_signal() {
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let (_folder, process) = running("workflow: {_type: conf_per_user_sleep}\n", "alice");
        process.signal(name);
        let (status, log) = process.wait();
        assert_eq!(status.signal(), Some(number), "{log}");
        assert!(log.contains("instance closed") && log.contains("All SessionManagers cleaned up"), "{log}");
        assert!(!log.contains("Workflow Result"), "{log}");
    }
}

#[test]
fn the_second_signal_waits_for_nothing() {
    let file = "general: {shutdown_timeout: 3600, close_timeout: 3600}\n\
                functions: {never_closed: {_type: conf_per_user_troubled}}\n\
                workflow: {_type: conf_per_user_sleep}\n";
    let (_folder, mut process) = running(file, "close-hangs");
    process.signal("INT");
    process.until("SIGINT: ");
    process.signal("INT");
    let (status, log) = process.wait();
    assert_eq!(status.signal(), Some(2), "{log}");
    assert!(!log.contains("All SessionManagers cleaned up"), "{log}");
}
