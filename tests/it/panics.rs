//! Panics, and other ends that code may come to, in the log.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::kit::{Served, command};

const TEXT: &str = "first\n2026-01-01 00:00:00 - INFO     - forged:1 - a line\u{1b}[2J\u{9b}31m\u{2028}\r\"end\"";
const YAML: &str = "general: {enable_per_user_monitoring: true}\nworkflow: {_type: conf_per_user_harmful}\n";

fn user(name: &str) -> String {
    nat_core::UserId::derived(name).to_string()
}

fn panic_on(server: &Served) -> (u16, Value) {
    server.post("/generate", "alice", &json!({ "kind": "panic", "text": TEXT }).to_string())
}

fn id_of(answer: &Value) -> String {
    let text = answer.to_string();
    let found = text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-').find(|word| word.len() == 36);
    found.unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

#[test]
fn a_panic_is_one_line_of_the_log() {
    let server = Served::start(YAML);
    let (status, answer) = panic_on(&server);
    assert_eq!(status, 500);
    server.signal("TERM");
    let (_, log) = server.wait();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("forged")).collect();
    let [line] = lines[..] else { panic!("its text is there once: {log}") };
    assert!(line.contains(" - ERROR    - nat_cli.panics:"), "{line}");
    assert!(line.contains(r#"panic=first\n2026-01-01 00:00:00"#) && line.contains(r"a line\u{1b}[2J"), "{line}");
    assert!(line.contains("component=<workflow> phase=call"), "{line}");
    assert!(line.contains(&format!("user={}", user("alice"))) && line.contains("harmful.rs:"), "{line}");
    assert!(line.contains(&format!("id={}", id_of(&answer))), "the id that the client got: {answer} {line}");
    assert!(!log.contains(['\u{1b}', '\u{9b}', '\u{2028}', '\r']), "{log}");
}

/// Where it happened is part of the record, for those who ask for that.
#[test]
fn a_backtrace_is_a_field_where_the_environment_asks_for_it() {
    let shown: fn(&[&str]) -> Command = |arguments| with_backtrace(arguments, "1");
    let hidden: fn(&[&str]) -> Command = |arguments| with_backtrace(arguments, "0");
    for (command, is_shown) in [(shown, true), (hidden, false)] {
        let server = Served::started(YAML, &[], "listening on http://", command);
        panic_on(&server);
        server.signal("TERM");
        let (_, log) = server.wait();
        let lines: Vec<_> = log.lines().filter(|line| line.contains("forged")).collect();
        let [line] = lines[..] else { panic!("one line: {log}") };
        assert_eq!(line.contains(" backtrace=") && line.contains("nat_conformance::harmful"), is_shown, "{log}");
        assert!(!log.contains("stack backtrace:"), "{log}");
    }
}

fn with_backtrace(arguments: &[&str], asked: &str) -> Command {
    let mut command = command(arguments);
    command.env("RUST_BACKTRACE", asked);
    command
}

#[test]
fn a_panic_is_a_record_of_a_json_log() {
    let in_json = |arguments: &[&str]| command(&[&["--log-format", "json"], arguments].concat());
    let server = Served::started(YAML, &[], "listening on http://", in_json);
    panic_on(&server);
    server.signal("TERM");
    let (_, log) = server.wait();
    let records: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"))).collect();
    let told: Vec<_> = records.iter().filter(|record| record.to_string().contains("forged")).collect();
    let [record] = told[..] else { panic!("its text is there once: {log}") };
    assert_eq!((&record["panic"], &record["level"]), (&TEXT.into(), &"error".into()));
    assert_eq!((&record["component"], &record["user"]), (&"<workflow>".into(), &user("alice").into()));
    assert!(!log.contains(['\u{1b}', '\u{9b}', '\u{2028}', '\r']), "{log}");
}

/// Wherever a component panics, the text is there once.
#[test]
fn panics_of_builds_closes_and_threads_are_told_once() {
    let cases = [
        ("workflow: {_type: conf_per_user_harmful, build: panic}", "{}", "while it is built", "phase=build"),
        ("workflow: {_type: conf_per_user_harmful, close: panic}", "{}", "while it closes", "phase=close"),
        ("workflow: {_type: conf_harmful}", r#"{"kind": "panic in a thread", "text": "elsewhere"}"#, "elsewhere", ""),
        ("workflow: {_type: conf_harmful, close: panic}", "{}", "while it closes", "phase=close"),
    ];
    for (yaml, body, text, phase) in cases {
        let server = Served::start(yaml);
        server.post_text("/generate", "alice", body);
        if phase.is_empty() {
            server.until_logs(text, 1);
        }
        server.signal("TERM");
        let (_, log) = server.wait();
        let lines: Vec<_> = log.lines().filter(|line| line.contains(&format!("panic={text}"))).collect();
        assert!(matches!(lines[..], [line] if line.contains(phase)), "{yaml}: {log}");
        assert!(!log.contains("panicked at"), "{yaml}: {log}");
    }
}

/// The process ends as it would have without a word, by SIGABRT; the last line says whose code it was.
#[test]
fn last_words_name_the_component_and_its_user() {
    for kind in ["overflow", "allocate", "abort", "panic twice"] {
        let server = Served::start(YAML);
        let headers = "Content-Type: application/json\r\nCookie: nat-session=alice\r\n";
        let _call = server.begin("POST", "/generate", headers, json!({ "kind": kind }).to_string().as_bytes());
        let (status, log) = server.wait();
        assert_eq!(status.signal(), Some(6), "{kind}: {log}");
        let named = format!("a call of `<workflow>` for user {}", user("alice"));
        let lines: Vec<_> = log.lines().filter(|line| line.contains("the process aborts")).collect();
        assert!(matches!(lines[..], [line] if line.contains(&named)), "{kind}: {log}");
        if kind == "panic twice" {
            assert!(log.contains("a panic ends the process") && log.contains("panic=once more"), "{log}");
        }
    }
}

/// Such as a supervisor sends to a process that does not answer.
#[test]
fn an_abort_from_outside_still_ends_the_process() {
    let server = Served::start(YAML);
    server.signal("ABRT");
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(6), "{log}");
}
