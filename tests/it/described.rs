//! The example's description, as its clients get it.

use expect_test::expect_file;

use crate::kit::Served;

const CONFIG: &str = include_str!("../../examples/front_ends/per_user_workflow/configs/config.yml");

#[test]
fn the_example_is_described_whole() {
    let (status, document) = Served::start(CONFIG).get("/openapi.json");
    assert_eq!(status, 200);
    let shown = serde_json::to_string_pretty(&document).unwrap() + "\n";
    expect_file!["snapshots/example.openapi.json"].assert_eq(&shown);
}
