//! `nat validate --fix`: what is written, what is only shown, and what is left to a person.

use std::fs;
use std::path::Path;

use expect_test::expect_file;
use serde_json::Value;

use crate::kit::nat;

const BASE: &str = "\
functions:
  notepad:
    _type: per_user_notepadd   # a comment
    api_key: hunter2
";
const FILE: &str = "\u{feff}base: base.yml\r
# the workflow\r
workflow:\r
  _type:   conf_per_user_relay\r
  target:  notpad  # another one\r
  bogus: 1\r
";

/// A file and its base, both with a mistake.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("base.yml"), BASE).unwrap();
    fs::write(folder.path().join("file.yml"), FILE).unwrap();
    folder
}

fn validate(folder: &Path, further: &[&str]) -> (Option<i32>, String) {
    let file = folder.join("file.yml").display().to_string();
    let words = [&["--log-level", "error", "validate", "--config_file", &file], further].concat();
    let (code, out, err) = nat(&words);
    (code, format!("{out}--- standard error\n{err}").replace(&format!("{}/", folder.display()), ""))
}

#[test]
fn a_file_and_its_base_are_fixed_and_nothing_else_in_them_is_changed() {
    let folder = folder();
    let (code, said) = validate(folder.path(), &["--fix"]);
    assert_eq!(code, Some(0), "{said}");
    expect_file!["snapshots/fix.txt"].assert_eq(&said);
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(text("base.yml"), BASE.replace("notepadd", "notepad"));
    assert_eq!(text("file.yml"), FILE.replace("notpad", "notepad"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no other file is left");
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let folder = folder();
    let (code, said) = validate(folder.path(), &["--fix", "--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    expect_file!["snapshots/fix_dry_run.txt"].assert_eq(&said);
    assert!(!said.contains("hunter2"), "{said}");
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!((text("base.yml").as_str(), text("file.yml").as_str()), (BASE, FILE));
}

#[test]
fn what_would_be_removed_is_left_and_counts_as_before() {
    let folder = folder();
    let (code, said) = validate(folder.path(), &["--fix", "--strict", "--format", "json"]);
    assert_eq!(code, Some(1), "unknown keys are errors with --strict: {said}");
    let answer: Value = serde_json::from_str(said.split("--- standard error").next().unwrap()).unwrap();
    let fixes = &answer["fixes"];
    assert_eq!((&fixes["written"], &fixes["left"], &fixes["complete"]), (&true.into(), &2.into(), &true.into()));
    assert_eq!(fixes["applied"].as_array().map(Vec::len), Some(2), "{fixes}");
    assert_eq!(answer["errors"], 2, "{answer}");
    assert!(fs::read_to_string(folder.path().join("file.yml")).unwrap().contains("bogus: 1\r\n"));
    // Without the option there is nothing to say of it.
    let (_, said) = validate(folder.path(), &["--format", "json"]);
    assert!(said.contains("\"fixes\": null"), "{said}");
}

#[test]
fn unreadable_files_are_fixed_as_well_as_what_shows_then() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.yml");
    fs::write(&file, "workflow:\n  _type: conf_ecko\n  note: this: that # kept\n").unwrap();
    let (_, said) = validate(folder.path(), &["--fix"]);
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, "workflow:\n  _type: conf_echo\n  note: \"this: that\" # kept\n", "{said}");
}

#[test]
fn new_lines_end_as_the_other_lines_of_the_file_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.yml");
    let text = "\
function_groups:\r
  things:\r
    _type: conf_bag\r
    include:\r
      - items\r
workflow:\r
  _type: conf_relay\r
  target: things__push\r
";
    fs::write(&file, text).unwrap();
    let (_, said) = validate(folder.path(), &["--fix"]);
    let expected = text.replace("      - items\r\n", "      - items\r\n      - push\r\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), expected, "{said}");
}

#[test]
fn a_file_that_cannot_be_replaced_is_named_with_the_reason() {
    let folder = folder();
    fs::hard_link(folder.path().join("base.yml"), folder.path().join("other.yml")).unwrap();
    let (code, said) = validate(folder.path(), &["--fix"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Error: base.yml is not changed: it has further names (hard links)"), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("file.yml")).unwrap(), FILE, "all files or none");
}

#[test]
fn a_dry_run_of_nothing_is_a_mistake_in_typing() {
    let folder = folder();
    let (code, said) = validate(folder.path(), &["--dry-run"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("Error: Missing option '--fix'."), "{said}");
}
