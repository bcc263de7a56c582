//! The end: under load, during the start, and twice.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::kit::{Served, binary, nat, workflow_file};

const SIGTERM: i32 = 15;

/// Running requests are answered, every instance is closed once, and the process ends as its parent expects.
#[test]
fn a_stop_under_load_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    std::fs::write(&journal, "").unwrap();
    let server = Served::start(&format!(
        "
general:
  enable_per_user_monitoring: true
functions:
  slow: {{_type: conf_per_user_sleep}}
workflow: {{_type: conf_per_user_probe, log_path: {}}}
",
        journal.display()
    ));
    let slow = Served::start("workflow: {_type: conf_per_user_sleep}\ngeneral: {enable_per_user_monitoring: true}");
    let (answered, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        // On one server requests that take their time when the signal comes …
        let waiting: Vec<_> = (0..8)
            .map(|user| {
                let slow = &slow;
                threads.spawn(move || slow.post("/generate", &format!("u{user}"), r#"{"ms": 1500}"#))
            })
            .collect();
        slow.until("all eight run", |users| {
            let users = users["users"].as_array().unwrap();
            users.iter().map(|user| user["session"]["ref_count"].as_u64().unwrap()).sum::<u64>() == 8
        });
        slow.signal("TERM");
        for request in waiting {
            let (status, answer) = request.join().unwrap();
            assert_eq!((status, &answer["slept_ms"]), (200, &1500.into()));
        }
        // … on the other one many users who come and go.
        for worker in 0..8 {
            let (server, answered, refused) = (&server, &answered, &refused);
            threads.spawn(move || {
                for number in 0.. {
                    let user = format!("w{worker}-{}", number % 50);
                    let headers = format!("Cookie: nat-session={user}\r\nContent-Type: application/json\r\n");
                    let sent = server.try_send("POST", "/generate", &headers, b"{}");
                    match sent {
                        Ok((200, _)) => answered.fetch_add(1, Ordering::Relaxed),
                        _ => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            return;
                        }
                    };
                }
            });
        }
        while answered.load(Ordering::Relaxed) < 300 {
            std::thread::sleep(Duration::from_millis(1));
        }
        server.signal("TERM");
    });
    assert_eq!(refused.load(Ordering::Relaxed), 8, "every worker met the end");
    for ended in [server, slow] {
        let (status, log) = ended.wait();
        assert_eq!(status.signal(), Some(SIGTERM), "{log}");
        assert!(log.contains("All SessionManagers cleaned up"), "{log}");
    }
    let mut instances: HashMap<String, Vec<String>> = HashMap::new();
    for line in std::fs::read_to_string(&journal).unwrap().lines() {
        let (word, instance) = line.split_once(' ').unwrap();
        instances.entry(instance.to_owned()).or_default().push(word.to_owned());
    }
    assert!(instances.len() >= 8);
    for (instance, words) in instances {
        assert_eq!(words, ["open", "close"], "{instance}");
    }
}

/// What had been built is closed, and nobody waits for the rest.
#[test]
fn a_stop_during_the_start_closes_what_was_built() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let server = Served::starting(
        &format!(
            "
functions:
  first: {{_type: conf_slow_start, journal: {journal}}}
  second: {{_type: conf_slow_start, journal: {journal}, build_ms: 600000}}
workflow: {{_type: conf_echo}}
",
            journal = journal.display()
        ),
        "building component=second",
    );
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(SIGTERM), "{log}");
    assert_eq!(std::fs::read_to_string(&journal).unwrap(), "open\nclose\n", "{log}");
}

#[test]
fn an_interrupt_is_a_clean_exit() {
    let server = Served::start("workflow: {_type: conf_echo}");
    server.signal("INT");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

#[test]
fn a_second_signal_does_not_wait_for_running_requests() {
    let server = Served::start("workflow: {_type: conf_per_user_sleep}\ngeneral: {enable_per_user_monitoring: true}");
    let _never_read = server.begin(
        "POST",
        "/generate",
        "Cookie: nat-session=a\r\nContent-Type: application/json\r\n",
        br#"{"ms": 600000}"#,
    );
    server.until("it runs", |users| users["users"][0]["session"]["ref_count"] == 1);
    let begin = Instant::now();
    server.signal("TERM");
    while !server.log().contains("SIGTERM") {
        std::thread::sleep(Duration::from_millis(1));
    }
    server.signal_again("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(SIGTERM), "{log}");
    assert!(begin.elapsed() < Duration::from_secs(25), "{:?}", begin.elapsed());
}

/// What process managers and terminals send together, or one after the other, is one stop.
#[test]
fn a_hangup_does_not_hurry_a_stop() {
    for first in ["TERM", "HUP"] {
        let server =
            Served::start("workflow: {_type: conf_per_user_sleep}\ngeneral: {enable_per_user_monitoring: true}");
        std::thread::scope(|threads| {
            let running = threads.spawn(|| server.post("/generate", "a", r#"{"ms": 1500}"#));
            server.until("it runs", |users| users["users"][0]["session"]["ref_count"] == 1);
            server.signal(first);
            server.signal("HUP");
            server.until_logs(&format!("SIG{first}: no new requests"), 1);
            server.signal_again("HUP");
            let (status, answer) = running.join().unwrap();
            assert_eq!((status, &answer["slept_ms"]), (200, &1500.into()), "{}", server.log());
        });
        let (status, log) = server.wait();
        assert_eq!(status.signal(), Some(if first == "TERM" { SIGTERM } else { 1 }), "{log}");
        assert!(!log.contains("again: ") && log.contains("1 instances built, 1 closed"), "{log}");
    }
}

/// A terminal that goes away ends a server as SIGTERM does, and its parent sees which signal it was.
#[test]
fn a_hangup_is_an_orderly_stop() {
    let server = Served::start("workflow: {_type: conf_per_user_counter}");
    assert_eq!(server.post("/generate", "a", "{}").0, 200);
    server.signal("HUP");
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(1), "{log}");
    assert!(log.contains("1 instances built, 1 closed"), "{log}");
}

/// `nohup` and `trap '' HUP` start a program that outlives its terminal.
#[test]
fn a_hangup_that_was_ignored_at_the_start_stays_ignored() {
    let without_hangup = |arguments: &[&str]| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(binary()).args(arguments);
        shell.env("NO_COLOR", "1").stdin(std::process::Stdio::null());
        shell
    };
    let yaml = "workflow: {_type: conf_per_user_counter}";
    let server = Served::started(yaml, &[], "listening on http://", without_hangup);
    server.signal("HUP");
    // The system drops it when it is sent, so what comes later is later.
    assert_eq!(server.post("/generate", "a", "{}").0, 200);
    server.signal("TERM");
    let (status, log) = server.wait();
    assert_eq!(status.signal(), Some(SIGTERM), "{log}");
    assert!(!log.contains("SIGHUP"), "{log}");
}

/// What supervises a container kills after ten seconds, unless it is told otherwise.
#[test]
fn a_stop_that_may_take_longer_than_docker_waits_is_announced() {
    let longer = "general: {shutdown_timeout: 30s}\nworkflow: {_type: conf_echo}";
    for (yaml, told) in [("workflow: {_type: conf_echo}", false), (longer, true)] {
        let server = Served::start(yaml);
        let log = server.log();
        assert_eq!(log.contains("a stop may take 34.5s"), told, "{log}");
        assert_eq!(log.contains("`docker stop -t`") && log.contains("terminationGracePeriodSeconds"), told, "{log}");
    }
}

/// What is wrong is said at once, all of it, and nothing has been built.
#[test]
fn a_file_that_cannot_run_ends_with_1() {
    let (_folder, path) = workflow_file(
        "
functions:
  mine: {_type: conf_per_user_counter}
  relay: {_type: conf_relay, target: mine}
workflow: {_type: conf_relay, target: nowhere}
",
    );
    let (code, _, stderr) = nat(&["serve", "--config_file", &path.to_string_lossy(), "--port", "0"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr
            .contains("Error: Invalid configuration: functions: Function `relay` depends on per-user function `mine`"),
        "{stderr}"
    );
    assert!(stderr.contains("Function `nowhere` not found"), "{stderr}");
}

#[test]
fn a_shared_component_that_fails_closes_the_others_and_says_what_was_built() {
    let (_folder, path) = workflow_file(
        "
functions:
  fine: {_type: conf_counter}
  bad: {_type: conf_broken}
workflow: {_type: conf_counter}
",
    );
    let (code, _, stderr) = nat(&["serve", "--config_file", &path.to_string_lossy(), "--port", "0"]);
    assert_eq!(code, Some(1), "{stderr}");
    let told = [
        "Failed to initialize component bad (functions)",
        "Successfully built components:",
        "- fine (functions)",
        "Remaining components to build:",
        "- <workflow> (workflow)",
        "Original error: shared component refused to build",
        "Application startup failed. Exiting.",
        "Error: shared component refused to build",
    ];
    let places: Vec<_> = told.iter().map(|text| stderr.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{stderr}");
}
