//! Where the log goes, and how much of it.

use std::process::Command;

use serde_json::Value;

use super::process::{Process, post_to};
use crate::kit::{binary, workflow_file};

fn serve(path: &std::path::Path, before: &[&str]) -> Process {
    let mut command = Command::new(binary());
    command.args(before).args(["serve", "--host", "127.0.0.1", "--port", "0", "--config_file"]).arg(path);
    Process::start(&mut command)
}

#[test]
fn every_line_is_json_when_programs_read_them() {
    let (_folder, path) = workflow_file("workflow: {_type: conf_per_user_probe}\n");
    let mut server = serve(&path, &["--log-format", "json"]);
    server.address();
    server.terminate();
    let (_, log) = server.wait();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let serving = lines.iter().find(|line| line["message"] == "serving").expect("the summary is one of them");
    assert_eq!((&serving["workflow"], &serving["scope"]), (&"conf_per_user_probe".into(), &"per_user".into()));
    assert!(lines.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()));
}

#[test]
fn the_file_says_how_much_goes_where() {
    let (folder, path) = workflow_file(
        "
general:
  telemetry:
    logging:
      console: {_type: console, level: ERROR}
      file: {_type: file, path: logs/nat.log, level: INFO}
workflow: {_type: conf_echo}
",
    );
    let mut command = Command::new(binary());
    command
        .args(["serve", "--host", "127.0.0.1", "--port", "0", "--config_file"])
        .arg(&path)
        .current_dir(folder.path());
    let server = Process::start(&mut command);
    let log = folder.path().join("logs/nat.log");
    // The console is silent, so the file is what says when it is up.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !std::fs::read_to_string(&log).is_ok_and(|log| log.contains("listening on")) {
        assert!(std::time::Instant::now() < deadline, "the log file says nothing");
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    server.terminate();
    let (_, console) = server.wait();
    assert!(!console.contains("listening on") && !console.contains("Address"), "{console}");
}

#[test]
fn the_summary_shows_what_to_send() {
    let (_folder, path) = workflow_file("workflow: {_type: per_user_notepad}\n");
    let mut server = serve(&path, &[]);
    let address = server.address();
    for shown in [
        format!("Address   http://{address}"),
        "Workflow  per_user_notepad (per user".to_owned(),
        "POST /v1/workflow".to_owned(),
        format!("curl http://{address}/v1/workflow -H 'Content-Type: application/json' -H 'Cookie: nat-session=alice'"),
        "-d '{\"action\":\"text\"}'".to_owned(),
    ] {
        assert!(server.seen().contains(&shown), "no {shown} in\n{}", server.seen());
    }
}

/// The request that is shown for each kind of input is one that is answered.
#[test]
fn what_the_summary_shows_can_be_sent() {
    for workflow in [
        "conf_echo",
        "conf_struct",
        "conf_counter",
        "conf_per_user_echo",
        "conf_per_user_chat",
        "conf_chat",
        "conf_chat_or_message",
        "conf_stream",
        "conf_stream_only",
        "conf_per_user_stream",
        "per_user_assistant",
    ] {
        let settings = match workflow {
            "per_user_assistant" => {
                "functions: {notepad: {_type: per_user_notepad}, preferences: {_type: per_user_preferences}}\n"
            }
            _ => "",
        };
        let (_folder, path) = workflow_file(format!("{settings}workflow: {{_type: {workflow}}}\n"));
        let mut server = serve(&path, &[]);
        let address = server.address();
        let seen = server.seen();
        let (_, command) = seen.split_once("  Try       ").unwrap_or_else(|| panic!("{workflow}: {seen}"));
        let route = command.split_once(&address.to_string()).and_then(|(_, rest)| rest.split(' ').next()).unwrap();
        let (_, body) = command.split_once("-d '").unwrap();
        let (body, _) = body.split_once("'\n").unwrap();
        assert!(command.starts_with("curl -N ") == route.ends_with("/stream"), "{workflow}: {command}");
        let answer = post_to(address, route, "alice", body);
        assert!(answer.starts_with("HTTP/1.1 200 ") && !answer.contains("event: error"), "{workflow} {body}: {answer}");
    }
}
