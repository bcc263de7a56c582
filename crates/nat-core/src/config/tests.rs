use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    ComponentKind, ComponentSettings, ComponentTypes, Config, FunctionGroupRef, FunctionRef, General, SettingsReader,
};
use crate::testing::front_end::Routes;
use nat_config::ConfigErrors;
use nat_schema::CompiledSchema;
use nat_schema::duration::TimeSpan;

mod settings;

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Strict {
    required_name: String,
    #[serde(default)]
    limit: i64,
    #[serde(default)]
    ratio: f64,
    #[serde(default)]
    flag: bool,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Relay {
    target: FunctionRef,
    #[serde(default = "default_group")]
    group: FunctionGroupRef,
    #[serde(default)]
    others: Vec<FunctionRef>,
}

fn default_group() -> FunctionGroupRef {
    "things".into()
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Bag {
    #[serde(default)]
    label: String,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Aliased {
    #[serde(alias = "model")]
    model_name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Empty {}

#[derive(JsonSchema)]
struct Picky {}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("never good enough"))
    }
}

#[derive(Default)]
struct Types(HashMap<(bool, &'static str), (CompiledSchema, Option<SettingsReader>)>);

impl Types {
    fn with<T: JsonSchema + DeserializeOwned>(mut self, name: &'static str, group: bool) -> Self {
        let schema = CompiledSchema::new(schemars::schema_for!(T).to_value());
        self.0.insert((group, name), (schema, Some(SettingsReader::of::<T>())));
        self
    }
}

impl ComponentTypes for Types {
    fn settings_schema(&self, kind: ComponentKind, type_name: &str) -> Option<&CompiledSchema> {
        let key = (kind == ComponentKind::FUNCTION_GROUP, type_name);
        self.0.iter().find(|(name, _)| **name == key).map(|(_, (schema, _))| schema)
    }

    fn type_names(&self, kind: ComponentKind) -> Vec<&str> {
        self.0
            .keys()
            .filter(|(group, _)| *group == (kind == ComponentKind::FUNCTION_GROUP))
            .map(|(_, name)| *name)
            .collect()
    }

    fn settings_reader(&self, kind: ComponentKind, type_name: &str) -> Option<SettingsReader> {
        let key = (kind == ComponentKind::FUNCTION_GROUP, type_name);
        self.0.iter().find(|(name, _)| **name == key).and_then(|(_, (_, reader))| *reader)
    }
}

fn types() -> Types {
    Types::default()
        .with::<Strict>("conf_strict", false)
        .with::<Relay>("conf_relay", false)
        .with::<Aliased>("conf_aliased", false)
        .with::<Empty>("conf_echo", false)
        .with::<Picky>("conf_picky", false)
        .with::<Bag>("conf_bag", true)
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    let variable = |name: &str| match name {
        "NAME" => Some("from env".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    Config::parse_with(text, Some("config.yml".as_ref()), &types(), &variable)
}

#[track_caller]
fn refuse(text: &str, expected: Expect) {
    let error = parse(text).map(drop).expect_err("this should have been refused");
    expected.assert_eq(&format!("{error}\n"));
}

#[track_caller]
fn accept(text: &str) -> Config {
    parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[track_caller]
fn warn(text: &str, expected: Expect) {
    let config = accept(text);
    let warnings: String = config.warnings.iter().map(|warning| format!("{warning}\n")).collect();
    expected.assert_eq(&warnings);
}

fn routes(config: &Config) -> &Routes {
    config.general.front_end.get().expect("a front end with endpoints")
}

#[test]
fn a_whole_configuration() {
    let config = accept(
        "general:
  per_user_workflow_timeout: PT1H
  front_end:
    type: fastapi
    port: '8001'
    endpoints:
      - {path: /extra, method: POST, description: more, function_name: relay}
functions:
  relay: {_type: conf_relay, target: other, others: [x], name: Shown}
  other: {type: conf_strict, required_name: ${NAME}, limit: '3', flag: yes}
function_groups:
  things: {_type: conf_bag, include: [push, items]}
llms: {}
workflow: {_type: conf_echo}
",
    );
    assert_eq!(config.general.per_user_workflow_timeout, Duration::from_secs(3600));
    assert_eq!(routes(&config).port, 8001);
    assert_eq!(routes(&config).endpoints[0].function_name.as_str(), "relay");
    assert_eq!(config.count("functions"), 2);
    assert_eq!(config.count("llms"), 0);
    expect![[r#"
        (
            [
                ComponentSettings {
                    kind: ComponentKind(
                        "functions",
                    ),
                    name: "relay",
                    type_name: "conf_relay",
                    display_name: Some(
                        "Shown",
                    ),
                    settings: Object {
                        "target": String("other"),
                        "others": Array [
                            String("x"),
                        ],
                    },
                    references: [
                        Reference {
                            kind: ReferenceKind(
                                "function",
                            ),
                            path: [
                                Key(
                                    "target",
                                ),
                            ],
                            name: "other",
                        },
                        Reference {
                            kind: ReferenceKind(
                                "function_group",
                            ),
                            path: [
                                Key(
                                    "group",
                                ),
                            ],
                            name: "things",
                        },
                        Reference {
                            kind: ReferenceKind(
                                "function",
                            ),
                            path: [
                                Key(
                                    "others",
                                ),
                                Index(
                                    0,
                                ),
                            ],
                            name: "x",
                        },
                    ],
                    include: [],
                    exclude: [],
                },
                ComponentSettings {
                    kind: ComponentKind(
                        "functions",
                    ),
                    name: "other",
                    type_name: "conf_strict",
                    display_name: None,
                    settings: Object {
                        "required_name": String("from env"),
                        "limit": Number(3),
                        "flag": Bool(true),
                    },
                    references: [],
                    include: [],
                    exclude: [],
                },
            ],
            [
                ComponentSettings {
                    kind: ComponentKind(
                        "function_groups",
                    ),
                    name: "things",
                    type_name: "conf_bag",
                    display_name: None,
                    settings: Object {},
                    references: [],
                    include: [
                        "push",
                        "items",
                    ],
                    exclude: [],
                },
            ],
            Some(
                ComponentSettings {
                    kind: ComponentKind(
                        "workflow",
                    ),
                    name: "<workflow>",
                    type_name: "conf_echo",
                    display_name: None,
                    settings: Object {},
                    references: [],
                    include: [],
                    exclude: [],
                },
            ),
            [],
        )
    "#]]
    .assert_debug_eq(&(config.functions, config.function_groups, config.workflow, config.warnings));
}

#[test]
fn nothing_given_means_the_defaults() {
    let config = accept("{}");
    assert_eq!(config.general, General::default());
    assert_eq!(config.workflow, None);
    let config = accept("general:\nfunctions:\nfunction_groups: {}\nllms:\nworkflow:\n");
    assert_eq!(config.general, General::default());
    let config = accept("general: {front_end: , telemetry: , build_retry: }\n");
    assert_eq!(config.general, General::default());
    expect![[r#"
        {
          "per_user_workflow_timeout": 1800,
          "per_user_workflow_cleanup_interval": 300,
          "enable_per_user_monitoring": false,
          "front_end": {
            "_type": "fastapi",
            "port": 8000,
            "identity_header": null,
            "session": {
              "mode": "client"
            },
            "trusted_proxies": [],
            "endpoints": []
          },
          "telemetry": {
            "logging": {},
            "tracing": {}
          },
          "build_timeout": 60,
          "close_timeout": 4,
          "shutdown_timeout": 5,
          "max_running_calls": 8,
          "max_waiting_calls": 1024,
          "max_users": 100000,
          "max_concurrent_builds": 1024,
          "max_concurrent_closes": 1024,
          "queue_timeout": 300,
          "max_call_depth": 64,
          "build_retry": {
            "after": 3,
            "first_delay": 0.1,
            "max_delay": 30
          }
        }
    "#]]
    .assert_eq(&(serde_json::to_string_pretty(&General::default()).unwrap() + "\n"));
}

#[test]
fn types_of_components() {
    refuse(
        "workflow:\n  prefix: x\n",
        expect![[r#"
        Invalid configuration: workflow: Unable to extract tag using discriminator discriminator()
          config.yml: workflow: Unable to extract tag using discriminator discriminator()
            help: add `_type: NAME`, the type of this component
    "#]],
    );
    refuse(
        "workflow:\n  _tpye: conf_echo\n",
        expect![[r#"
            Invalid configuration: workflow: Unable to extract tag using discriminator discriminator()
              config.yml: workflow: Unable to extract tag using discriminator discriminator()
                help: `_type` is missing; is `_tpye` a misspelling of it?
        "#]],
    );
    refuse(
        "workflow:\n  _type: conf_ehco\n",
        expect![[r#"
        Invalid configuration: workflow: Input tag 'conf_ehco' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict'
          config.yml: workflow: Input tag 'conf_ehco' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict'
            help: did you mean `conf_echo`?
    "#]],
    );
    refuse(
        "functions: {a: {_type: zebra}}\n",
        expect![[r#"
        Invalid configuration: functions: Input tag 'zebra' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict' (a)
          config.yml: functions.a: Input tag 'zebra' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict'
            help: if another crate registers this type, link it into the binary: `use that_crate as _;`
    "#]],
    );
    refuse(
        "workflow:\n  _type: conf_bag\n",
        expect![[r#"
        Invalid configuration: workflow: Input tag 'conf_bag' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict'
          config.yml: workflow: Input tag 'conf_bag' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict'
            help: `conf_bag` is a function group: it belongs under `function_groups`
    "#]],
    );
    refuse(
        "function_groups: {g: {_type: conf_echo}}\n",
        expect![[r#"
        Invalid configuration: function_groups: Input tag 'conf_echo' found using discriminator() does not match any of the expected tags: 'conf_bag' (g)
          config.yml: function_groups.g: Input tag 'conf_echo' found using discriminator() does not match any of the expected tags: 'conf_bag'
            help: `conf_echo` is a function: it belongs under `functions`
    "#]],
    );
    refuse(
        "functions: {a: , b: 5, c: {_type: 5}, '': {_type: conf_echo}, <workflow>: {_type: conf_echo}}\n",
        expect![[r#"
            Invalid configuration: functions: Unable to extract tag using discriminator discriminator() (a); functions: Input should be a valid dictionary (b); functions: Input should be a valid string (c._type); functions: Value error, a name must not be empty (""); functions: Value error, this name is the workflow's own (<workflow>)
              config.yml: functions.a: Unable to extract tag using discriminator discriminator()
                help: a component is a mapping that begins with its `_type`
              config.yml: functions.b: Input should be a valid dictionary
                help: a component is a mapping that begins with its `_type`
              config.yml: functions.c._type: Input should be a valid string
                help: write the name of a type: `conf_aliased`, `conf_echo`, `conf_picky`, `conf_relay` and `conf_strict`
              config.yml: functions."": Value error, a name must not be empty
                help: give it another name
              config.yml: functions.<workflow>: Value error, this name is the workflow's own
                help: give it another name
        "#]],
    );
    refuse(
        "functions: [a]\nfunction_groups: x\nworkflow: conf_echo\n",
        expect![[r#"
            Invalid configuration: functions: Input should be a valid dictionary; function_groups: Input should be a valid dictionary; workflow: Input should be a valid dictionary
              config.yml: functions: Input should be a valid dictionary
                help: write a mapping: on each line below a name, and below that the `_type` and settings
              config.yml: function_groups: Input should be a valid dictionary
                help: write a mapping: on each line below a name, and below that the `_type` and settings
              config.yml: workflow: Input should be a valid dictionary
                help: write `{_type: conf_echo}`
        "#]],
    );
}

#[test]
fn settings_of_components() {
    refuse(
        "workflow:\n  _type: conf_strict\n  limit: many\n  ratio: [1]\n  flag: perhaps\n",
        expect![[r#"
            Invalid configuration: workflow: Field required (required_name); workflow: Input should be a valid integer, unable to parse string as an integer (limit); workflow: Input should be a valid number (ratio); workflow: Input should be a valid boolean, unable to interpret input (flag)
              config.yml: workflow.required_name: Field required
                help: add `required_name`: a text
              config.yml: workflow.limit: Input should be a valid integer, unable to parse string as an integer
                help: write a whole number
              config.yml: workflow.ratio: Input should be a valid number
                help: write a number
              config.yml: workflow.flag: Input should be a valid boolean, unable to interpret input
                help: write `true` or `false`
        "#]],
    );
    refuse(
        "workflow: {_type: conf_strict, required_name: 5}\n",
        expect![[r#"
            Invalid configuration: workflow: Input should be a valid string (required_name)
              config.yml: workflow.required_name: Input should be a valid string
                help: put it in quotes to make it a text
        "#]],
    );
    refuse(
        "workflow: {_type: conf_strict, requird_name: a}\n",
        expect![[r#"
            Invalid configuration: workflow: Field required (required_name)
              config.yml: workflow.required_name: Field required
                help: is `requird_name` a misspelling of it?
        "#]],
    );
    refuse(
        "workflow: {_type: conf_picky}\n",
        expect![[r#"
            Invalid configuration: workflow: Value error, never good enough
              config.yml: workflow: Value error, never good enough
                help: change its settings as the message says
        "#]],
    );
    refuse(
        "function_groups: {g: {_type: conf_bag, lable: x}}\n",
        expect![[r#"
            Invalid configuration: function_groups: Extra inputs are not permitted (g.lable)
              config.yml: function_groups.g.lable: Extra inputs are not permitted
                help: did you mean `label`?
        "#]],
    );
    refuse(
        "workflow: {_type: conf_echo, name: 5, middleware: [guard]}\nmiddleware: {guard: {_type: x}}\n",
        expect![[r#"
            Invalid configuration: workflow: Input should be a valid string (name); workflow: Value error, middleware is not available in this version (middleware); middleware: Value error, middleware is not available in this version
              config.yml: workflow.name: Input should be a valid string
                help: put it in quotes to make it a text
              config.yml: workflow.middleware: Value error, middleware is not available in this version
                help: a guard that is not there must not look as if it were: remove it from the configuration
              config.yml: middleware: Value error, middleware is not available in this version
                help: a guard that is not there must not look as if it were: remove it from the configuration
        "#]],
    );
    warn(
        "workflow: {_type: conf_strict, required_name: a, lmit: 3, text: x}\n",
        expect![[r#"
            workflow: unknown key `lmit` is ignored (did you mean `limit`?)
            workflow: unknown key `text` is ignored (remove it)
        "#]],
    );
    warn("workflow: {_type: conf_aliased, model: a}\n", expect![]);
    refuse(
        "workflow: {_type: conf_aliased, modle: a}\n",
        expect![[r#"
            Invalid configuration: workflow: Field required (model_name)
              config.yml: workflow.model_name: Field required
                help: add `model_name`: a text
        "#]],
    );
}

#[test]
fn groups() {
    refuse(
        "function_groups: {g: {_type: conf_bag, include: [a], exclude: [b]}}\n",
        expect![[r#"
            Invalid configuration: function_groups: Value error, include and exclude cannot be used together (g)
              config.yml: function_groups.g: Value error, include and exclude cannot be used together
                help: `include` alone already leaves out what it does not name: remove `exclude`
        "#]],
    );
    refuse(
        "function_groups: {g: {_type: conf_bag, include: [a, b, a], exclude: x}}\n",
        expect![[r#"
            Invalid configuration: function_groups: Input should be a valid list (g.exclude); function_groups: Value error, "a" stands in the list already (g.include[2])
              config.yml: function_groups.g.exclude: Input should be a valid list
                help: put it in brackets to make it a list of one
              config.yml: function_groups.g.include[2]: Value error, "a" stands in the list already
                help: remove the repetition
        "#]],
    );
    accept("function_groups: {g: {_type: conf_bag, include: [a], exclude: []}, h: {_type: conf_bag, include: }}\n");
    refuse(
        "functions: {x: {_type: conf_echo}}\nfunction_groups: {x: {_type: conf_bag}}\n",
        expect![[r#"
            Invalid configuration: function_groups: Function `x` already exists in the list of functions or function groups (x)
              config.yml: function_groups.x: Function `x` already exists in the list of functions or function groups
                help: give one of them another name
        "#]],
    );
}

#[test]
fn sections() {
    refuse(
        "wat: 1\nworkflw: {_type: conf_echo}\n",
        expect![[r#"
        Invalid configuration: wat: Extra inputs are not permitted; workflw: Extra inputs are not permitted
          config.yml: wat: Extra inputs are not permitted
            help: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
          config.yml: workflw: Extra inputs are not permitted
            help: did you mean `workflow`?
    "#]],
    );
    refuse(
        "base: other.yml\nllms: 5\n",
        expect![[r#"
            Invalid configuration: llms: Input should be a valid dictionary; base: Base configuration file not found: other.yml
              config.yml: llms: Input should be a valid dictionary
                help: write a mapping, or leave the section empty
              config.yml: base: Base configuration file not found: other.yml
                help: check the path: it is relative to the file that names it
        "#]],
    );
    warn(
        "llms: {nim: {_type: nim}}\nembedders: {}\nobject_stores: {files: {_type: in_memory}}\n",
        expect![[r#"
            llms: this section of the Python toolkit is not read: no crate that is linked into this program defines its kind of components (see docs/compatibility.md; components that need it will say so)
            object_stores: this section of the Python toolkit is not read: no crate that is linked into this program defines its kind of components (see docs/compatibility.md; components that need it will say so)
        "#]],
    );
}

#[test]
fn every_mistake_of_every_section() {
    refuse(
        "general: {zip: 1, front_end: {_type: fastapi, port: 70000, identity_header: 'a b'}}
functions: {a: {_type: nosuch}, b: {_type: conf_strict}}
workflow: {_type: conf_strict, required_name: 5}
wat: 1
",
        expect![[r#"
            Invalid configuration: general: Input should be less than or equal to 65535 (front_end.port); general: Extra inputs are not permitted (zip); general: Value error, this is no name of an HTTP header (front_end.identity_header); functions: Input tag 'nosuch' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict' (a); functions: Field required (b.required_name); workflow: Input should be a valid string (required_name); wat: Extra inputs are not permitted
              config.yml: general.front_end.port: Input should be less than or equal to 65535
                help: write a whole number from 0 to 65535
              config.yml: general.zip: Extra inputs are not permitted
                help: remove it
              config.yml: general.front_end.identity_header: Value error, this is no name of an HTTP header
                help: write letters, digits and hyphens, such as `X-Auth-User`
              config.yml: functions.a: Input tag 'nosuch' found using discriminator() does not match any of the expected tags: 'conf_aliased', 'conf_echo', 'conf_picky', 'conf_relay', 'conf_strict'
                help: if another crate registers this type, link it into the binary: `use that_crate as _;`
              config.yml: functions.b.required_name: Field required
                help: add `required_name`: a text
              config.yml: workflow.required_name: Input should be a valid string
                help: put it in quotes to make it a text
              config.yml: wat: Extra inputs are not permitted
                help: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
        "#]],
    );
}

#[test]
fn general() {
    refuse(
        "general: {enable_per_user_monitor: true, max_users: 0, build_retry: {after: x, soon: 1}}\n",
        expect![[r#"
            Invalid configuration: general: Input should be greater than or equal to 1 (max_users); general: Input should be a valid integer, unable to parse string as an integer (build_retry.after); general: Extra inputs are not permitted (build_retry.soon); general: Extra inputs are not permitted (enable_per_user_monitor)
              config.yml: general.max_users: Input should be greater than or equal to 1
                help: write a whole number of 1 or more
              config.yml: general.build_retry.after: Input should be a valid integer, unable to parse string as an integer
                help: write a whole number of 1 or more
              config.yml: general.build_retry.soon: Extra inputs are not permitted
                help: remove it
              config.yml: general.enable_per_user_monitor: Extra inputs are not permitted
                help: did you mean `enable_per_user_monitoring`?
        "#]],
    );
    refuse(
        "general: {per_user_workflow_timeout: 0, close_timeout: -1, build_timeout: 200000d}\n",
        expect![[r#"
            Invalid configuration: general: Input should be greater than 0 seconds (per_user_workflow_timeout); general: Input should be a valid timedelta, durations may not exceed 100 years (build_timeout); general: Input should be a valid timedelta, negative durations are not permitted (close_timeout)
              config.yml: general.per_user_workflow_timeout: Input should be greater than 0 seconds
                help: write a time span of more than 0 seconds
              config.yml: general.build_timeout: Input should be a valid timedelta, durations may not exceed 100 years
                help: write seconds (`90`), a number with a unit (`30m`), or ISO 8601 (`PT1H30M`)
              config.yml: general.close_timeout: Input should be a valid timedelta, negative durations are not permitted
                help: write seconds (`90`), a number with a unit (`30m`), or ISO 8601 (`PT1H30M`)
        "#]],
    );
    refuse(
        "general: {build_retry: {first_delay: 1m}}\n",
        expect![[r#"
            Invalid configuration: general: Value error, first_delay must not be longer than max_delay (build_retry.first_delay)
              config.yml: general.build_retry.first_delay: Value error, first_delay must not be longer than max_delay
                help: write a time span of more than 0 seconds
        "#]],
    );
    refuse(
        "general: [x]\n",
        expect![[r#"
            Invalid configuration: general: Input should be a valid dictionary or object to extract fields from
              config.yml: general: Input should be a valid dictionary or object to extract fields from
                help: write a mapping
        "#]],
    );
    warn(
        "general: {use_uvloop: true}\n",
        expect![[r#"
            general.use_uvloop: deprecated, and without effect (remove it)
        "#]],
    );
}

#[test]
fn front_ends() {
    refuse(
        "general: {front_end: {_type: nosuch}}\n",
        expect![[r#"
            Invalid configuration: general: Input tag 'nosuch' found using '_type' does not match any of the expected tags: 'fastapi', 'console' (front_end)
              config.yml: general.front_end: Input tag 'nosuch' found using '_type' does not match any of the expected tags: 'fastapi', 'console'
                help: write one of `fastapi` and `console`
        "#]],
    );
    refuse(
        "general: {front_end: {port: 1}}\n",
        expect![[r#"
            Invalid configuration: general: Unable to extract tag using discriminator '_type' (front_end)
              config.yml: general.front_end: Unable to extract tag using discriminator '_type'
                help: add `_type: NAME`
        "#]],
    );
    refuse(
        "general: {front_end: 5}\n",
        expect![[r#"
            Invalid configuration: general: Input should be a valid dictionary or object to extract fields from (front_end)
              config.yml: general.front_end: Input should be a valid dictionary or object to extract fields from
                help: write a mapping
        "#]],
    );
}

#[test]
fn yaml() {
    refuse(
        "workflow: [1,\n",
        expect![[r#"
            Error loading YAML: did not find expected node content at line 2 column 1, while parsing a flow node
              config.yml
                help: close it with `]`
        "#]],
    );
    refuse(
        "workflow: {_type: conf_echo, _type: conf_echo}\n",
        expect![[r#"
            Error loading YAML: the key `_type` stands twice in one mapping
              config.yml
                help: remove one of the two, or give it another name
        "#]],
    );
    refuse(
        "a: 1\nb:\n  c: 1\n  c: 2\n",
        expect![[r#"
            Invalid configuration: a: Extra inputs are not permitted; b: Extra inputs are not permitted; Error loading YAML: the key `c` stands twice in one mapping
              config.yml
                help: remove one of the two, or give it another name
              config.yml: a: Extra inputs are not permitted
                help: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
              config.yml: b: Extra inputs are not permitted
                help: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
        "#]],
    );
    refuse(
        "workflow: !mine {_type: conf_echo}\n",
        expect![[r#"
            Error loading YAML: the tag `mine` has no meaning here
              config.yml
                help: write a plain text, number, list or mapping
        "#]],
    );
    refuse(
        "workflow: {? [a] : 1}\n",
        expect![[r#"
            Invalid configuration: workflow: Unable to extract tag using discriminator discriminator(); Error loading YAML: a key must be a text, not a list or a mapping
              config.yml
                help: write a text in front of the colon, in quotes if need be
              config.yml: workflow: Unable to extract tag using discriminator discriminator()
                help: add `_type: NAME`, the type of this component
        "#]],
    );
    refuse(
        "workflow: {~: 1}\n",
        expect![[r#"
            Invalid configuration: workflow: Unable to extract tag using discriminator discriminator(); Error loading YAML: a key is empty (null); in quotes it is a text
              config.yml
                help: write a text in front of the colon, in quotes if need be
              config.yml: workflow: Unable to extract tag using discriminator discriminator()
                help: add `_type: NAME`, the type of this component
        "#]],
    );
    refuse(
        "workflow: {a: .nan}\n",
        expect![[r#"
            Invalid configuration: workflow: Unable to extract tag using discriminator discriminator(); Error loading YAML: `.nan` and `.inf` are no settings; in quotes they are texts
              config.yml
                help: write another number; if a text is meant, put it in quotes
              config.yml: workflow: Unable to extract tag using discriminator discriminator()
                help: add `_type: NAME`, the type of this component
        "#]],
    );
    refuse(
        "workflow: {a: 99999999999999999999}\n",
        expect![[r#"
            Invalid configuration: workflow: Unable to extract tag using discriminator discriminator(); Error loading YAML: the number 99999999999999999999 is too large; in quotes it is a text
              config.yml
                help: write a smaller number; if a text is meant, put it in quotes
              config.yml: workflow: Unable to extract tag using discriminator discriminator()
                help: add `_type: NAME`, the type of this component
        "#]],
    );
    refuse(
        "",
        expect![[r#"
            The configuration must be a mapping of sections such as `workflow`; the file is empty
              config.yml
                help: begin with `workflow:` and, indented below it, `_type: NAME`
        "#]],
    );
    refuse(
        "# nothing\n",
        expect![[r#"
            The configuration must be a mapping of sections such as `workflow`; the file is empty
              config.yml
                help: begin with `workflow:` and, indented below it, `_type: NAME`
        "#]],
    );
    refuse(
        "- a\n",
        expect![[r#"
        The configuration must be a mapping of sections such as `workflow`; the file holds a list
          config.yml
            help: begin with `workflow:` and, indented below it, `_type: NAME`
    "#]],
    );
    refuse(
        "just text\n",
        expect![[r#"
        The configuration must be a mapping of sections such as `workflow`; the file holds a single value
          config.yml
            help: begin with `workflow:` and, indented below it, `_type: NAME`
    "#]],
    );
    refuse(
        "a: 1\n---\nb: 1\n",
        expect![[r#"
            Error loading YAML: the file holds more than one document (a line with only `---` begins another)
              config.yml
                help: remove the second document
        "#]],
    );
    refuse(
        "a: *nowhere\n",
        expect![[r#"
            Error loading YAML: unknown anchor at line 1 column 4
              config.yml
                help: define the anchor `&nowhere` above, or put the text in quotes
        "#]],
    );
    refuse(
        "a: &a [*a]\n",
        expect![[r#"
            Error loading YAML: the file is nested deeper than 128 levels at line 1 column 4
              config.yml
                help: write out what `*a` repeats, or leave it out
        "#]],
    );
    refuse(
        "<<: 5\n",
        expect![[r#"
            Error loading YAML: the merge key `<<` takes a mapping or a list of mappings
              config.yml
                help: merge a mapping, or remove the merge key
        "#]],
    );
    refuse(
        "a: \u{1}\n",
        expect![[r#"
            Error loading YAML: control characters are not allowed at position 3
              config.yml
                help: put the text in quotes
        "#]],
    );
    refuse(
        "workflow:\n\t_type: conf_echo\n",
        expect![[r#"
            Error loading YAML: found character that cannot start any token at line 2 column 1, while scanning for the next token
              config.yml
                help: indent with spaces: YAML allows no tabs there
        "#]],
    );
}

#[test]
fn hostile_yaml_is_refused_quickly() {
    let started = Instant::now();
    refuse(
        &format!("a: {}", "${A:-".repeat(20_000)),
        expect![[r#"
            Error loading YAML: brackets are nested too deeply
              config.yml
                help: make it flatter
        "#]],
    );
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        writeln!(laughs, "a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 9].join(", ")).unwrap();
    }
    refuse(
        &laughs,
        expect![[r#"
            Error loading YAML: aliases repeat too much
              config.yml
                help: write out what `*a0` repeats, or leave it out
        "#]],
    );
    refuse(
        &format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(100_000)),
        expect![[r#"
            Error loading YAML: b[62]: the file unfolds to more than 1000000 values at line 1 column 4
              config.yml
                help: write out what `*a` repeats, or leave it out
        "#]],
    );
    refuse(
        &"[".repeat(5_000_000),
        expect![[r#"
            Error loading YAML: brackets are nested too deeply
              config.yml
                help: make it flatter
        "#]],
    );
    refuse(
        &"{a: ".repeat(1_000_000),
        expect![[r#"
            Error loading YAML: brackets are nested too deeply
              config.yml
                help: make it flatter
        "#]],
    );
    refuse(
        &format!("{}1{}", "[".repeat(200), "]".repeat(200)),
        expect![[r#"
            Error loading YAML: the file is nested deeper than 128 levels at line 1 column 129
              config.yml
                help: make it flatter
        "#]],
    );
    refuse(
        &"- ".repeat(10_000),
        expect![[r#"
            Error loading YAML: the file is nested deeper than 128 levels at line 1 column 257
              config.yml
                help: make it flatter
        "#]],
    );
    refuse(
        &"x".repeat(11 * 1024 * 1024),
        expect![[r#"
            Error loading YAML: the configuration is larger than 10 MiB
              config.yml
                help: split it; a prompt can stand in a file of its own (`file://…`)
        "#]],
    );
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn variables_that_must_be_set() {
    refuse(
        "a: ${GONE:?must be set}\nb: ${EMPTY:?}\nc: ${GONE:?must be set}\n",
        expect![[r#"
            GONE: must be set; EMPTY: this variable must be set
              config.yml
                help: set this environment variable
        "#]],
    );
}

#[test]
fn time_spans() {
    let read = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        serde_json::from_value::<TimeSpan>(value).map(TimeSpan::get).map_err(|error| error.to_string())
    };
    for (text, milliseconds) in [
        ("5", 5000),
        ("0.5", 500),
        ("\"5\"", 5000),
        ("PT1H", 3_600_000),
        ("PT0.5S", 500),
        ("00:30:00", 1_800_000),
        ("P1D", 86_400_000),
        ("1 days, 00:00:10", 86_410_000),
        ("1 day 00:00:01", 86_401_000),
        ("P1DT12H", 129_600_000),
        ("P1W", 604_800_000),
        ("PT1M30S", 90_000),
        ("30m", 1_800_000),
        ("5s", 5000),
        ("2h", 7_200_000),
        ("1d", 86_400_000),
        ("500ms", 500),
        ("1_000", 1_000_000),
        ("1_000ms", 1000),
        ("3 days", 259_200_000),
        ("12:30", 45_000_000),
        ("100:00:00", 360_000_000),
        ("00:00:00.5", 500),
        ("+PT1S", 1000),
        ("0", 0),
        ("pt1s", 1000),
    ] {
        assert_eq!(read(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    let mut refused = String::new();
    for text in [
        "soon",
        "[1]",
        "null",
        "true",
        "5 parsecs",
        "-1",
        "-PT1S",
        "P",
        "PT",
        "",
        "P1S",
        "PT1S1M",
        "00:60:00",
        "1:2:3:4",
        "1e3s",
        "36501d",
        "1e400",
        "5..5",
        "d",
        ":",
        "1d:1",
        "P1DT1H1H",
        "\u{661}s",
    ] {
        writeln!(refused, "{text:?}: {}", read(text).expect_err(text)).unwrap();
    }
    expect![[r#"
        "soon": Input should be a valid timedelta, `soon` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "[1]": Input should be a valid timedelta
        "null": Input should be a valid timedelta
        "true": Input should be a valid timedelta
        "5 parsecs": Input should be a valid timedelta, `5 parsecs` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "-1": Input should be a valid timedelta, negative durations are not permitted
        "-PT1S": Input should be a valid timedelta, negative durations are not permitted
        "P": Input should be a valid timedelta, `P` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "PT": Input should be a valid timedelta, `PT` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "": Input should be a valid timedelta, input is too short
        "P1S": Input should be a valid timedelta, `P1S` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "PT1S1M": Input should be a valid timedelta, `PT1S1M` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "00:60:00": Input should be a valid timedelta, `00:60:00` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "1:2:3:4": Input should be a valid timedelta, `1:2:3:4` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "1e3s": Input should be a valid timedelta, `1e3s` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "36501d": Input should be a valid timedelta, durations may not exceed 100 years
        "1e400": Input should be a valid timedelta, `1e400` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "5..5": Input should be a valid timedelta, `5..5` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "d": Input should be a valid timedelta, `d` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        ":": Input should be a valid timedelta, `:` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "1d:1": Input should be a valid timedelta, `1d:1` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "P1DT1H1H": Input should be a valid timedelta, `P1DT1H1H` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
        "١s": Input should be a valid timedelta, `١s` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
    "#]].assert_eq(&refused);
}

#[test]
fn references() {
    let name: FunctionRef = "notepad".into();
    assert_eq!(name.to_string(), "notepad");
    assert_eq!(serde_json::to_string(&name).unwrap(), r#""notepad""#);
    expect![[r#"{"type":"string","x-nat-ref":"function_group","title":"FunctionGroupRef","$schema":"https://json-schema.org/draft/2020-12/schema"}"#]].assert_eq(
        &schemars::schema_for!(FunctionGroupRef)
            .to_value()
            .to_string(),
    );
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    let mut load = |path: std::path::PathBuf| {
        let error = Config::load(&path, &types()).map(drop).unwrap_err().to_string();
        writeln!(text, "{}", error.replace(&folder.path().display().to_string(), "FOLDER")).unwrap();
    };
    load(folder.path().join("gone.yml"));
    load(folder.path().to_owned());
    std::fs::write(folder.path().join("latin.yml"), b"a: \xe9\n").unwrap();
    load(folder.path().join("latin.yml"));
    std::fs::write(folder.path().join("binary.yml"), b"\x7fELF\x02\x01\x01\0\0\0").unwrap();
    load(folder.path().join("binary.yml"));
    std::fs::write(folder.path().join("big.yml"), "x".repeat(11 * 1024 * 1024)).unwrap();
    load(folder.path().join("big.yml"));
    expect![[r#"
        Cannot read `FOLDER/gone.yml`: it does not exist
          FOLDER/gone.yml
            help: check the path and the working directory
        Cannot read `FOLDER`: it is a folder
          FOLDER
            help: name the file in it, such as config.yml
        Error loading YAML: `FOLDER/latin.yml` is no UTF-8 text (byte 3)
          FOLDER/latin.yml
            help: save it as UTF-8; a configuration is a text file
        Error loading YAML: control characters are not allowed
          FOLDER/binary.yml
            help: remove the control character, or write it as an escape in double quotes
        Error loading YAML: the configuration is larger than 10 MiB
          FOLDER/big.yml
            help: split it; a prompt can stand in a file of its own (`file://…`)
    "#]]
    .assert_eq(&text);
    let good = folder.path().join("good.yml");
    std::fs::write(&good, "workflow: {_type: conf_echo}\n").unwrap();
    assert!(Config::load(&good, &types()).is_ok());
}

#[test]
fn the_schema_of_general_is_enforced_whole() {
    assert!(super::general_schema().problems().is_empty());
    let defaults = serde_json::to_value(General::default()).unwrap();
    let checked = super::general_schema().check(defaults);
    assert_eq!((checked.findings, checked.unknown_keys), (Vec::new(), Vec::new()));
}
