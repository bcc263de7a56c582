//! What is said about files that are wrong: all of it at once, with the place and the mend.

use std::path::Path;

use expect_test::expect_file;
use serde_json::Value;

use crate::kit::{nat, workflow_file};

/// Whole outputs, with the file's folder taken out.
fn shown(path: &Path, words: &[&str]) -> (Option<i32>, String) {
    let file = path.to_string_lossy();
    let (code, out, err) = nat(&[&["--log-level", "error", "validate", "--config_file", &file], words].concat());
    let folder = format!("{}/", path.parent().expect("it lies in a folder").display());
    (code, format!("{out}--- standard error\n{err}").replace(&folder, ""))
}

#[test]
fn every_mistake_is_shown_with_its_place_and_its_mend() {
    let (_folder, path) = workflow_file(
        "\
general:
  per_user_workflow_timeout: soon
  enable_per_user_monitorin: true
  front_end:
    _type: fastapi
    port: 70000
functions:
  notepad:
    _type: per_user_notepadd
    max_notes: 5
  mine: {_type: conf_per_user_counter, start: many}
  relay: {_type: conf_relay, target: mine}
workflow:
  _type: conf_strict
  limit: 5
  requird_name: x
",
    );
    let (code, text) = shown(&path, &[]);
    assert_eq!(code, Some(1));
    expect_file!["snapshots/many_mistakes.txt"].assert_eq(&text);
}

#[test]
fn mistakes_of_the_graph_look_the_same() {
    let (_folder, path) = workflow_file(
        "\
functions:
  mine: {_type: conf_per_user_counter}
  relay: {_type: conf_relay, target: mine}
  first: {_type: conf_relay, target: second}
  second: {_type: conf_relay, target: first}
workflow:
  _type: conf_relay
  target: relai
",
    );
    let (code, text) = shown(&path, &[]);
    assert_eq!(code, Some(1));
    expect_file!["snapshots/graph_mistakes.txt"].assert_eq(&text);
}

#[test]
fn values_from_elsewhere_say_where_they_came_from() {
    let (folder, path) =
        workflow_file("base: base.yml\nworkflow:\n  _type: conf_strict\n  required_name: ${NAT_TEST_NOT_SET:-5}\n");
    std::fs::write(folder.path().join("base.yml"), "workflow:\n  ratio: [1]\n").unwrap();
    let (code, text) = shown(&path, &["--override", "workflow.limit", "many"]);
    assert_eq!(code, Some(1));
    expect_file!["snapshots/origins.txt"].assert_eq(&text);
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    let (_folder, path) = workflow_file("workflow:\n  _type: conf_echo\n  prefix: [1,\nfunctions: {}\n");
    let (code, text) = shown(&path, &[]);
    assert_eq!(code, Some(1));
    expect_file!["snapshots/broken_yaml.txt"].assert_eq(&text);
}

#[test]
fn warnings_are_shown_and_strict_makes_them_errors() {
    let (_folder, path) = workflow_file("workflow:\n  _type: conf_echo\n  prefx: x\n");
    let (code, text) = shown(&path, &[]);
    assert_eq!(code, Some(0), "{text}");
    expect_file!["snapshots/warning.txt"].assert_eq(&text);
    let (code, text) = shown(&path, &["--strict"]);
    assert_eq!(code, Some(1), "{text}");
    expect_file!["snapshots/strict.txt"].assert_eq(&text);
}

/// An editor that applies every replacement has mended the file.
#[test]
fn replacements_mend_the_file() {
    let (_folder, path) = workflow_file("functons: {}\nworkflow:\n  _type: conf_ecko\n  prefix: x\n");
    let file = path.to_string_lossy();
    let validate = || nat(&["validate", "--config_file", &file, "--format", "json"]);
    let (code, out, err) = validate();
    assert_eq!(code, Some(1), "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["version"], &report["valid"]), (&1.into(), &false.into()));
    let mut content = std::fs::read_to_string(&path).unwrap();
    let diagnostics = report["diagnostics"].as_array().unwrap();
    assert_eq!(diagnostics.len(), 2, "{out}");
    let mut changes: Vec<&Value> = diagnostics.iter().map(|one| &one["help"]["replacement"]).collect();
    changes.sort_by_key(|change| std::cmp::Reverse(change["start_byte"].as_u64()));
    for change in changes {
        let at =
            |key: &str| usize::try_from(change[key].as_u64().unwrap_or_else(|| panic!("no {key} in {out}"))).unwrap();
        content.replace_range(at("start_byte")..at("end_byte"), change["text"].as_str().unwrap());
    }
    std::fs::write(&path, content).unwrap();
    let (code, out, err) = validate();
    assert_eq!(code, Some(0), "{out}{err}");
}
