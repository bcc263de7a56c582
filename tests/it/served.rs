//! What only shows when the whole of it runs.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::{Served, nat, workflow_file};

const PROBES: &str = "
general:
  enable_per_user_monitoring: true
workflow: {_type: conf_per_user_probe}
";

/// Nothing of the request that made an instance is seen by the next one.
#[test]
fn a_context_is_made_for_each_request() {
    let server = Served::start(PROBES);
    let ask = |conversation: Option<&str>| {
        let conversation = conversation.map(|id| format!("conversation-id: {id}\r\n")).unwrap_or_default();
        let headers = format!("Cookie: nat-session=a\r\nContent-Type: application/json\r\n{conversation}");
        let (status, body) = server.send("POST", "/generate", &headers, b"{}");
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<serde_json::Value>(&body).unwrap()
    };
    let first = ask(Some("one"));
    let second = ask(Some("two"));
    let third = ask(None);
    assert_eq!(first["instance"], third["instance"]);
    let seen = [&first, &second, &third].map(|answer| answer["conversation_id"].clone());
    assert_eq!(seen, [json!("one"), json!("two"), json!(null)]);
}

/// Every way to say who one is, right and wrong, with everything logged that can be.
#[test]
fn no_credential_reaches_the_log() {
    let server = Served::start(PROBES);
    let secret = "s3cr3t-Wert";
    let credentials = [
        format!("Cookie: nat-session={secret}\r\n"),
        format!("Authorization: Bearer {secret}\r\n"),
        format!("Authorization: Bearer a.{secret}.c\r\n"),
        format!("Authorization: Basic {secret}\r\n"),
        "Authorization: Basic czNjcjN0LVdlcnQ=\r\n".to_owned(),
        "Authorization: Basic czNjcjN0LVdlcnQ6czNjcjN0LVdlcnQ=\r\n".to_owned(),
        format!("X-API-Key: {secret}\r\n"),
    ];
    for credential in &credentials {
        for body in ["{}", "{", r#"{"note": 5}"#] {
            let headers = format!("{credential}Content-Type: application/json\r\n");
            let (_, answer) = server.send("POST", "/generate", &headers, body.as_bytes());
            assert!(!answer.contains(secret), "{answer}");
        }
    }
    let (_, users) = server.get("/monitor/users");
    server.signal("TERM");
    let (_, log) = server.wait();
    for hidden in [secret, "czNjcjN0LVdlcnQ"] {
        assert!(!users.to_string().contains(hidden));
        assert!(!log.contains(hidden), "{log}");
    }
}

/// A build of 2 s, a build that hangs and a close that hangs, each of another user: nobody else is slower
/// for it, and neither is the monitor.
#[test]
fn slow_users_delay_nobody_else() {
    let server = Served::start(
        "
general:
  enable_per_user_monitoring: true
  per_user_workflow_timeout: 0.3
  per_user_workflow_cleanup_interval: 0.05
functions:
  troubled: {_type: conf_per_user_troubled}
workflow: {_type: conf_per_user_probe}
",
    );
    let ask = |user: &str| assert_eq!(server.post("/generate", user, "{}").0, 200);
    // The longest of many requests, of users old and new and of the monitor.
    let longest = |round: &str| {
        let mut longest = Duration::ZERO;
        for number in 0..150 {
            let begin = Instant::now();
            ask("regular");
            ask(&format!("{round}-{number}"));
            assert_eq!(server.get("/monitor/users").0, 200);
            longest = longest.max(begin.elapsed());
        }
        longest
    };
    longest("warm");
    let alone = longest("alone");
    ask("close-hangs");
    server.until("the user whose close hangs is being closed", |users| {
        !users.to_string().contains(&nat_core::UserId::derived("close-hangs").to_string())
    });
    let beside = std::thread::scope(|threads| {
        let slow = threads.spawn(|| {
            let begin = Instant::now();
            let (status, _) = server.post("/generate", "build-slow", "{}");
            (status, begin.elapsed())
        });
        let head = "Content-Type: application/json\r\nCookie: nat-session=";
        let _hanging = server.begin("POST", "/generate", &format!("{head}build-hangs\r\n"), b"{}");
        let _closing = server.begin("POST", "/generate", &format!("{head}close-hangs\r\n"), b"{}");
        let beside = longest("beside");
        // On a busy machine it may be over by now; the build and the close that hang are not.
        let (status, took) = slow.join().unwrap();
        assert_eq!(status, 200);
        assert!(took >= Duration::from_secs(2));
        beside
    });
    println!("longest of three requests: {alone:?} alone, {beside:?} beside slow users");
    // A wait for the build or the close that hangs would be many seconds; the rest leaves room for a busy machine.
    assert!(beside < alone * 10 + Duration::from_secs(1), "{alone:?} alone, {beside:?} beside slow users");
}

/// Whatever is sent, the answer says what is wrong, and the server goes on.
#[test]
fn bad_requests_are_answered_and_forgotten() {
    let server = Served::start(PROBES);
    let json = "Cookie: nat-session=a\r\nContent-Type: application/json\r\n";
    let deep = format!("{{\"note\": {}", "[".repeat(100_000));
    let large = vec![b' '; 10 * 1024 * 1024];
    let cases: [(&str, &[u8], u16, &str); 9] = [
        (json, b"", 422, "Field required"),
        (json, b"{", 422, "json_invalid"),
        (json, b"[]", 422, "model_attributes_type"),
        (json, br#"{"note": 5}"#, 422, "string_type"),
        (json, br#"{"note": "\ud800"}"#, 422, "json_invalid"),
        (json, b"{\"note\": \"\xff\"}", 422, "UTF-8"),
        (json, deep.as_bytes(), 422, "127 levels"),
        (json, &large, 413, "max_body_bytes"),
        ("Content-Type: application/json\r\n", b"{}", 401, "user_id is required for per-user workflow"),
    ];
    for (headers, body, expected, text) in cases {
        let (status, answer) = server.send("POST", "/generate", headers, body);
        assert_eq!(status, expected, "{answer}");
        assert!(answer.contains(text), "{answer}");
        assert!(answer.len() < 4096, "an answer of {} bytes", answer.len());
    }
    let (_, users) = server.get("/monitor/users");
    assert_eq!(users["total_active_users"], 0, "no refused request built anything");
    assert_eq!(server.post("/generate", "a", "{}").0, 200);
}

/// Every mistake in a file is named, with the file.
#[test]
fn bad_files_end_with_their_reason() {
    let nested = format!("workflow: {}", "[".repeat(1000));
    let cases: &[(&[u8], &str)] = &[
        (b"", "empty"),
        (b"\x00\x01\x02\xff", "UTF-8"),
        (b"workflow: [1,", "Error loading YAML"),
        (b"workflow: {_type: conf_echo}\nworkflow: {_type: conf_echo}\n", "stands twice"),
        (nested.as_bytes(), "Error loading YAML"),
        (b"- a\n", "mapping"),
        (b"general: {}\n", "no `workflow`"),
        (b"workflow: {_type: conf_ecko}\n", "conf_echo"),
        (b"general: {front_end: {_type: fastapi, port: 70000}}\nworkflow: {_type: conf_echo}\n", "65535"),
        (
            b"general: {front_end: {_type: fastapi, host: 0.0.0.0}}\nworkflow: {_type: conf_echo}\n",
            "trust_client_sessions",
        ),
    ];
    for (content, reason) in cases {
        let (_folder, path) = workflow_file(content);
        let (code, _, stderr) = nat(&["serve", "--config_file", &path.to_string_lossy()]);
        let shown = String::from_utf8_lossy(content).chars().take(60).collect::<String>();
        assert_eq!(code, Some(1), "{shown}: {stderr}");
        assert!(stderr.contains("Error: ") && stderr.contains(reason), "{shown}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (path, reason) in
        [(folder.path().to_string_lossy(), "is a directory"), ("/nonexistent.yml".into(), "does not exist")]
    {
        let (code, _, stderr) = nat(&["serve", "--config_file", &path]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(&*path) && stderr.contains(reason), "{stderr}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let first = Served::start(PROBES);
    let (_folder, path) = workflow_file(PROBES);
    let port = first.address.port().to_string();
    let file = path.to_string_lossy();
    let (code, _, stderr) = nat(&["serve", "--config_file", &file, "--host", "127.0.0.1", "--port", &port]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&port) && stderr.contains("in use"), "{stderr}");
    assert_eq!(first.get("/health").0, 200);
}

#[test]
fn run_answers_every_input_in_order() {
    let (_folder, path) = workflow_file("workflow: {_type: conf_per_user_counter}");
    let file = path.to_string_lossy();
    let input = r#"{"by": 2}"#;
    let (code, out, err) =
        nat(&["run", "--config_file", &file, "--input", input, "--input", input, "--user_id", "bob"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Workflow Type: conf_per_user_counter"), "{out}");
    let result = err.split("Workflow Result:\n").nth(1).unwrap();
    let mut lines: Vec<_> = result.lines().take(2).collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"count":2}"#, r#"{"count":4}"#], "both on bob's one instance");
    let (code, _, err) = nat(&["run", "--config_file", &file, "--input", "nonsense"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("Error: the input does not fit"), "{err}");
}
