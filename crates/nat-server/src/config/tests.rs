use std::fmt::Write as _;

use expect_test::{Expect, expect};
use nat_config::{ConfigErrors, Document};
use nat_core::config::{ComponentTypes, General, SettingsReader, Validation, file_schema};
use nat_core::{ComponentKind, Config, Registry};
use nat_schema::CompiledSchema;

use super::{HttpConfig, StepMode};

mod reports;

/// One component type, without settings.
struct Echo(CompiledSchema);

impl ComponentTypes for Echo {
    fn settings_schema(&self, kind: ComponentKind, type_name: &str) -> Option<&CompiledSchema> {
        (kind != ComponentKind::FUNCTION_GROUP && type_name == "conf_echo").then_some(&self.0)
    }

    fn type_names(&self, _: ComponentKind) -> Vec<&str> {
        vec!["conf_echo"]
    }

    fn settings_reader(&self, _: ComponentKind, _: &str) -> Option<SettingsReader> {
        None
    }
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    let types = Echo(CompiledSchema::new(serde_json::json!({ "type": "object" })));
    Config::parse_with(text, Some("config.yml".as_ref()), &types, &|_| None)
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

fn fastapi(config: &Config) -> &HttpConfig {
    config.general.front_end.get().expect("a server")
}

#[test]
fn a_whole_front_end() {
    let config = accept(
        "general:
  front_end:
    type: fastapi
    port: '8001'
    endpoints:
      - {path: /extra, method: POST, description: more, function_name: relay}
workflow: {_type: conf_echo}
",
    );
    assert_eq!(fastapi(&config).port, 8001);
    assert_eq!(fastapi(&config).endpoints[0].function_name.as_str(), "relay");
}

#[test]
fn nothing_given_means_the_defaults() {
    assert_eq!(fastapi(&accept("{}")), &HttpConfig::default());
    assert_eq!(fastapi(&accept("general: {front_end: }")), &HttpConfig::default());
    expect![[r#"
        {
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
        }
    "#]]
    .assert_eq(&(serde_json::to_string_pretty(&General::default().front_end).unwrap() + "\n"));
}

#[test]
fn the_schema_of_general_is_enforced_whole() {
    let schema = nat_core::config::general_schema();
    assert!(schema.problems().is_empty());
    let checked = schema.check(serde_json::to_value(General::default()).unwrap());
    assert_eq!((checked.findings, checked.unknown_keys), (Vec::new(), Vec::new()));
}

#[test]
fn the_schema_of_files_describes_the_server() {
    let schema = file_schema(&Registry::new([]).unwrap());
    let limits = &schema["$defs"]["general.Limits"]["properties"];
    assert!(limits["body_timeout"]["pattern"].is_string(), "{limits}");
    let origins = &schema["$defs"]["general.Cors"]["properties"]["allow_origins"];
    assert!(origins["anyOf"][1]["pattern"].is_string(), "a list may come from the environment: {origins}");
    assert!(!schema["$defs"]["general.SessionMode"].to_string().contains("signed"));
    let port = &schema["$defs"]["general.HttpConfig"]["properties"]["port"];
    assert_eq!(port["default"], 8000);
    assert!(port["description"].as_str().is_some_and(|words| words.contains("port")));
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
    let config = accept(&with_front_end("step_adaptor:\n  mode: off\n  custom_event_types: [FUNCTION_START]"));
    assert_eq!(fastapi(&config).step_adaptor.mode, StepMode::Off);
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
