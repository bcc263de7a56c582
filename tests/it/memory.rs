//! Memory comes with those who are served, and goes with them.

use std::time::{Duration, Instant};

use crate::kit::Served;

const STREAMS: usize = 400;
const YAML: &str = "general: {enable_per_user_monitoring: true}\nworkflow: {_type: conf_per_user_stream}";

fn active(users: &serde_json::Value) -> u64 {
    let users = users["users"].as_array().into_iter().flatten();
    users.filter_map(|user| user["requests"]["active_requests"].as_u64()).sum()
}

#[test]
fn memory_returns_when_streams_have_gone() {
    let server = Served::start(YAML);
    // What users cost, and what is needed once, is not in question.
    for number in 0..STREAMS {
        server.post("/generate", &format!("user-{number}"), r#"{"text":"t","chunks":1}"#);
    }
    let start = server.resident_kib();
    // The first chunk is an hour away.
    let body = br#"{"text":"t","chunks":1,"delay_ms":3600000}"#;
    let streams: Vec<_> = (0..STREAMS)
        .map(|number| {
            let headers = format!("Cookie: nat-session=user-{number}\r\nContent-Type: application/json\r\n");
            server.begin("POST", "/generate/stream", &headers, body)
        })
        .collect();
    server.until("all streams run", |users| active(users) == STREAMS as u64);
    let most = server.resident_kib();
    assert!(most > start + STREAMS as u64 * 8, "{start} KiB before, {most} KiB with {STREAMS} streams");
    drop(streams);
    server.until("none runs", |users| active(users) == 0);
    let deadline = Instant::now() + Duration::from_secs(60);
    while server.resident_kib() > start + (most - start) / 4 {
        let now = server.resident_kib();
        assert!(Instant::now() < deadline, "{start} KiB before, {most} KiB with {STREAMS} streams, {now} KiB after");
        std::thread::sleep(Duration::from_millis(50));
    }
}
