//! `configs/config.yml` in a folder of the test's own, with a shorter patience, without a server.

use std::time::Duration;

use nat::UserId;
use nat::runtime::{CancellationToken, Config, EntryName, Registry, Runtime};
use per_user_database as _;

async fn start(folder: &std::path::Path) -> Runtime {
    let registry = Registry::linked().expect("each type name is used once");
    let folder = folder.to_str().expect("a temporary folder has a plain name");
    let file = include_str!("../configs/config.yml")
        .replace("${JOURNALS:-journals}", folder)
        .replace("timeout: 20", "timeout: 0.05")
        .replace("interval: 5", "interval: 0.01");
    let config = Config::parse(&file, None, &registry).expect("the file is right");
    Runtime::start(&config, &registry, CancellationToken::new()).await.expect("nothing shared can fail")
}

async fn write(runtime: &Runtime, user: &str, text: &str) -> String {
    let workflow = runtime.workflow(&EntryName::Workflow).expect("the file has a workflow");
    let input = workflow.decode(format!(r#"{{"text": "{text}"}}"#).as_bytes()).expect("the body fits the input type");
    let mut session = workflow.open(Some(UserId::derived(user))).await.expect("the file opens");
    let answer = session.call(None, input).await.expect("the disk works").into_json();
    String::from_utf8_lossy(&answer.expect("the output is plain data")).into_owned()
}

/// Waits until nobody is here any more.
async fn all_are_gone(runtime: &Runtime) {
    let gone = async {
        while !runtime.users(None).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.expect("idle users are evicted");
}

#[tokio::test]
async fn entries_outlive_the_instance_and_stay_with_their_user() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = start(folder.path()).await;
    assert_eq!(write(&runtime, "alice", "one").await, r#"{"entries":["one"],"opened":1}"#);
    assert_eq!(write(&runtime, "bob", "").await, r#"{"entries":[],"opened":1}"#);
    all_are_gone(&runtime).await;
    // The file can only be opened again because it was closed.
    assert_eq!(write(&runtime, "alice", "two").await, r#"{"entries":["one","two"],"opened":2}"#);

    runtime.shutdown(Duration::from_secs(10)).await;
    let runtime = start(folder.path()).await;
    assert_eq!(write(&runtime, "alice", "").await, r#"{"entries":["one","two"],"opened":3}"#);
}
