use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    ComponentKind, ComponentSettings, ComponentTypes, Config, FrontEnd, FunctionGroupRef, FunctionRef, General,
    SettingsReader,
};
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

/// A front end's keys, indented, above a workflow.
fn with_front_end(keys: &str) -> String {
    let keys: String = keys.lines().fold(String::new(), |mut text, line| {
        writeln!(text, "    {line}").unwrap();
        text
    });
    format!("general:\n  front_end:\n    _type: fastapi\n{keys}workflow:\n  _type: conf_echo\n")
}

fn fastapi(config: &Config) -> &super::FastApi {
    match &config.general.front_end {
        FrontEnd::FastApi(server) => server,
        FrontEnd::Console(_) => panic!("not a server"),
    }
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
    assert_eq!(fastapi(&config).port, 8001);
    assert_eq!(fastapi(&config).endpoints[0].function_name.as_str(), "relay");
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
            "root_path": "",
            "host": "localhost",
            "port": 8000,
            "reload": false,
            "workers": 1,
            "scheduler_address": null,
            "db_url": null,
            "max_running_async_jobs": 10,
            "dask_workers": "processes",
            "dask_log_level": "WARNING",
            "dask_worker_memory_limit": "0",
            "dask_threads_per_worker": 1,
            "step_adaptor": {
              "mode": "default",
              "custom_event_types": []
            },
            "accepted_identity_credentials": null,
            "identity_authentication": [],
            "identity_header": null,
            "workflow": {
              "method": "POST",
              "description": "Runs the workflow",
              "path": "/v1/workflow",
              "websocket_path": "/websocket",
              "openai_api_path": "/v1/chat",
              "openai_api_v1_path": "/v1/chat/completions",
              "legacy_path": "/generate",
              "legacy_openai_api_path": "/chat",
              "on_disconnect": "cancel"
            },
            "evaluate": {
              "method": "POST",
              "description": "Evaluates the workflow on a data set",
              "path": "/evaluate",
              "websocket_path": null,
              "openai_api_path": null,
              "openai_api_v1_path": null,
              "legacy_path": null,
              "legacy_openai_api_path": null,
              "on_disconnect": "cancel"
            },
            "evaluate_item": {
              "method": "POST",
              "description": "Evaluates the workflow on one item",
              "path": "/evaluate/item",
              "websocket_path": null,
              "openai_api_path": null,
              "openai_api_v1_path": null,
              "legacy_path": null,
              "legacy_openai_api_path": null,
              "on_disconnect": "cancel"
            },
            "oauth2_callback_path": "/auth/redirect",
            "endpoints": [],
            "cors": {
              "allow_origins": null,
              "allow_origin_regex": null,
              "allow_methods": [
                "GET"
              ],
              "allow_headers": [],
              "allow_credentials": false,
              "expose_headers": [],
              "max_age": 600
            },
            "use_gunicorn": false,
            "runner_class": null,
            "object_store": null,
            "disable_legacy_routes": false,
            "enable_interactive_extensions": false,
            "session": {
              "mode": "client",
              "trust_client_sessions": false,
              "cookie_names": [
                "nat-session"
              ]
            },
            "expose_errors": null,
            "trusted_proxies": [
              "127.0.0.0/8",
              "::1"
            ],
            "allowed_hosts": [],
            "limits": {
              "max_connections": 10000,
              "reserved_files": 256,
              "max_body_bytes": 1048576,
              "max_header_bytes": 16384,
              "header_timeout": 10,
              "body_timeout": 30,
              "max_concurrent_streams": 100,
              "keep_alive_interval": 15
            }
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
    warn(
        "general: {front_end: {_type: fastapi, prot: 1, cors: {allow_origin: []}}}\n",
        expect![[r#"
            general.front_end: unknown key `prot` is ignored (did you mean `port`?)
            general.front_end.cors: unknown key `allow_origin` is ignored (did you mean `allow_origins`?)
        "#]],
    );
    warn(
        "general: {front_end: {_type: console, input: [a, b], input_fil: c}}\n",
        expect![[r#"
            general.front_end: unknown key `input_fil` is ignored (did you mean `input_file`?)
        "#]],
    );
    let config = accept(&with_front_end("step_adaptor:\n  mode: off\n  custom_event_types: [FUNCTION_START]"));
    assert_eq!(fastapi(&config).step_adaptor.mode, super::StepMode::Off);
    refuse(
        &with_front_end(
            "step_adaptor: {mode: loud, custom_event_types: [NOISE]}\nworkers: 0\naccepted_identity_credentials: [cookie]",
        ),
        expect![[r#"
            Invalid configuration: general: Input should be greater than or equal to 1 (front_end.workers); general: Input should be 'default', 'custom' or 'off' (front_end.step_adaptor.mode); general: Input should be 'LLM_START', 'LLM_END', 'LLM_NEW_TOKEN', 'TOOL_START', 'TOOL_END', 'WORKFLOW_START', 'WORKFLOW_END', 'TASK_START', 'TASK_END', 'TTC_START', 'TTC_END', 'FUNCTION_START', 'FUNCTION_END', 'CUSTOM_START', 'CUSTOM_END', 'SPAN_START', 'SPAN_CHUNK' or 'SPAN_END' (front_end.step_adaptor.custom_event_types[0]); general: Input should be 'session_cookie', 'jwt', 'api_key' or 'basic' (front_end.accepted_identity_credentials[0])
              config.yml: general.front_end.workers: Input should be greater than or equal to 1
                help: write a whole number of 1 or more
              config.yml: general.front_end.step_adaptor.mode: Input should be 'default', 'custom' or 'off'
                help: write `default`, `custom` or `off`
              config.yml: general.front_end.step_adaptor.custom_event_types[0]: Input should be 'LLM_START', 'LLM_END', 'LLM_NEW_TOKEN', 'TOOL_START', 'TOOL_END', 'WORKFLOW_START', 'WORKFLOW_END', 'TASK_START', 'TASK_END', 'TTC_START', 'TTC_END', 'FUNCTION_START', 'FUNCTION_END', 'CUSTOM_START', 'CUSTOM_END', 'SPAN_START', 'SPAN_CHUNK' or 'SPAN_END'
                help: write `LLM_START`, `LLM_END`, `LLM_NEW_TOKEN`, `TOOL_START`, `TOOL_END`, `WORKFLOW_START`, `WORKFLOW_END`, `TASK_START`, `TASK_END`, `TTC_START`, `TTC_END`, `FUNCTION_START`, `FUNCTION_END`, `CUSTOM_START`, `CUSTOM_END`, `SPAN_START`, `SPAN_CHUNK` or `SPAN_END`
              config.yml: general.front_end.accepted_identity_credentials[0]: Input should be 'session_cookie', 'jwt', 'api_key' or 'basic'
                help: write `session_cookie`, `jwt`, `api_key` or `basic`
        "#]],
    );
    refuse(
        &with_front_end("limits: {max_connections: 0, header_timeout: 0s, max_header_bytes: 10}"),
        expect![[r#"
            Invalid configuration: general: Input should be greater than or equal to 1 (front_end.limits.max_connections); general: Input should be greater than or equal to 8192 (front_end.limits.max_header_bytes); general: Input should be greater than 0 seconds (front_end.limits.header_timeout)
              config.yml: general.front_end.limits.max_connections: Input should be greater than or equal to 1
                help: write a whole number of 1 or more
              config.yml: general.front_end.limits.max_header_bytes: Input should be greater than or equal to 8192
                help: write a whole number of 8192 or more
              config.yml: general.front_end.limits.header_timeout: Input should be greater than 0 seconds
                help: write a time span of more than 0 seconds
        "#]],
    );
}

#[test]
fn identity() {
    refuse(
        &with_front_end("session: {mode: signed, cookie_names: ['a b']}"),
        expect![[r#"
            Invalid configuration: general: Value error, signed sessions are not available in this version (front_end.session.mode); general: Value error, `a b` is no name of a cookie (front_end.session.cookie_names[0])
              config.yml: general.front_end.session.mode: Value error, signed sessions are not available in this version
                help: leave `mode` out, or let a proxy set `identity_header`
              config.yml: general.front_end.session.cookie_names[0]: Value error, `a b` is no name of a cookie
                help: write letters, digits, hyphens and underscores, such as `nat-session`
        "#]],
    );
    refuse(
        &with_front_end("identity_header: X-User\naccepted_identity_credentials: [jwt]"),
        expect![[r#"
            Invalid configuration: general: Value error, identity_header cannot be combined with accepted_identity_credentials or identity_authentication (front_end.identity_header)
              config.yml: general.front_end.identity_header: Value error, identity_header cannot be combined with accepted_identity_credentials or identity_authentication
                help: a proxy that sets the header has checked: remove `accepted_identity_credentials`
        "#]],
    );
    refuse(
        &with_front_end("identity_authentication: [sso]"),
        expect![[r#"
        Invalid configuration: general: Value error, authentication providers are not available in this version (front_end.identity_authentication)
          config.yml: general.front_end.identity_authentication: Value error, authentication providers are not available in this version
            help: credentials would be accepted unverified: leave the key out, and let a proxy verify them and set `identity_header`
    "#]],
    );
    refuse(
        &with_front_end("cors: {allow_origin_regex: '['}\ntrusted_proxies: [10.0.0.0/40, here]"),
        expect![[r#"
            Invalid configuration: general: value is not a valid IPv4 or IPv6 network (front_end.trusted_proxies[0]); general: value is not a valid IPv4 or IPv6 network (front_end.trusted_proxies[1]); general: Value error, this is no regular expression: unclosed character class (front_end.cors.allow_origin_regex)
              config.yml: general.front_end.trusted_proxies[0]: value is not a valid IPv4 or IPv6 network
                help: write an IP address or a block of them
              config.yml: general.front_end.trusted_proxies[1]: value is not a valid IPv4 or IPv6 network
                help: write an IP address or a block of them
              config.yml: general.front_end.cors.allow_origin_regex: Value error, this is no regular expression: unclosed character class
                help: mend the pattern: unclosed character class
        "#]],
    );
    let config = accept(&with_front_end("trusted_proxies: [10.0.0.0/8, '::1', 192.0.2.7, '::/0', 0.0.0.0/0]"));
    let trusted = &fastapi(&config).trusted_proxies;
    let contains = |at: usize, address: &str| trusted[at].contains(address.parse().unwrap());
    assert!(contains(0, "10.255.0.1") && contains(0, "::ffff:10.0.0.1") && !contains(0, "11.0.0.1"));
    assert!(contains(1, "::1") && !contains(1, "::2") && !contains(1, "0.0.0.1"));
    assert!(contains(2, "192.0.2.7") && !contains(2, "192.0.2.6"));
    assert!(contains(3, "fe80::1") && !contains(3, "1.2.3.4") && contains(4, "1.2.3.4"));
}

#[test]
fn credentials_are_not_for_every_page() {
    for cors in [
        "allow_origins: ['*'], allow_credentials: true",
        "allow_origins: ['https://a.example', '*'], allow_credentials: true",
        "allow_origins: ['null'], allow_credentials: true",
        "allow_origin_regex: 'https?://.*', allow_credentials: true",
    ] {
        let error = parse(&with_front_end(&format!("cors: {{{cors}}}"))).unwrap_err();
        assert!(error.to_string().contains("every web page could call as the user who looks at it"), "{cors}: {error}");
    }
    refuse(
        &with_front_end("cors: {allow_origins: ['*'], allow_credentials: true}"),
        expect![[r#"
        Invalid configuration: general: Value error, allow_origins cannot be `*` or `null` together with allow_credentials: every web page could call as the user who looks at it (front_end.cors.allow_origins)
          config.yml: general.front_end.cors.allow_origins: Value error, allow_origins cannot be `*` or `null` together with allow_credentials: every web page could call as the user who looks at it
            help: list the origins that may send credentials, or write `allow_credentials: false`
    "#]],
    );
    refuse(
        &with_front_end("cors: {allow_origin_regex: '.*', allow_credentials: true}"),
        expect![[r#"
        Invalid configuration: general: Value error, allow_origin_regex cannot be a pattern that takes every origin together with allow_credentials: every web page could call as the user who looks at it (front_end.cors.allow_origin_regex)
          config.yml: general.front_end.cors.allow_origin_regex: Value error, allow_origin_regex cannot be a pattern that takes every origin together with allow_credentials: every web page could call as the user who looks at it
            help: write a pattern that takes no origins but one's own, or write `allow_credentials: false`
    "#]],
    );
    for cors in [
        "allow_origins: ['*'], allow_methods: ['*'], allow_headers: ['*']",
        "allow_origin_regex: '.*'",
        "allow_origins: ['https://a.example'], allow_methods: ['*'], allow_headers: ['*'], allow_credentials: true",
        "allow_origin_regex: 'http://[a-z]+[.]wild[.]example', allow_credentials: true",
    ] {
        accept(&with_front_end(&format!("cors: {{{cors}}}")));
    }
}

#[test]
fn hosts_that_are_allowed_are_names() {
    refuse(
        &with_front_end("allowed_hosts: ['*', 'https://app.example:81/', 'café']"),
        expect![[r#"
        Invalid configuration: general: Value error, every host would be allowed, and with it every web page (front_end.allowed_hosts[0]); general: Value error, `https://app.example:81/` is no name of a host (front_end.allowed_hosts[1]); general: Value error, `café` is no name of a host (front_end.allowed_hosts[2])
          config.yml: general.front_end.allowed_hosts[0]: Value error, every host would be allowed, and with it every web page
            help: list the names by which this server is called; or, if something in front vouches for every session, write `session: {trust_client_sessions: true}`
          config.yml: general.front_end.allowed_hosts[1]: Value error, `https://app.example:81/` is no name of a host
            help: write `app.example`
          config.yml: general.front_end.allowed_hosts[2]: Value error, `café` is no name of a host
            help: write its name in ASCII, without scheme, port and path; addresses need no entry
    "#]],
    );
    let config = accept(&with_front_end("allowed_hosts: [app.example.org, '*.example.org']"));
    assert_eq!(fastapi(&config).allowed_hosts, ["app.example.org", "*.example.org"]);
}

#[test]
fn a_root_path_is_a_path() {
    refuse(
        &with_front_end("root_path: //evil.example"),
        expect![[r#"
        Invalid configuration: general: Value error, `//evil.example` has an empty part, `.` or `..`: clients resolve those before they ask (front_end.root_path)
          config.yml: general.front_end.root_path: Value error, `//evil.example` has an empty part, `.` or `..`: clients resolve those before they ask
            help: write `/evil.example`
    "#]],
    );
    refuse(
        &with_front_end(r"root_path: '/\evil.example'"),
        expect![[r#"
        Invalid configuration: general: Value error, `/\evil.example` has '\\', which no path of a URL has as it is (front_end.root_path)
          config.yml: general.front_end.root_path: Value error, `/\evil.example` has '\\', which no path of a URL has as it is
            help: use letters, digits and `-._~/` only
    "#]],
    );
    refuse(
        &with_front_end("root_path: base"),
        expect![[r#"
        Invalid configuration: general: Value error, `base` is no path: it begins with `/` and has no space, `?` or `#` (front_end.root_path)
          config.yml: general.front_end.root_path: Value error, `base` is no path: it begins with `/` and has no space, `?` or `#`
            help: write `/base`
    "#]],
    );
    for path in
        ["/base?x=1", "/base#x", "http://evil.example", "/a/../b", "/caf\u{e9}", "\"/a\\u0007\"", "/a b", "/%2e"]
    {
        let refused = parse(&with_front_end(&format!("root_path: {path}"))).map(drop);
        assert!(refused.unwrap_err().to_string().contains("root_path"), "{path}");
    }
    accept(&with_front_end("root_path: /base/v1.2"));
}

#[test]
fn endpoints() {
    refuse(
        &with_front_end("workflow: {path: /run}"),
        expect![[r#"
            Invalid configuration: general: Field required (front_end.workflow.method); general: Field required (front_end.workflow.description)
              config.yml: general.front_end.workflow.method: Field required
                help: add `method`: `GET`, `POST`, `PUT` or `DELETE`
              config.yml: general.front_end.workflow.description: Field required
                help: add `description`: a text
        "#]],
    );
    refuse(
        &with_front_end(
            "workflow: {method: GET, description: d, path: run, openai_api_v1_path: /v1}
endpoints:
  - {method: PUT, description: d, path: /put, function_name: f}
  - {method: POST, description: d, path: /put, legacy_path: /put/stream, websocket_path: /health, function_name: f}
  - {method: POST, description: d, path: /put/, function_name: g}
",
        ),
        expect![[r#"
            Invalid configuration: general: Value error, openai_api_v1_path needs method POST, not GET (front_end.workflow.openai_api_v1_path); general: Value error, `run` is no path: it begins with `/` and has no space, `?` or `#` (front_end.workflow.path); general: Value error, method PUT is not served (front_end.endpoints[0].method); general: Value error, GET `/health` is already taken by the server itself (front_end.endpoints[1].websocket_path); general: Value error, POST `/put/stream` is already taken by endpoint 1 (`f`) (front_end.endpoints[1].legacy_path); general: Value error, POST `/put` is already taken by endpoint 1 (`f`) (front_end.endpoints[2].path)
              config.yml: general.front_end.workflow.openai_api_v1_path: Value error, openai_api_v1_path needs method POST, not GET
                help: write `method: POST`
              config.yml: general.front_end.workflow.path: Value error, `run` is no path: it begins with `/` and has no space, `?` or `#`
                help: write `/run`
              config.yml: general.front_end.endpoints[0].method: Value error, method PUT is not served
                help: use POST, or GET for a function without input
              config.yml: general.front_end.endpoints[1].websocket_path: Value error, GET `/health` is already taken by the server itself
                help: give it a path of its own
              config.yml: general.front_end.endpoints[1].legacy_path: Value error, POST `/put/stream` is already taken by endpoint 1 (`f`)
                help: give it a path of its own
              config.yml: general.front_end.endpoints[2].path: Value error, POST `/put` is already taken by endpoint 1 (`f`)
                help: give it a path of its own
        "#]],
    );
    refuse(
        &with_front_end("endpoints:\n  - {method: TRACE, path: 5}\nworkflow: {method: GET, description: d, path: run}"),
        expect![[r#"
            Invalid configuration: general: Field required (front_end.endpoints[0].function_name); general: Input should be 'GET', 'POST', 'PUT' or 'DELETE' (front_end.endpoints[0].method); general: Field required (front_end.endpoints[0].description); general: Input should be a valid string (front_end.endpoints[0].path); general: Value error, `run` is no path: it begins with `/` and has no space, `?` or `#` (front_end.workflow.path)
              config.yml: general.front_end.endpoints[0].function_name: Field required
                help: add `function_name`: the name of a function
              config.yml: general.front_end.endpoints[0].method: Input should be 'GET', 'POST', 'PUT' or 'DELETE'
                help: write `GET`, `POST`, `PUT` or `DELETE`
              config.yml: general.front_end.endpoints[0].description: Field required
                help: add `description`: a text
              config.yml: general.front_end.endpoints[0].path: Input should be a valid string
                help: put it in quotes to make it a text
              config.yml: general.front_end.workflow.path: Value error, `run` is no path: it begins with `/` and has no space, `?` or `#`
                help: write `/run`
        "#]],
    );
    accept(&with_front_end(
        "workflow: {method: POST, description: d, path: /a, openai_api_path: /chat, openai_api_v1_path: /chat}
endpoints:
  - {method: GET, description: d, path: /a, function_name: f}",
    ));
    let colliding = "endpoints:\n  - {method: POST, description: d, path: /generate, function_name: f}";
    refuse(
        &with_front_end(colliding),
        expect![[r#"
            Invalid configuration: general: Value error, POST `/generate` is already taken by the workflow (front_end.endpoints[0].path)
              config.yml: general.front_end.endpoints[0].path: Value error, POST `/generate` is already taken by the workflow
                help: give it a path of its own
        "#]],
    );
    accept(&with_front_end(&format!("disable_legacy_routes: true\n{colliding}")));
}

fn endpoint(method: &str, path: &str) -> String {
    format!("  - {{method: {method}, description: d, path: '{path}', function_name: f}}\n")
}

#[test]
fn paths_that_no_server_could_serve() {
    let unfit = ["", "/a/{x", "/b/{}", "/c/{x}-{y}", "/d/{x:path}/b", "/e/{x}/{x}", "/f/{x:int}", "/g%20h"];
    let endpoints: String = unfit.iter().map(|path| endpoint("POST", path)).collect();
    refuse(
        &with_front_end(&format!("root_path: base\nendpoints:\n{endpoints}")),
        expect![[r#"
        Invalid configuration: general: Value error, `base` is no path: it begins with `/` and has no space, `?` or `#` (front_end.root_path); general: Value error, the path is empty (front_end.endpoints[0].path); general: Value error, a parameter in `/a/{x` is not closed (front_end.endpoints[1].path); general: Value error, a parameter in `/b/{}` has no name (front_end.endpoints[2].path); general: Value error, `-{y}` stands between `{x}` and the next `/` (front_end.endpoints[3].path); general: Value error, `{x:path}` takes the rest of the path, and nothing can come after it (front_end.endpoints[4].path); general: Value error, the parameter `x` stands in `/e/{x}/{x}` twice (front_end.endpoints[5].path); general: Value error, `{x:int}`: `:int` is not checked in this version (front_end.endpoints[6].path); general: Value error, no request matches `/g%20h`: escapes are resolved before paths are compared (front_end.endpoints[7].path)
          config.yml: general.front_end.root_path: Value error, `base` is no path: it begins with `/` and has no space, `?` or `#`
            help: write `/base`
          config.yml: general.front_end.endpoints[0].path: Value error, the path is empty
            help: write a path such as `/run`, or leave the key out
          config.yml: general.front_end.endpoints[1].path: Value error, a parameter in `/a/{x` is not closed
            help: write `/a/{x}`
          config.yml: general.front_end.endpoints[2].path: Value error, a parameter in `/b/{}` has no name
            help: write a name in the braces, such as `{id}`
          config.yml: general.front_end.endpoints[3].path: Value error, `-{y}` stands between `{x}` and the next `/`
            help: put a `/` behind the parameter, or let the function take it apart
          config.yml: general.front_end.endpoints[4].path: Value error, `{x:path}` takes the rest of the path, and nothing can come after it
            help: write `{x}` for one part of the path, or end it with `{x:path}`
          config.yml: general.front_end.endpoints[5].path: Value error, the parameter `x` stands in `/e/{x}/{x}` twice
            help: give each parameter a name of its own
          config.yml: general.front_end.endpoints[6].path: Value error, `{x:int}`: `:int` is not checked in this version
            help: write `{x}`, and let the function check the value
          config.yml: general.front_end.endpoints[7].path: Value error, no request matches `/g%20h`: escapes are resolved before paths are compared
            help: write the characters themselves, without `%`
    "#]],
    );
    for root in ["/ba se/{x}", "/base{x}", "/echo?x", "/echo#y"] {
        let yaml = with_front_end(&format!("root_path: '{root}'"));
        let error = parse(&yaml).map(drop).unwrap_err().to_string();
        assert!(error.contains("(front_end.root_path)"), "{root}: {error}");
    }
    accept(&with_front_end("root_path: /base/"));
}

#[test]
fn paths_that_cannot_be_told_apart() {
    let clash = |paths: &[(&str, &str)]| {
        let endpoints: String = paths.iter().map(|(method, path)| endpoint(method, path)).collect();
        with_front_end(&format!("endpoints:\n{endpoints}"))
    };
    refuse(
        &clash(&[
            ("POST", "/a/{x}"),
            ("POST", "/a/{y}"),
            ("POST", "/a/{rest:path}"),
            ("POST", "/a/{x}/stream/"),
            ("POST", "/b/{rest:path}"),
            ("POST", "/b/{one}/c"),
            ("GET", "/mcp/client/tool/list"),
        ]),
        expect![[r#"
            Invalid configuration: general: Value error, POST `/a/{y}` cannot be told apart from `/a/{x}` of endpoint 0 (`f`) (front_end.endpoints[1].path); general: Value error, POST `/a/{rest:path}` cannot be told apart from `/a/{x}` of endpoint 0 (`f`) (front_end.endpoints[2].path); general: Value error, POST `/a/{x}/stream` is already taken by endpoint 0 (`f`) (front_end.endpoints[3].path); general: Value error, POST `/b/{one}/c` cannot be told apart from `/b/{rest:path}` of endpoint 4 (`f`) (front_end.endpoints[5].path); general: Value error, GET `/mcp/client/tool/list` is already taken by the server itself (front_end.endpoints[6].path)
              config.yml: general.front_end.endpoints[1].path: Value error, POST `/a/{y}` cannot be told apart from `/a/{x}` of endpoint 0 (`f`)
                help: give it a path of its own
              config.yml: general.front_end.endpoints[2].path: Value error, POST `/a/{rest:path}` cannot be told apart from `/a/{x}` of endpoint 0 (`f`)
                help: give it a path of its own
              config.yml: general.front_end.endpoints[3].path: Value error, POST `/a/{x}/stream` is already taken by endpoint 0 (`f`)
                help: give it a path of its own
              config.yml: general.front_end.endpoints[5].path: Value error, POST `/b/{one}/c` cannot be told apart from `/b/{rest:path}` of endpoint 4 (`f`)
                help: give it a path of its own
              config.yml: general.front_end.endpoints[6].path: Value error, GET `/mcp/client/tool/list` is already taken by the server itself
                help: give it a path of its own
        "#]],
    );
    accept(&clash(&[
        ("POST", "/a/{x}"),
        ("GET", "/a/{y}"),
        ("POST", "/a/b"),
        ("GET", "/c/{rest:path}"),
        ("GET", "/c/stream"),
        ("GET", "/c/d/{x}"),
        ("GET", "/health/{x}"),
        ("POST", "/health"),
    ]));
}

#[test]
fn settings_that_would_shut_everybody_out() {
    refuse(
        &with_front_end("accepted_identity_credentials: []\nsession: {cookie_names: []}"),
        expect![[r#"
        Invalid configuration: general: List should have at least 1 item after validation, not 0 (front_end.session.cookie_names); general: Value error, no credential at all would be accepted: nobody could call a per-user function (front_end.accepted_identity_credentials)
          config.yml: general.front_end.session.cookie_names: List should have at least 1 item after validation, not 0
            help: write at least 1 entry, or leave the key out: it then has its default
          config.yml: general.front_end.accepted_identity_credentials: Value error, no credential at all would be accepted: nobody could call a per-user function
            help: leave the key out: all of them are accepted then
    "#]],
    );
}

#[test]
fn endpoints_that_serve_nothing_are_warned_of() {
    let none = "endpoints:
  - {method: POST, description: d, function_name: f}
  - {method: POST, description: d, function_name: f, legacy_path: /f}
  - {method: POST, description: d, function_name: f, openai_api_path: /chat/f}";
    warn(
        &with_front_end(none),
        expect![[r#"
        general.front_end.endpoints[0]: this endpoint serves nothing: it has no path (add `path: /f`)
    "#]],
    );
    warn(
        &with_front_end(&format!("disable_legacy_routes: true\n{none}")),
        expect![[r#"
        general.front_end.endpoints[0]: this endpoint serves nothing: it has no path (add `path: /f`)
        general.front_end.endpoints[1]: this endpoint serves nothing: `disable_legacy_routes` leaves none of its paths (add `path: /f`)
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
