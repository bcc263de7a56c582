//! The whole of `configs/config.yml`, as its users see it, without a server.

use nat::testing::TestWorkflow;
use per_user_workflow as _;
use serde_json::Value;

async fn start() -> TestWorkflow {
    TestWorkflow::from_file("configs/config.yml").await.expect("the file starts")
}

/// Sends `body` as `user`, and gives the answer as text.
async fn say(workflow: &TestWorkflow, user: &str, body: &str) -> String {
    let body: Value = serde_json::from_str(body).expect("the body is JSON");
    workflow.user(user).call(body).await.expect("mistakes are answers here").to_string()
}

#[tokio::test]
async fn two_users_talk_and_see_only_their_own() {
    let workflow = start().await;
    let talk = [
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
    ];
    for (user, body, answer) in talk {
        assert_eq!(say(&workflow, user, body).await, answer, "{user}: {body}");
    }
}

#[tokio::test]
async fn every_command_counts() {
    let workflow = start().await;
    let help = say(&workflow, "alice", r#"{"command": "HELP"}"#).await;
    assert!(help.starts_with(r#"{"success":true,"message":"Available commands:\n- note add <content>: Add a note\n"#));
    assert!(help.ends_with(r#"\n- help: Show this help message","data":{"commands_executed":1}}"#));
    assert_eq!(
        say(&workflow, "alice", r#"{"command": "Dance"}"#).await,
        r#"{"success":false,"message":"Unknown command: dance. Use 'help' to see available commands.","data":{"commands_executed":2}}"#,
    );
    assert_eq!(
        say(&workflow, "alice", r#"{"command": "stats"}"#).await,
        r#"{"success":true,"message":"Session statistics: 3 commands executed","data":{"commands_executed":3}}"#,
    );
}
