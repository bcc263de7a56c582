//! The whole of `configs/config.yml`, as its users see it, without a server.

use nat::UserId;
use nat::runtime::{CancellationToken, Config, EntryName, Registry, Runtime};
use per_user_workflow as _;

async fn start() -> Runtime {
    let registry = Registry::linked().expect("each type name is used once");
    let config = Config::parse(include_str!("../configs/config.yml"), None, &registry).expect("the file is right");
    Runtime::start(&config, &registry, CancellationToken::new()).await.expect("nothing shared can fail")
}

/// Sends `body` as `user`, and gives the answer's bytes as text.
async fn say(runtime: &Runtime, user: &str, body: &str) -> String {
    let workflow = runtime.workflow(&EntryName::Workflow).expect("the file has a workflow");
    let input = workflow.decode(body.as_bytes()).expect("the body fits the input type");
    let mut session = workflow.open(Some(UserId::derived(user))).await.expect("the instance builds");
    let answer = session.call(None, input).await.expect("mistakes are answers here").into_json();
    String::from_utf8_lossy(&answer.expect("the output is plain data")).into_owned()
}

#[tokio::test]
async fn two_users_talk_and_see_only_their_own() {
    let runtime = start().await;
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
        assert_eq!(say(&runtime, user, body).await, answer, "{user}: {body}");
    }
}

#[tokio::test]
async fn every_command_counts() {
    let runtime = start().await;
    let help = say(&runtime, "alice", r#"{"command": "HELP"}"#).await;
    assert!(help.starts_with(r#"{"success":true,"message":"Available commands:\n- note add <content>: Add a note\n"#));
    assert!(help.ends_with(r#"\n- help: Show this help message","data":{"commands_executed":1}}"#));
    assert_eq!(
        say(&runtime, "alice", r#"{"command": "Dance"}"#).await,
        r#"{"success":false,"message":"Unknown command: dance. Use 'help' to see available commands.","data":{"commands_executed":2}}"#,
    );
    assert_eq!(
        say(&runtime, "alice", r#"{"command": "stats"}"#).await,
        r#"{"success":true,"message":"Session statistics: 3 commands executed","data":{"commands_executed":3}}"#,
    );
}
