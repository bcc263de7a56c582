//! The end of a process whose code blocks its threads.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::kit::Served;

const BLOCKED: &str = "a thread is blocked";
const JSON: &str = "Content-Type: application/json\r\nCookie: nat-session=";

/// A server with two workers, of which `blocked` are held by calls of one user each.
fn serve(general: &str, more: &str, blocked: usize) -> (Served, Vec<std::net::TcpStream>) {
    let front_end = "front_end: {_type: fastapi, workers: 2}";
    let server = Served::start(&format!(
        "general: {{{front_end}{general}}}\n{more}workflow: {{_type: conf_per_user_harmful}}\n"
    ));
    let calls = block(&server, blocked);
    (server, calls)
}

fn block(server: &Served, count: usize) -> Vec<std::net::TcpStream> {
    let calls = (0..count).map(|number| {
        let headers = format!("{JSON}blocks-{number}\r\n");
        let call = server.begin("POST", "/generate", &headers, br#"{"kind": "block"}"#);
        // One after another: a worker that is free takes the next one.
        server.until_logs(BLOCKED, number + 1);
        call
    });
    calls.collect()
}

fn user(name: &str) -> String {
    nat_core::UserId::derived(name).to_string()
}

/// One line says why, with everybody who blocks.
fn assert_named(status: ExitStatus, log: &str, users: &[String]) {
    assert_eq!(status.code(), Some(70), "{log}");
    let lines: Vec<_> = log.lines().filter(|line| line.contains("the process ends with status 70")).collect();
    let [line] = lines[..] else { panic!("one line says why: {log}") };
    for user in users {
        assert!(line.contains(&format!("a call of `<workflow>` for user {user}")), "{log}");
    }
}

#[test]
fn every_signal_is_heard_while_all_workers_are_blocked() {
    for name in ["TERM", "INT", "HUP"] {
        let (server, _calls) = serve(", shutdown_timeout: 0.2, close_timeout: 0.2", "", 2);
        server.signal(name);
        let (status, log) = server.wait();
        assert_named(status, &log, &[user("blocks-0"), user("blocks-1")]);
        assert!(log.contains(&format!("SIG{name}: no new requests")), "{log}");
    }
}

#[test]
fn a_second_signal_does_not_wait_for_workers_that_are_all_blocked() {
    let (server, _calls) = serve(", shutdown_timeout: 1h, close_timeout: 1h", "", 2);
    server.signal("TERM");
    server.until_logs("SIGTERM: ", 1);
    server.signal_again("TERM");
    let (status, log) = server.wait();
    assert_named(status, &log, &[user("blocks-0"), user("blocks-1")]);
}

#[test]
fn a_third_signal_waits_for_nothing() {
    let server = Served::start(
        "general: {shutdown_timeout: 1h, close_timeout: 1h}\n\
         functions: {troubled: {_type: conf_per_user_troubled}}\n\
         workflow: {_type: conf_per_user_counter}\n",
    );
    assert_eq!(server.post_text("/generate", "close-hangs", "{}").0, 200);
    for line in ["SIGTERM: ", "SIGTERM again: "] {
        server.signal_again("TERM");
        server.until_logs(line, 1);
    }
    server.signal_again("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(15), "{log}");
    assert!(log.contains("SIGTERM: the process ends at once"), "{log}");
}

/// A worker that is left closes everything but what is blocked.
#[test]
fn one_blocked_worker_keeps_nothing_else_open() {
    let (server, mut calls) = serve(", shutdown_timeout: 0.2, close_timeout: 2", "", 0);
    for number in 0..50 {
        assert_eq!(server.post_text("/generate", &format!("idle-{number}"), "{}").0, 200);
    }
    calls.extend(block(&server, 1));
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_named(status, &log, &[user("blocks-0")]);
    for number in 0..50 {
        let closed = format!("instance closed user={}", user(&format!("idle-{number}")));
        assert!(log.contains(&closed), "{closed}:\n{log}");
    }
}

/// Code that blocks the close, not the call.
#[test]
fn a_close_that_blocks_its_thread_is_named() {
    let server = Served::start(
        "general: {shutdown_timeout: 0.2, close_timeout: 0.2, front_end: {_type: fastapi, workers: 2}}\n\
         workflow: {_type: conf_per_user_harmful, close: block}\n",
    );
    for user in ["a", "b"] {
        assert_eq!(server.post_text("/generate", user, "{}").0, 200);
    }
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(70), "{log}");
    assert!(log.contains("a close of `<workflow>` for user"), "{log}");
}
