//! A kind of components that a crate of somebody else's brings, used through published names only.
#![allow(clippy::unwrap_used, reason = "a failure of a helper is that of its test")]

use std::path::Path;
use std::process::Command;

use expect_test::{Expect, expect};
use nat::UserId;
use nat::runtime::{CancellationToken, Config, EntryName, Registry, Runtime};
use nat_outside_component as _;
use nat_outside_kind::JOURNAL;

/// The journal is one for the process.
static ALONE: parking_lot::Mutex<()> = parking_lot::Mutex::new(());

fn alone() -> parking_lot::MutexGuard<'static, ()> {
    let alone = ALONE.lock();
    JOURNAL.lock().clear();
    alone
}

async fn started(text: &str) -> Runtime {
    let registry = Registry::linked().unwrap();
    let config = Config::parse(text, None, &registry).unwrap_or_else(|errors| panic!("{errors}"));
    Runtime::start(&config, &registry, CancellationToken::new()).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn call(runtime: &Runtime, user: &str) -> String {
    call_with(runtime, user, "text").await.unwrap()
}

async fn call_with(runtime: &Runtime, user: &str, input: &str) -> Result<String, String> {
    let workflow = runtime.workflow(&EntryName::Workflow).unwrap();
    let mut session = workflow.open(Some(UserId::derived(user))).await.unwrap();
    let input = workflow.decode_text(input).unwrap();
    let output = session.call(None, input).await.map_err(|error| error.to_string())?;
    Ok(output.into_text().unwrap())
}

const OWN: &str = "
archives:
  notes: {_type: own_archive, texts: [a, b], copy_to: all, farewell: notes}
  all: {_type: common_archive, farewell: all}
workflow: {_type: keeper, archive: notes}
";

#[test]
fn components_of_a_kind_are_shared_or_per_user() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let started = started(OWN).await;
        let calls = [("u", "3"), ("u", "4"), ("v", "3"), ("u", "5")];
        for (user, count) in calls {
            assert_eq!(call(&started, user).await, count, "{user}");
        }
        started.shutdown(std::time::Duration::ZERO).await;
    });
    // Each user's own, then the one that they all wrote to.
    let journal = JOURNAL.lock().clone();
    assert_eq!(journal, ["notes (shutting down)", "notes (shutting down)", "all (shutting down)"]);
}

#[test]
fn a_component_of_another_crate_is_one_of_the_kind() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let text = "archives: {c: {_type: counting_archive}}\nworkflow: {_type: shared_keeper, archive: c}";
        let started = started(text).await;
        assert_eq!((call(&started, "u").await, call(&started, "v").await), ("1".to_owned(), "2".to_owned()));
        started.shutdown(std::time::Duration::ZERO).await;
    });
}

#[test]
fn a_component_can_be_looked_up_at_a_call() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let started = started("archives: {notes: {_type: own_archive}}\nworkflow: {_type: seeker}").await;
        assert_eq!((call(&started, "u").await, call(&started, "v").await), ("1".to_owned(), "1".to_owned()));
        started.shutdown(std::time::Duration::ZERO).await;
    });
}

const TOOLS: &str = "
archives: {notes: {_type: own_archive}}
functions: {keep: {_type: keeper, archive: notes}}
function_groups:
  sums: {_type: sums}
  half: {_type: sums, include: [clear]}
workflow: {_type: caller, tools: [sums, keep, half, keep, sums__add]}
";

#[test]
fn tools_are_named_described_and_called() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let text = TOOLS.replace(", sums__add", "");
        let started = started(&text).await;
        let tools: serde_json::Value = serde_json::from_str(&call_with(&started, "u", "{}").await.unwrap()).unwrap();
        expect![[r#"
            [
              {
                "name": "sums__add",
                "description": "Adds a number, and says the sum.",
                "parameters": {
                  "type": "object",
                  "properties": {
                    "number": {
                      "type": "integer",
                      "format": "int64",
                      "title": "int64"
                    }
                  },
                  "required": [
                    "number"
                  ]
                }
              },
              {
                "name": "sums__clear",
                "description": "Begins anew.",
                "parameters": {
                  "type": "object",
                  "properties": {
                    "tool": {
                      "type": "string",
                      "description": "The name of the tool; without one the tools are listed.",
                      "default": ""
                    },
                    "arguments": {
                      "description": "Its arguments.",
                      "default": null
                    }
                  },
                  "description": "A call as a language model writes it.",
                  "title": "ToolCall"
                }
              },
              {
                "name": "keep",
                "description": "Keeps texts in an archive, and says how many there are.",
                "parameters": {
                  "type": "object",
                  "properties": {
                    "value": {
                      "type": "string",
                      "title": "string"
                    }
                  },
                  "required": [
                    "value"
                  ]
                }
              },
              {
                "name": "half__clear",
                "description": "Begins anew.",
                "parameters": {
                  "type": "object",
                  "properties": {
                    "tool": {
                      "type": "string",
                      "description": "The name of the tool; without one the tools are listed.",
                      "default": ""
                    },
                    "arguments": {
                      "description": "Its arguments.",
                      "default": null
                    }
                  },
                  "description": "A call as a language model writes it.",
                  "title": "ToolCall"
                }
              }
            ]"#]]
        .assert_eq(&format!("{tools:#}"));
        for (user, call, expected) in [
            ("u", r#"{"tool": "sums__add", "arguments": {"number": 2}}"#, Ok("2")),
            ("u", r#"{"tool": "sums__add", "arguments": 3}"#, Ok("5")),
            ("v", r#"{"tool": "sums__add", "arguments": {"number": "4"}}"#, Ok("4")),
            ("u", r#"{"tool": "keep", "arguments": {"value": "a"}}"#, Ok("1")),
            ("u", r#"{"tool": "sums__clear", "arguments": {}}"#, Ok("5")),
            ("u", r#"{"tool": "half__clear", "arguments": {}}"#, Ok("0")),
            ("u", r#"{"tool": "half__add", "arguments": {}}"#, Err("there is no tool `half__add`")),
            (
                "u",
                r#"{"tool": "sums__add", "arguments": {"number": "x"}}"#,
                Err("Input should be a valid integer, unable to parse string as an integer"),
            ),
        ] {
            let result = call_with(&started, user, call).await;
            assert_eq!(result.as_ref().map(String::as_str).map_err(String::as_str), expected, "{call}");
        }
        started.shutdown(std::time::Duration::ZERO).await;
    });
}

#[test]
fn mistakes_in_tools_are_told_before_a_start() {
    refused(
        "workflow: {_type: caller, tools: [sum]}\nfunction_groups: {sums: {_type: sums}}",
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: workflow: Function `sum` not found (tools[0])
        Error: Invalid configuration: workflow: Function `sum` not found (tools[0])

        error: workflow.tools[0]: Function `sum` not found
         --> flow.yml:1:35
          |
        1 | workflow: {_type: caller, tools: [sum]}
          |                                   ^^^ expected the name of a function group: `sums`
          |
        help: did you mean `sums`?
          |
        1 | workflow: {_type: caller, tools: [sums]}
          |                                      +

        status 1
    "#]],
    );
    refused(
        "workflow: {_type: shared_caller, tools: [sums]}\nfunction_groups: {sums: {_type: sums}}",
        expect![[r#"
            Validating configuration file: flow.yml
            ✗ Validation failed!

            Error:
            Invalid configuration: workflow: Shared Workflow depends on per-user function_group `sums` (tools[0])
            Error: Invalid configuration: workflow: Shared Workflow depends on per-user function_group `sums` (tools[0])

            error: workflow.tools[0]: Shared Workflow depends on per-user function_group `sums`
             --> flow.yml:1:42
              |
            1 | workflow: {_type: shared_caller, tools: [sums]}
              |                   -------------          ^^^^ expected the name of a shared component
              |                   |
              |                   `<workflow>` is shared: `shared_caller` is registered so at tests/outside/kind/src/lib.rs:LINE
            2 | function_groups: {sums: {_type: sums}}
              |                                 ---- `sums` is per-user: `sums` is registered so at tests/outside/kind/src/lib.rs:LINE
              |
              = help: register `shared_caller` (tests/outside/kind/src/lib.rs:LINE) with #[register_per_user_function], or name a shared component here

            status 1
        "#]],
    );
    refused(
        TOOLS,
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: workflow: Function `sums__add` not found (tools[4])
        Error: Invalid configuration: workflow: Function `sums__add` not found (tools[4])

        error: workflow.tools[4]: Function `sums__add` not found
         --> flow.yml:7:59
          |
        7 | workflow: {_type: caller, tools: [sums, keep, half, keep, sums__add]}
          |                                                           ^^^^^^^^^ expected the name of another component
          |
        help: add `add` to `include` of function group `sums`
          |
        5 |   sums: {_type: sums, include: [add]}
          |                     ++++++++++++++++

        status 1
    "#]],
    );
}

/// What the program says, with the folder taken out.
fn nat(text: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("flow.yml");
    std::fs::write(&file, text).unwrap();
    run(folder.path(), arguments)
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_nat-outside-component")).args(arguments).current_dir(folder).output().unwrap();
    let status = output.status.code().unwrap();
    let text = String::from_utf8([&output.stdout[..], &output.stderr[..]].concat()).unwrap();
    let mut parts = text.split("src/lib.rs:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str("src/lib.rs:LINE");
        text.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    format!("{}status {status}\n", text.replace(folder.to_str().unwrap(), "FOLDER"))
}

fn refused(text: &str, expected: Expect) {
    expected.assert_eq(&nat(text, &["validate", "--config_file", "flow.yml"]));
}

#[test]
fn mistakes_of_a_kind_are_told_as_those_of_functions() {
    refused(
        "archives: {notes: {_type: own_archve}}\nworkflow: {_type: keeper, archive: notes}",
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: archives: Input tag 'own_archve' found using discriminator() does not match any of the expected tags: 'common_archive', 'counting_archive', 'own_archive' (notes)
        Error: Invalid configuration: archives: Input tag 'own_archve' found using discriminator() does not match any of the expected tags: 'common_archive', 'counting_archive', 'own_archive' (notes)

        error: archives.notes: Input tag 'own_archve' found using discriminator() does not match any of the expected tags
         --> flow.yml:1:27
          |
        1 | archives: {notes: {_type: own_archve}}
          |                           ^^^^^^^^^^ expected one of `common_archive`, `counting_archive` and `own_archive`
          |
        help: did you mean `own_archive`?
          |
        1 | archives: {notes: {_type: own_archive}}
          |                                   +

        status 1
    "#]],
    );
    refused(
        "archives: {notes: {_type: keeper}}\nworkflow: {_type: keeper, archive: notes}",
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: archives: Input tag 'keeper' found using discriminator() does not match any of the expected tags: 'common_archive', 'counting_archive', 'own_archive' (notes)
        Error: Invalid configuration: archives: Input tag 'keeper' found using discriminator() does not match any of the expected tags: 'common_archive', 'counting_archive', 'own_archive' (notes)

        error: archives.notes: Input tag 'keeper' found using discriminator() does not match any of the expected tags
         --> flow.yml:1:27
          |
        1 | archives: {notes: {_type: keeper}}
          |                           ^^^^^^ expected one of `common_archive`, `counting_archive` and `own_archive`
          |
          = help: `keeper` is a function: it belongs under `functions`

        status 1
    "#]],
    );
    refused(
        "archives: {n: {_type: own_archive, texts: 5}}\nworkflow: {_type: keeper, archive: n}",
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: archives: Input should be a valid list (n.texts)
        Error: Invalid configuration: archives: Input should be a valid list (n.texts)

        error: archives.n.texts: Input should be a valid list
         --> flow.yml:1:43
          |
        1 | archives: {n: {_type: own_archive, texts: 5}}
          |                                           ^ expected a list (each entry a text)
          |
        help: put it in brackets to make it a list of one
          |
        1 - archives: {n: {_type: own_archive, texts: 5}}
        1 + archives: {n: {_type: own_archive, texts: [5]}}
          |

        status 1
    "#]],
    );
    refused(
        "archives: {notes: {_type: own_archive}}\nworkflow: {_type: keeper, archive: note}",
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: workflow: Archive `note` not found (archive)
        Error: Invalid configuration: workflow: Archive `note` not found (archive)

        error: workflow.archive: Archive `note` not found
         --> flow.yml:2:36
          |
        2 | workflow: {_type: keeper, archive: note}
          |                                    ^^^^ expected the name of an archive: `notes`
          |
        help: did you mean `notes`?
          |
        2 | workflow: {_type: keeper, archive: notes}
          |                                        +

        status 1
    "#]],
    );
    refused(
        "functions: {f: {_type: keeper, archive: f}}\nworkflow: {_type: shared_keeper, archive: f}",
        expect![[r#"
            Validating configuration file: flow.yml
            ✗ Validation failed!

            Error:
            Invalid configuration: functions: Archive `f` not found (f.archive); workflow: Archive `f` not found (archive)
            Error: Invalid configuration: functions: Archive `f` not found (f.archive); workflow: Archive `f` not found (archive)

            error: functions.f.archive: Archive `f` not found
             --> flow.yml:1:41
              |
            1 | functions: {f: {_type: keeper, archive: f}}
              |                                         ^ expected the name of another component
              |
              = help: `f` is a function; name an archive here

            error: workflow.archive: Archive `f` not found
             --> flow.yml:2:43
              |
            2 | workflow: {_type: shared_keeper, archive: f}
              |                                           ^ expected the name of another component
              |
              = help: `f` is a function; name an archive here

            status 1
        "#]],
    );
    refused(
        "archives: {notes: {_type: own_archive}}\nworkflow: {_type: shared_keeper, archive: notes}",
        expect![[r#"
            Validating configuration file: flow.yml
            ✗ Validation failed!

            Error:
            Invalid configuration: workflow: Shared Workflow depends on per-user archive `notes` (archive)
            Error: Invalid configuration: workflow: Shared Workflow depends on per-user archive `notes` (archive)

            error: workflow.archive: Shared Workflow depends on per-user archive `notes`
             --> flow.yml:2:43
              |
            1 | archives: {notes: {_type: own_archive}}
              |                           ----------- `notes` is per-user: `own_archive` is registered so at tests/outside/kind/src/lib.rs:LINE
            2 | workflow: {_type: shared_keeper, archive: notes}
              |                   -------------           ^^^^^ expected the name of a shared component
              |                   |
              |                   `<workflow>` is shared: `shared_keeper` is registered so at tests/outside/kind/src/lib.rs:LINE
              |
              = help: register `shared_keeper` (tests/outside/kind/src/lib.rs:LINE) with #[register_per_user_function], or name a shared component here

            status 1
        "#]],
    );
    refused(
        "archives:\n  one: {_type: common_archive, copy_to: own}\n  own: {_type: own_archive}\nworkflow: {_type: keeper, archive: one}",
        expect![[r#"
            Validating configuration file: flow.yml
            ✗ Validation failed!

            Error:
            Invalid configuration: archives: Archive `one` depends on per-user archive `own` (one.copy_to)
            Error: Invalid configuration: archives: Archive `one` depends on per-user archive `own` (one.copy_to)

            error: archives.one.copy_to: Archive `one` depends on per-user archive `own`
             --> flow.yml:2:41
              |
            2 |   one: {_type: common_archive, copy_to: own}
              |                --------------           ^^^ expected the name of a shared component
              |                |
              |                `one` is shared: `common_archive` is registered so at tests/outside/kind/src/lib.rs:LINE
            3 |   own: {_type: own_archive}
              |                ----------- `own` is per-user: `own_archive` is registered so at tests/outside/kind/src/lib.rs:LINE
            4 | workflow: {_type: keeper, archive: one}
              |                                    --- `<workflow>` needs `one` here
              |
              = help: register `common_archive` (tests/outside/kind/src/lib.rs:LINE) with #[register_component(…, scope = per_user)], or name a shared component here

            status 1
        "#]],
    );
    refused(
        "archives:\n  a: {_type: own_archive, copy_to: b}\n  b: {_type: own_archive, copy_to: a}\nworkflow: {_type: keeper, archive: a}",
        expect![[r#"
            Validating configuration file: flow.yml
            ✗ Validation failed!

            Error:
            Invalid configuration: archives: Circular dependency: `a` -> `b` -> `a` (a)
            Error: Invalid configuration: archives: Circular dependency: `a` -> `b` -> `a` (a)

            error: archives.a: Circular dependency: `a` -> `b` -> `a`
             --> flow.yml:2:36
              |
            2 |   a: {_type: own_archive, copy_to: b}
              |                                    ^
            3 |   b: {_type: own_archive, copy_to: a}
              |                                    - `b` needs `a` here
              |
              = help: components are built one after another: let one of them do without the next

            status 1
        "#]],
    );
    refused(
        "archivs: {notes: {_type: own_archive}}\nworkflow: {_type: keeper, archive: notes}",
        expect![[r#"
        Validating configuration file: flow.yml
        ✗ Validation failed!

        Error:
        Invalid configuration: archivs: Extra inputs are not permitted
        Error: Invalid configuration: archivs: Extra inputs are not permitted

        error: archivs: Extra inputs are not permitted
         --> flow.yml:1:1
          |
        1 | archivs: {notes: {_type: own_archive}}
          | ^^^^^^^
          |
        help: did you mean `archives`?
          |
        1 | archives: {notes: {_type: own_archive}}
          |       +

        status 1
    "#]],
    );
}

#[test]
fn a_kind_is_listed_and_drawn() {
    expect![[r#"
        <workflow> (keeper) [workflow, per user]
        └─ notes (own_archive) [archive, per user]
           └─ all (common_archive) [archive, shared]

        1 shared (built once), 2 per user (built for each user)
        status 0
    "#]]
    .assert_eq(&nat(OWN, &["graph", "--config_file", "flow.yml"]));
    expect![[r#"
        Validating configuration file: flow.yml
        ✓ Configuration file is valid!

        Configuration Summary:
        --------------------
        Workflow Type: keeper
        Number of Functions: 0
        Number of Function Groups: 0
        Number of LLMs: 0
        Number of Embedders: 0
        Number of Memory: 0
        Number of Object Stores: 0
        Number of Retrievers: 0
        Number of TTC Strategies: 0
        Number of Authentication Providers: 0
        Number of archives: 2
        status 0
    "#]]
    .assert_eq(&nat(OWN, &["validate", "--config_file", "flow.yml"]));
    expect![[r#"
        package                version  component_type  component_name    description
        ─────────────────────  ───────  ──────────────  ────────────────  ──────────────────────────────
        nat-outside-kind       0.1.0    archive         common_archive    Keeps texts for everybody.
        nat-outside-component  0.1.0    archive         counting_archive  Counts texts and forgets them.
        nat-outside-kind       0.1.0    archive         own_archive       Keeps texts for each user.
        status 0
    "#]]
    .assert_eq(&nat(OWN, &["info", "components", "-t", "archive"]));
    let schema: serde_json::Value =
        serde_json::from_str(nat(OWN, &["schema"]).rsplit_once("status 0").unwrap().0).unwrap();
    assert!(schema["properties"]["archives"].is_object());
    assert!(schema["$defs"]["archives.own_archive"]["properties"]["copy_to"].is_object(), "{schema:#}");
}
