//! `configs/config.yml` in a folder of the test's own, without a server.

use std::path::Path;

use nat::testing::TestWorkflow;
use per_user_database as _;
use serde_json::{Value, json};

async fn start(folder: &Path) -> TestWorkflow {
    let folder = folder.to_str().expect("a temporary folder has a plain name");
    let builder = TestWorkflow::builder().file("configs/config.yml").variable("JOURNALS", folder);
    builder.start().await.expect("the file starts")
}

async fn write(workflow: &TestWorkflow, user: &str, text: &str) -> Value {
    workflow.user(user).call(json!({"text": text})).await.expect("the disk works")
}

#[tokio::test]
async fn entries_outlive_the_instance_and_stay_with_their_user() {
    let folder = tempfile::tempdir().unwrap();
    let workflow = start(folder.path()).await;
    assert_eq!(write(&workflow, "alice", "one").await, json!({"entries": ["one"], "opened": 1}));
    assert_eq!(write(&workflow, "bob", "").await, json!({"entries": [], "opened": 1}));
    assert!(workflow.evict("alice").await);
    // The file can only be opened again because it was closed.
    assert_eq!(write(&workflow, "alice", "two").await, json!({"entries": ["one", "two"], "opened": 2}));

    workflow.shutdown().await;
    workflow.lifecycle().assert_all_closed();
    let workflow = start(folder.path()).await;
    assert_eq!(write(&workflow, "alice", "").await, json!({"entries": ["one", "two"], "opened": 3}));
}
