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
    process.signal_again("INT");
    let (status, log) = process.wait();
    assert_eq!(status.signal(), Some(2), "{log}");
    assert!(!log.contains("All SessionManagers cleaned up"), "{log}");
}

/// Every worker there is may be held by the function that is interrupted.
#[test]
fn a_run_is_interrupted_while_its_function_blocks() {
    let run = |timeouts: &str| {
        let workers = std::thread::available_parallelism().unwrap().get();
        let (folder, path) = workflow_file(format!(
            "general: {{{timeouts}, max_running_calls: {workers}}}\nworkflow: {{_type: conf_per_user_harmful}}\n"
        ));
        let mut command = Command::new(binary());
        command.args(["run", "--user_id", "alice", "--config_file"]).arg(path);
        for _ in 0..workers {
            command.args(["--input", r#"{"kind": "block"}"#]);
        }
        let mut process = Process::start(&mut command);
        for _ in 0..workers {
            process.until("a thread is blocked");
        }
        (folder, process)
    };
    let (_folder, process) = run("shutdown_timeout: 0.2, close_timeout: 0.2");
    process.signal("INT");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(70), "{log}");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("ends with status 70")).collect();
    assert!(matches!(lines[..], [line] if line.contains("a call of `<workflow>` for user alice")), "{log}");

    let (_folder, mut process) = run("shutdown_timeout: 1h, close_timeout: 1h");
    process.signal("INT");
    process.until("SIGINT: ");
    process.signal_again("INT");
    let (status, log) = process.wait();
    assert_eq!(status.signal(), Some(2), "nothing is waited for, so nothing is late: {log}");
}

#[test]
fn a_run_whose_terminal_goes_away_closes_what_was_built() {
    let (_folder, process) = running("workflow: {_type: conf_per_user_sleep}\n", "alice");
    process.signal("HUP");
    let (status, log) = process.wait();
    assert_eq!(status.signal(), Some(1), "{log}");
    assert!(log.contains("instance closed"), "{log}");
}
