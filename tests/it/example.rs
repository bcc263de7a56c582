//! The mission's example, request by request, to the byte.

use nat::testing::TestServer;
use per_user_workflow as _;
use serde_json::Value;

const CONFIG: &str = include_str!("../../examples/front_ends/per_user_workflow/configs/config.yml");

const HELP: &str = "Available commands:\\n- note add <content>: Add a note\\n- note list: List all notes\\n\
    - note clear: Clear all notes\\n- note count: Count notes\\n- pref set <key> <value>: Set a preference\\n\
    - pref get <key>: Get a preference\\n- pref list: List all preferences\\n- stats: Show session statistics\\n\
    - help: Show this help message";

/// The counts are those of one run in the document's order, where the document starts anew now and then.
#[tokio::test]
async fn every_request_of_the_document() {
    let server = TestServer::start(CONFIG).await.unwrap();
    let help = format!(r#"{{"success":true,"message":"{HELP}","data":{{"commands_executed":4}}}}"#);
    let conversation = [
        (
            "alice",
            r#"{"command": "note", "action": "add", "param1": "Alices first note"}"#,
            r#"{"success":true,"message":"Note added successfully","data":{"notes":[],"count":1,"commands_executed":1}}"#,
        ),
        (
            "alice",
            r#"{"command": "note", "action": "list"}"#,
            r#"{"success":true,"message":"Found 1 notes","data":{"notes":["Alices first note"],"count":1,"commands_executed":2}}"#,
        ),
        (
            "bob",
            r#"{"command": "note", "action": "list"}"#,
            r#"{"success":true,"message":"Found 0 notes","data":{"notes":[],"count":0,"commands_executed":1}}"#,
        ),
        (
            "bob",
            r#"{"command": "note", "action": "add", "param1": "Bobs note"}"#,
            r#"{"success":true,"message":"Note added successfully","data":{"notes":[],"count":1,"commands_executed":2}}"#,
        ),
        (
            "alice",
            r#"{"command": "pref", "action": "set", "param1": "theme", "param2": "light"}"#,
            r#"{"success":true,"message":"Preference 'theme' set to 'light'","data":{"value":"","preferences":{"theme":"light","language":"en","notifications":"enabled"},"commands_executed":3}}"#,
        ),
        (
            "bob",
            r#"{"command": "pref", "action": "get", "param1": "theme"}"#,
            r#"{"success":true,"message":"Preference 'theme' = 'dark'","data":{"value":"dark","preferences":{},"commands_executed":3}}"#,
        ),
        ("alice", r#"{"command": "help"}"#, &help),
        (
            "alice",
            r#"{"command": "stats"}"#,
            r#"{"success":true,"message":"Session statistics: 5 commands executed","data":{"commands_executed":5}}"#,
        ),
    ];
    for (user, request, answer) in conversation {
        let request: Value = serde_json::from_str(request).unwrap();
        let response = server.user(user).post_json("/generate", request.clone()).await.unwrap();
        assert_eq!((response.status(), response.text()), (200, answer.to_owned()), "{user}: {request}");
    }
    let monitor = server.client().get("/monitor/users").await.unwrap();
    let active = monitor.json()["total_active_users"].clone();
    assert_eq!((monitor.status(), active), (200, 2.into()), "the example's file turns the monitor on");
    server.stop().await.lifecycle.assert_all_closed();
}
