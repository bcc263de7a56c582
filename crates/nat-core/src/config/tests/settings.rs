//! Settings follow the rule of inputs: what their type takes is neither refused nor warned of.

use std::sync::Arc;

use serde::de::Error as _;

use super::*;
use crate::registration::Settings;

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Model {
    #[serde(alias = "model")]
    model_name: String,
    #[serde(default, alias = "tries")]
    #[schemars(range(max = 9))]
    attempts: i64,
    #[serde(default, deserialize_with = "quoted")]
    seed: i64,
    #[serde(default)]
    tone: Tone,
    #[serde(default, alias = "tool")]
    helper: Option<crate::FunctionRef>,
    #[serde(default, alias = "sub")]
    nested: Option<Box<Model>>,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Tone {
    #[default]
    Plain,
    #[serde(other)]
    Other,
}

/// Takes a number only where it is written as text.
fn quoted<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn parse_settings(settings: &str) -> Result<Config, ConfigErrors> {
    let types = Types::default().with::<Model>("conf_model", false).with::<Empty>("conf_echo", false);
    let text = format!("functions: {{f: {{_type: conf_echo}}}}\nworkflow: {{_type: conf_model, {settings}}}\n");
    Config::parse_with(&text, Some("config.yml".as_ref()), &types, &|_| None)
}

/// The settings as their type reads them, without a warning.
#[track_caller]
fn taken(settings: &str) -> (Model, ComponentSettings) {
    let config = parse_settings(settings).unwrap_or_else(|error| panic!("{settings}\n{error}"));
    assert_eq!(config.warnings, [], "{settings}");
    let workflow = config.workflow.unwrap();
    let model = Settings(Arc::new(workflow.settings.clone())).read().unwrap();
    (model, workflow)
}

#[track_caller]
fn refused(settings: &str, expected: Expect) {
    let error = parse_settings(settings).expect_err("this should have been refused").to_string();
    expected.assert_eq(&format!("{}\n", error.lines().next().unwrap_or_default()));
}

#[test]
fn an_alias_is_its_setting() {
    let (model, _) = taken("model: a, tries: '3', sub: {model: b, tries: 2.0}");
    assert_eq!((model.model_name.as_str(), model.attempts), ("a", 3));
    assert_eq!(model.nested.map(|nested| (nested.model_name, nested.attempts)), Some(("b".to_owned(), 2)));
    let (model, _) = taken("model_name: a, tries: 3");
    assert_eq!(model.attempts, 3);
}

#[test]
fn what_an_alias_refers_to_is_a_reference() {
    let (_, workflow) = taken("model: a, tool: f, sub: {model: b, tool: f}");
    let paths: Vec<_> = workflow.references.iter().map(|one| serde_json::to_string(&one.path).unwrap()).collect();
    assert_eq!(paths, [r#"["tool"]"#, r#"["sub","tool"]"#]);
}

#[test]
fn what_the_type_takes_is_taken_beside_anything() {
    for beside in ["", ", attempts: '1'", ", tries: 2", ", sub: {model: x}"] {
        let (model, _) = taken(&format!("model: a, tone: whatever, seed: '5'{beside}"));
        assert_eq!((model.tone, model.seed), (Tone::Other, 5), "{beside}");
    }
}

#[test]
fn only_what_is_wrong_is_named() {
    refused(
        "model: a, tone: whatever, seed: '5', tries: many",
        expect![[r#"
        Invalid configuration: workflow: Input should be a valid integer, unable to parse string as an integer (tries)
    "#]],
    );
    refused(
        "model: 5",
        expect![[r#"
        Invalid configuration: workflow: Input should be a valid string (model)
    "#]],
    );
    refused(
        "model: a, tries: 10",
        expect![[r#"
        Invalid configuration: workflow: Input should be less than or equal to 9 (tries)
    "#]],
    );
    refused(
        "tries: 1",
        expect![[r#"
        Invalid configuration: workflow: Field required (model_name)
    "#]],
    );
    refused(
        "model: a, seed: 5",
        expect![[r#"
        Invalid configuration: workflow: Value error, invalid type: integer `5`, expected a string (seed)
    "#]],
    );
    refused(
        "model: a, sub: {model: b, seed: x}",
        expect![[r#"
        Invalid configuration: workflow: Input should be a valid integer, unable to parse string as an integer (sub.seed)
    "#]],
    );
}
