//! The example's description, as its clients get it.

use expect_test::expect_file;

use nat::testing::TestServer;
use per_user_workflow as _;

const CONFIG: &str = include_str!("../../examples/front_ends/per_user_workflow/configs/config.yml");

#[tokio::test]
async fn the_example_is_described_whole() {
    let server = TestServer::start(CONFIG).await.unwrap();
    let document = server.client().get("/openapi.json").await.unwrap();
    assert_eq!(document.status(), 200);
    let shown = serde_json::to_string_pretty(&document.json()).unwrap() + "\n";
    expect_file!["snapshots/example.openapi.json"].assert_eq(&shown);
}
