//! `docs/guide/configuration.md`, drawn from the schemas so that it cannot drift.
//!
//! `UPDATE_EXPECT=1 cargo test -p nat-tests guide` writes it anew.

use std::fmt::Write as _;

use expect_test::expect_file;
use serde_json::Value;

use nat_core::ComponentKind;
use nat_core::config::{FrontEndType, General, general_schema, reserved_schema};
// The front end of `nat run` is registered there.
use nat_cli as _;
use nat_schema::{Segment, explain};

const HEAD: &str = include_str!("guide/head.md");

/// Each table: its heading, the path of the object in `general`, and what to say first.
const TABLES: [(&str, &[&str], &str); 14] = [
    ("`general`", &[], "Settings of the whole process. A key that is not in this table is an error."),
    ("`general.build_retry`", &["build_retry"], "Backoff between builds that fail repeatedly."),
    ("`general.telemetry`", &["telemetry"], ""),
    (
        "`general.telemetry.logging.NAME`",
        &["telemetry", "logging", "*"],
        "`_type: console` writes to standard error, `_type: file` to `path`.",
    ),
    (
        "`general.front_end` with `_type: fastapi`",
        &["front_end"],
        "The HTTP server. A key that is not in this table is a warning.",
    ),
    (
        "`general.front_end.workflow`",
        &["front_end", "workflow"],
        "The routes of the workflow. `evaluate` and `evaluate_item` have the same keys. Setting `workflow` replaces it as a whole: a path that is not given then does not exist.",
    ),
    (
        "`general.front_end.endpoints[]`",
        &["front_end", "endpoints", "0"],
        "Routes of further functions: the keys of an endpoint, and the name of the function.",
    ),
    ("`general.front_end.cors`", &["front_end", "cors"], "Origins whose pages may call the server."),
    (
        "`general.front_end.step_adaptor`",
        &["front_end", "step_adaptor"],
        "Selection of the intermediate steps that streams show.",
    ),
    ("`general.front_end.session`", &["front_end", "session"], "Identification of users by session."),
    ("`general.front_end.limits`", &["front_end", "limits"], "Limits on connections, headers, bodies and streams."),
    (
        "`general.front_end` with `_type: console`",
        &["front_end", "console"],
        "One run from the command line (`nat run`).",
    ),
    (
        "Every function, and the workflow",
        &["function"],
        "These keys are available in addition to the settings of the type.",
    ),
    ("Every function group", &["group"], "These keys are available in addition to the settings of the type."),
];

#[test]
fn the_guide_is_what_the_schemas_say() {
    let mut text = HEAD.to_owned();
    for (heading, path, words) in TABLES {
        writeln!(text, "\n## {heading}\n").unwrap();
        if !words.is_empty() {
            writeln!(text, "{words}\n").unwrap();
        }
        table(&mut text, path);
    }
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/configuration.md")].assert_eq(&text);
}

fn table(text: &mut String, path: &[&str]) {
    let general = general_schema().as_value();
    let function = reserved_schema(ComponentKind::FUNCTION);
    let group = reserved_schema(ComponentKind::FUNCTION_GROUP);
    let defaults = serde_json::to_value(General::default()).unwrap();
    let console = serde_json::to_value(FrontEndType::find("console").unwrap().default_settings()).unwrap();
    let (root, schema, defaults) = match path {
        ["function"] => (function, function, None),
        ["group"] => (group, group, None),
        ["front_end", "console"] => (general, &general["$defs"]["Console"], Some(console)),
        ["front_end"] => (general, &general["$defs"]["HttpConfig"], Some(defaults["front_end"].clone())),
        ["front_end", "endpoints", _] => (general, &general["$defs"]["FunctionEndpoint"], None),
        ["telemetry", "logging", _] => (general, &general["$defs"]["Logger"], None),
        path => {
            let segments: Vec<_> = path.iter().map(|key| Segment::Key((*key).to_owned())).collect();
            let defaults = path.iter().fold(defaults, |value, key| value[*key].clone());
            (general, explain::at(general, &segments).unwrap(), Some(defaults))
        }
    };
    text.push_str("| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    // What tells the forms apart is in the words above the table.
    for key in explain::known_keys(root, schema).into_iter().filter(|key| *key != "_type") {
        let here = [Segment::Key(key.to_owned())];
        let property = if root == schema || schema.get("properties").is_some() {
            schema.get("properties").and_then(|all| all.get(key)).or_else(|| within(root, schema, &here))
        } else {
            within(root, schema, &here)
        };
        let property = property.unwrap_or(&Value::Null);
        let own = property.get("default").or_else(|| defaults.as_ref().and_then(|all| all.get(key)));
        let is_object = own.is_some_and(|value| value.as_object().is_some_and(|fields| !fields.is_empty()));
        let default = match own {
            _ if is_object => "see below".to_owned(),
            Some(value) => format!("`{value}`"),
            None if is_required(root, schema, key) => "required".to_owned(),
            None => String::new(),
        };
        let words = explain::words(root, property);
        let description = description(root, property);
        let cell = |text: &str| text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(text, "| `{key}` | {} | {} | {} |", cell(&words), cell(&default), cell(&description)).unwrap();
    }
}

fn within<'s>(root: &'s Value, schema: &'s Value, path: &[Segment]) -> Option<&'s Value> {
    let branches = ["oneOf", "anyOf", "allOf"].iter().filter_map(|keyword| schema.get(*keyword)?.as_array()).flatten();
    let branches = branches.chain(explain::referred(root, schema));
    let Segment::Key(key) = &path[0] else { return None };
    branches
        .into_iter()
        .find_map(|branch| branch.get("properties").and_then(|all| all.get(key)).or_else(|| within(root, branch, path)))
}

fn is_required(root: &Value, schema: &Value, key: &str) -> bool {
    let own =
        schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|name| name == key));
    let branches = ["oneOf", "anyOf", "allOf"].iter().filter_map(|keyword| schema.get(*keyword)?.as_array()).flatten();
    own || branches.chain(explain::referred(root, schema)).any(|branch| is_required(root, branch, key))
}

/// The words of the field, or of its type; without the default, which has a column of its own.
fn description(root: &Value, property: &Value) -> String {
    let own = property.get("description").and_then(Value::as_str);
    let of_type = || explain::referred(root, property)?.get("description")?.as_str();
    let words = own.or_else(of_type).unwrap_or_default();
    words.split("Default: ").next().unwrap_or_default().trim().to_owned()
}
