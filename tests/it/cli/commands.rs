//! What each command prints.

use std::process::{Command, Stdio};

use expect_test::expect;
use serde_json::Value;

use crate::kit::{Served, binary, nat, nat_with_front_end, workflow_file};

const EXAMPLE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/front_ends/per_user_workflow/configs/config.yml");

#[test]
fn a_graph_tells_shared_and_per_user_apart() {
    let (_folder, path) = workflow_file(
        "
functions:
  total: {_type: conf_counter}
  mine: {_type: conf_per_user_relay, target: total}
  unused: {_type: conf_echo}
workflow: {_type: conf_per_user_over_shared, counter: mine}
",
    );
    let file = path.to_string_lossy();
    let graph = |format: &str| {
        let (code, out, err) = nat(&["graph", "--config_file", &file, "--format", format]);
        assert_eq!(code, Some(0), "{err}");
        out
    };
    expect![[r#"
        <workflow> (conf_per_user_over_shared) [workflow, per user]
        └─ mine (conf_per_user_relay) [per user]
           └─ total (conf_counter) [shared]
        unused (conf_echo) [shared]

        2 shared (built once), 2 per user (built for each user)
    "#]]
    .assert_eq(&graph("text"));
    expect![[r##"
        digraph workflow {
          rankdir=LR;
          node [shape=box, fontname="sans-serif"];
          n0 [label="total\nconf_counter\n(shared)", style=solid];
          n1 [label="mine\nconf_per_user_relay\n(per user)", style="rounded,filled", fillcolor="#e8f0fe"];
          n2 [label="unused\nconf_echo\n(shared)", style=solid];
          n3 [label="<workflow>\nconf_per_user_over_shared\n(per user)", style="rounded,filled", fillcolor="#e8f0fe"];
          n1 -> n0;
          n3 -> n1;
        }
    "##]]
    .assert_eq(&graph("dot"));
    expect![[r#"
        flowchart LR
          n0["total<br/>conf_counter<br/>(shared)"]
          n1(["mine<br/>conf_per_user_relay<br/>(per user)"]):::per_user
          n2["unused<br/>conf_echo<br/>(shared)"]
          n3(["&lt;workflow&gt;<br/>conf_per_user_over_shared<br/>(per user)"]):::per_user
          n1 --> n0
          n3 --> n1
          classDef per_user fill:#e8f0fe
    "#]]
    .assert_eq(&graph("mermaid"));
}

#[test]
fn components_are_listed_in_a_table_that_fits() {
    let table =
        Command::new(binary()).args(["info", "components", "-q", "per_user_note"]).env("COLUMNS", "84").output();
    expect![[r#"
        package            version  component_type  component_name    description
        ─────────────────  ───────  ──────────────  ────────────────  ────────────────────────
        per_user_workflow  0.1.0    function        per_user_notepad  A notepad with notes of
                                                                      its own for each user.
    "#]]
    .assert_eq(&String::from_utf8_lossy(&table.expect("it runs").stdout));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("components.json");
    let file = path.to_string_lossy();
    let (code, out, _) =
        nat(&["info", "components", "-t", "function", "-f", "component_name", "-q", "assistant", "-o", &file]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    let found: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(found[0]["component_name"], "per_user_assistant");
    let (code, out, _) = nat(&["info", "components", "-t", "llm_provider"]);
    assert_eq!((code, out.lines().count()), (Some(0), 2), "a type without components is an empty table: {out}");
}

#[test]
fn a_schema_names_the_components_that_are_linked_in() {
    let (code, out, err) = nat(&["schema"]);
    assert_eq!(code, Some(0), "{err}");
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert!(schema.is_object());
    for name in ["conf_strict", "per_user_notepad", "max_notes", "per_user_workflow_timeout"] {
        assert!(out.contains(name), "{name}");
    }
}

#[test]
fn validate_builds_only_when_asked() {
    let (_folder, path) = workflow_file("functions: {bad: {_type: conf_broken}}\nworkflow: {_type: conf_echo}\n");
    let file = path.to_string_lossy();
    assert_eq!(nat(&["validate", "--config_file", &file]).0, Some(0));
    let (code, out, err) = nat(&["validate", "--config_file", &file, "--build"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("✗ Validation failed!") && err.contains("shared component refused to build"), "{out}{err}");
    let (code, out, _) = nat(&["validate", "--config_file", &file, "--build", "--format", "json"]);
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["valid"], &answer["build"]["ok"]), (Some(1), &false.into(), &false.into()), "{out}");
}

/// The user of a trial build gets an instance, and it is closed again.
#[test]
fn a_trial_build_closes_what_it_built() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let yaml = format!("workflow: {{_type: conf_per_user_probe, log_path: {}}}\n", journal.display());
    let (_folder, path) = workflow_file(yaml);
    let (code, out, err) = nat(&["validate", "--build", "--config_file", &path.to_string_lossy()]);
    assert_eq!(code, Some(0), "{out}{err}");
    let words: Vec<String> = std::fs::read_to_string(&journal)
        .unwrap()
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(words, ["open", "close"]);
}

#[test]
fn run_reads_its_inputs_from_a_console_front_end_and_prints_plain_text() {
    let (_folder, path) = workflow_file(
        "
general:
  front_end: {_type: console, input: [\"\u{201c}one\u{201d}\", two\u{a0}\u{2014} three]}
workflow: {_type: conf_echo}
",
    );
    let file = path.to_string_lossy();
    let (code, out, err) = nat(&["--log-level", "error", "run", "--config_file", &file]);
    assert_eq!((code, out.as_str()), (Some(0), "\"one\"\ntwo - three\n"), "{err}");
    let (code, out, _) = nat(&["--log-level", "ERROR", "run", "--config_file", &file, "--input", "typed"]);
    assert_eq!((code, out.as_str()), (Some(0), "typed\n"));
}

#[test]
fn an_input_that_does_not_fit_is_told_what_does() {
    let (_folder, path) = workflow_file("workflow: {_type: conf_struct}\n");
    let (code, _, err) =
        nat(&["--log-level", "error", "run", "--config_file", &path.to_string_lossy(), "--input", "x"]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("takes JSON with the fields `") && !err.contains("::"), "{err}");
}

#[test]
fn overrides_that_do_not_fit_are_mistakes_in_typing() {
    for (path, value, message) in [
        (
            "functions.notepad.max_notes",
            "nine",
            "Type mismatch for 'functions.notepad.max_notes': expected int, got 'nine' (str)",
        ),
        ("workflow._type.deeper", "x", "Cannot navigate through non-dictionary value at 'workflow._type'"),
        ("", "x", "Invalid path ''"),
        (".", "x", "Invalid path '.'"),
        ("base", "other.yml", "'base' cannot be overridden"),
    ] {
        let (code, _, err) = nat(&["run", "--config_file", EXAMPLE, "--input", "{}", "--override", path, value]);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.starts_with("Usage: nat-conformance run") && err.contains(message), "{err}");
    }
}

#[test]
fn front_ends_and_crates_that_are_not_there_are_refused_clearly() {
    let (code, _, err) = nat(&["start", "mcp", "--config_file", EXAMPLE]);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("Error: the front end `mcp` is not available"), "{err}");
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().to_string_lossy();
    let create = |words: &[&str]| nat(&[&["workflow", "create", "--no-install"], words].concat());
    let (code, _, err) = create(&["--workflow-dir", "/nonexistent", "my_flow"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("Invalid workflow directory specified. /nonexistent does not exist."), "{err}");
    for name in ["", "../up", "9lives", "a b", "struct", "serde", "ünïcode"] {
        let (code, _, err) = create(&["--workflow-dir", &inside, name]);
        assert_eq!(code, Some(1), "{name}: {err}");
    }
    let (code, _, err) = create(&["--workflow-dir", &inside, "--nat-path", &inside, "my_flow"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("does not hold the nat sources"), "{err}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn start_lists_the_front_ends_that_are_linked_in() {
    let (code, _, err) = nat_with_front_end(&["start", "cosnole", "--config_file", EXAMPLE]);
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("No such command 'cosnole'."), "{err}");
    assert!(err.contains("The front ends of this program are 'fastapi', 'conf_lines', 'console'."), "{err}");
    let (code, out, _) = nat_with_front_end(&["start", "--help"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("conf_lines  Prints the answer of the workflow to each of its lines"), "{out}");
}

/// The settings come from the file, and those of another kind of front end are left out with a line that says so.
#[test]
fn start_serves_a_front_end_of_another_crate() {
    let lines = "general: {front_end: {_type: conf_lines, lines: [one, two]}}\nworkflow: {_type: conf_echo}\n";
    let (_folder, path) = workflow_file(lines);
    let (code, out, err) = nat_with_front_end(&["start", "conf_lines", "--config_file", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (Some(0), "one\ntwo\n"), "{err}");
    assert!(!err.contains("is not used"), "{err}");
    let other = "general: {front_end: {_type: fastapi, port: 1}}\nworkflow: {_type: conf_echo}\n";
    let (_folder, path) = workflow_file(other);
    let (code, out, err) = nat_with_front_end(&["start", "conf_lines", "--config_file", path.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert_eq!(err.matches("general.front_end (_type: fastapi) is not used").count(), 1, "{err}");
    let (_folder, path) = workflow_file(lines.replace("lines:", "lins:"));
    let (code, _, err) = nat_with_front_end(&["validate", "--config_file", path.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(err.contains("lins") && err.contains("did you mean `lines`?"), "{err}");
}

#[test]
fn serve_serves_a_file_of_another_front_end() {
    for section in ["{_type: console, input: x}", "{_type: mcp, name: x}"] {
        let file = format!("general: {{front_end: {section}}}\nworkflow: {{_type: conf_echo}}\n");
        let served = Served::start(&file);
        let (status, _) = served.get("/health");
        assert_eq!(status, 200, "{section}");
        assert_eq!(served.log().matches("is not used: `fastapi` is started").count(), 1, "{}", served.log());
    }
}

#[test]
fn a_workflow_is_created_once_and_deleted_whole() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().to_string_lossy();
    let create = ["workflow", "create", "--no-install", "--workflow-dir", &inside, "my-flow"];
    let (code, out, err) = nat(&create);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with(&format!("Workflow 'my-flow' created successfully in '{inside}/my-flow'.")), "{out}");
    let made = folder.path().join("my-flow");
    assert!(std::fs::read_to_string(made.join("src/my_flow/configs/config.yml")).unwrap().contains("_type: my_flow"));
    let (code, out, _) = nat(&create);
    assert_eq!((code, out.as_str()), (Some(0), "Workflow 'my-flow' already exists.\n"));
    let (code, _, err) = nat(&["workflow", "delete", "--workflow-dir", &inside, "my-flow"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("--yes"), "{err}");
    // What `create` did not make is not touched.
    std::fs::create_dir(folder.path().join("other")).unwrap();
    assert_eq!(nat(&["workflow", "delete", "--yes", "--workflow-dir", &inside, "other"]).0, Some(1));
    let (code, out, _) = nat(&["workflow", "delete", "--yes", "--workflow-dir", &inside, "my-flow"]);
    assert_eq!((code, out.as_str()), (Some(0), "Workflow 'my-flow' deleted successfully.\n"));
    assert!(!made.exists() && folder.path().join("other").exists());
}

/// A program that reads the answer finds one, whatever is wrong.
#[test]
fn validate_answers_in_json_where_the_crate_of_a_file_cannot_be_read() {
    let (folder, path) = workflow_file("workflow: {_type: of_another_crate}\n");
    std::fs::write(folder.path().join("Cargo.toml"), "[nonsense").unwrap();
    let file = path.to_string_lossy();
    let (code, out, err) = nat(&["validate", "--config_file", &file, "--format", "json"]);
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!((code, &answer["valid"], &answer["build"]), (Some(1), &false.into(), &Value::Null));
    assert!(answer["message"].as_str().unwrap().contains("cannot be read by cargo"), "{out}");
    let (code, out, err) =
        nat(&["validate", "--config_file", EXAMPLE, "--format", "json", "--override", "workflow._type.x", "1"]);
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    assert_eq!((code, &answer["valid"]), (Some(2), &false.into()));
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let (_folder, path) = workflow_file("workflow: {_type: conf_echo}\n");
    let file = path.to_string_lossy();
    for words in [&["schema"][..], &["--version"], &["completions", "fish"], &["validate", "--config_file", &file]] {
        let ended = Command::new(binary()).args(words).stdout(full()).output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{words:?}: {said}");
        assert!(said.contains("Error: standard output cannot be written: "), "{words:?}: {said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for words in [&["completions", "bash"][..], &["schema"], &["info", "components"]] {
        let mut child = Command::new(binary());
        let mut child = child.args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let ended = child.wait_with_output().expect("it ends");
        assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0), "{words:?}");
    }
}
