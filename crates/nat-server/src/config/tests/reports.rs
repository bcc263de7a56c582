//! What a person is told about a front end: where, what was expected, and what to write instead.

use std::path::Path;

use nat_config::diagnostic::{Diagnostic, Origin, Place, Report, Severity};

use super::*;
use crate::testing::registry;

fn variable(name: &str) -> Option<String> {
    (name == "KEY").then(|| "hunter2-from-env".to_owned())
}

fn report_of(text: &str) -> Report {
    match Document::parse_with(text, Some(Path::new("flow.yml")), &variable) {
        Ok(document) => Validation::of(&document, &registry()).report,
        Err(report) => report,
    }
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&shown(&report_of(text)));
}

/// A plain rendering, for these tests only.
fn shown(report: &Report) -> String {
    let mut text = String::new();
    for one in &report.diagnostics {
        let severity = match one.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(text, "{severity}: {}: {}", one.location(), one.message).unwrap();
        match &one.place {
            Some(place) => pointed(&mut text, report, place, ""),
            None => text.push_str("  nowhere\n"),
        }
        for related in &one.related {
            pointed(&mut text, report, &related.place, &related.label);
        }
        if one.origin != Origin::File {
            writeln!(text, "  from {}", one.origin).unwrap();
        }
        if let Some(expected) = &one.expected {
            writeln!(text, "  expected {expected}").unwrap();
        }
        if let Some(mend) = &one.mend {
            writeln!(text, "  mend: {}", mend.text).unwrap();
        }
        if let Some(line) = mended_line(report, one) {
            writeln!(text, "  => {line}").unwrap();
        }
    }
    text
}

fn pointed(text: &mut String, report: &Report, place: &Place, label: &str) {
    let source = &report.sources[place.source];
    let line = source.text.split('\n').nth(place.line - 1).unwrap();
    let width = source.text[place.span.clone()].split('\n').next().unwrap().chars().count().max(1);
    let (line_number, column) = (place.line, place.column);
    writeln!(text, "  {}:{line_number}:{column}: {line}", source.name).unwrap();
    let lead = source.name.len() + line_number.to_string().len() + column.to_string().len() + 6;
    writeln!(text, "{}{} {label}", " ".repeat(lead + column - 1), "^".repeat(width)).unwrap();
}

/// The lines that the replacement changes, as they are then.
fn mended_line(report: &Report, one: &Diagnostic) -> Option<String> {
    let replacement = one.mend.as_ref()?.replacement.as_ref()?;
    let text = &report.sources[replacement.source].text;
    let line = text[..replacement.span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[replacement.span.end..].find('\n').map_or(text.len(), |at| replacement.span.end + at);
    let after =
        format!("{}{}{}", &text[line..replacement.span.start], replacement.text, &text[replacement.span.end..end]);
    Some(after.trim_end().replace('\n', "\\n"))
}

#[test]
fn the_front_end() {
    check(
        "general:
  front_end:
    _type: fastapi
    port: 70000
    dask_workers: threads
    use_gunicorn: true
    root_pth: /x
    workflow: {method: PUT, path: run, description: x}
    endpoints:
      - path: /x
        method: GET
        openai_api_v1_path: /v1
        description: x
        function_name: seond
      - {path: /x, method: post, description: x, function_name: second}
    cors: {allow_methods: GET}
    accepted_identity_credentials: [api-key, jwt]
  use_uvloop: true
  telemetry:
    logging:
      here: {_type: console, level: WARN}
      there: {type: file, level: lod}
      nowhere: {_type: syslog}
functions:
  second: {_type: puppet, lab: 7}
workflow: {_type: puppet, lab: 7}
",
        expect![[r#"
            error: general.front_end.port: Input should be less than or equal to 65535
              flow.yml:4:11:     port: 70000
                                       ^^^^^ 
              expected a whole number from 0 to 65535
              mend: write a whole number from 0 to 65535
            warning: general.front_end.dask_workers: `dask_workers` has no effect here: jobs run in this process
              flow.yml:5:5:     dask_workers: threads
                                ^^^^^^^^^^^^ 
              mend: remove it
              =>     use_gunicorn: true
            warning: general.front_end.use_gunicorn: `use_gunicorn` has no effect here: one process serves on all cores
              flow.yml:6:5:     use_gunicorn: true
                                ^^^^^^^^^^^^ 
              mend: remove it
              =>     root_pth: /x
            warning: general.front_end: unknown key `root_pth` is ignored
              flow.yml:7:5:     root_pth: /x
                                ^^^^^^^^ 
              mend: did you mean `root_path`?
              =>     root_path: /x
            error: general.front_end.workflow.method: Value error, method PUT is not served
              flow.yml:8:24:     workflow: {method: PUT, path: run, description: x}
                                                    ^^^ 
              expected `POST` or `GET`
              mend: use POST, or GET for a function without input
              =>     workflow: {method: POST, path: run, description: x}
            error: general.front_end.workflow.path: Value error, `run` is no path: it begins with `/` and has no space, `?` or `#`
              flow.yml:8:35:     workflow: {method: PUT, path: run, description: x}
                                                               ^^^ 
              expected a path such as `/run`, or null for none
              mend: write `/run`
              =>     workflow: {method: PUT, path: /run, description: x}
            error: general.front_end.endpoints[0].function_name: Function `seond` not found
              flow.yml:14:24:         function_name: seond
                                                     ^^^^^ 
              expected the name of a function: `second`
              mend: did you mean `second`?
              =>         function_name: second
            error: general.front_end.endpoints[1].method: Input should be 'GET', 'POST', 'PUT' or 'DELETE'
              flow.yml:15:28:       - {path: /x, method: post, description: x, function_name: second}
                                                         ^^^^ 
              expected `GET`, `POST`, `PUT` or `DELETE`
              mend: did you mean `POST`?
              =>       - {path: /x, method: POST, description: x, function_name: second}
            error: general.front_end.cors.allow_methods: Input should be a valid list
              flow.yml:16:27:     cors: {allow_methods: GET}
                                                        ^^^ 
              expected a list (each entry a text)
              mend: put it in brackets to make it a list of one
              =>     cors: {allow_methods: [GET]}
            error: general.front_end.accepted_identity_credentials[0]: Input should be 'session_cookie', 'jwt', 'api_key' or 'basic'
              flow.yml:17:37:     accepted_identity_credentials: [api-key, jwt]
                                                                  ^^^^^^^ 
              expected `session_cookie`, `jwt`, `api_key` or `basic`
              mend: did you mean `api_key`?
              =>     accepted_identity_credentials: [api_key, jwt]
            warning: general.use_uvloop: deprecated, and without effect
              flow.yml:18:3:   use_uvloop: true
                               ^^^^^^^^^^ 
              mend: remove it
              =>   telemetry:
            error: general.telemetry.logging.there.path: Field required
              flow.yml:22:7:       there: {type: file, level: lod}
                                   ^^^^^ 
              expected a text
              mend: add `path`: a text
            error: general.telemetry.logging.there.level: Input should be 'debug', 'info', 'warning', 'error' or 'critical'
              flow.yml:22:34:       there: {type: file, level: lod}
                                                               ^^^ 
              expected `debug`, `info`, `warning`, `error` or `critical`
              mend: write `debug`, `info`, `warning`, `error` or `critical`
            error: general.telemetry.logging.nowhere: Input tag 'syslog' found using '_type' does not match any of the expected tags: 'console', 'file'
              flow.yml:23:24:       nowhere: {_type: syslog}
                                                     ^^^^^^ 
              expected one of `console`, `file`
              mend: write one of `console` and `file`
        "#]],
    );
}

#[test]
fn values_from_the_environment_are_never_shown() {
    check(
        "general: {front_end: {_type: fastapi, workflow: {method: POST, description: x, path: \"${KEY}\"}}}\n",
        expect![[r#"
            error: general.front_end.workflow.path: Value error, `${KEY}` is no path: it begins with `/` and has no space, `?` or `#`
              flow.yml:1:86: general: {front_end: {_type: fastapi, workflow: {method: POST, description: x, path: "${KEY}"}}}
                                                                                                                  ^^^^^^^^ 
              from the environment variable KEY
              expected a path such as `/run`, or null for none
              mend: the environment variable KEY gives it: write `/${KEY}`
        "#]],
    );
}

#[test]
fn get_has_no_input_to_give() {
    check(
        "general:
  front_end:
    _type: fastapi
    workflow: {path: /w, method: GET, description: x}
    endpoints:
      - {openai_api_path: /push, method: GET, description: x, function_name: repeat}
      - {path: /push, method: POST, description: x, function_name: repeat}
      - {path: /items, method: GET, description: x, function_name: repeat}
      - {websocket_path: /ws, method: GET, description: x, function_name: repeat}
functions:
  repeat: {_type: repeat}
workflow: {_type: repeat}
",
        expect![[r#"
            error: general.front_end.workflow.method: Value error, the workflow needs `text`, and GET calls it without input
              flow.yml:4:34:     workflow: {path: /w, method: GET, description: x}
                                                              ^^^ 
              expected `POST`
              mend: write `method: POST`
              =>     workflow: {path: /w, method: POST, description: x}
            error: general.front_end.endpoints[0].method: Value error, function `repeat` needs `text`, and GET calls it without input
              flow.yml:6:42:       - {openai_api_path: /push, method: GET, description: x, function_name: repeat}
                                                                      ^^^ 
              expected `POST`
              mend: write `method: POST`
              =>       - {openai_api_path: /push, method: POST, description: x, function_name: repeat}
            error: general.front_end.endpoints[2].method: Value error, function `repeat` needs `text`, and GET calls it without input
              flow.yml:8:32:       - {path: /items, method: GET, description: x, function_name: repeat}
                                                            ^^^ 
              expected `POST`
              mend: write `method: POST`
              =>       - {path: /items, method: POST, description: x, function_name: repeat}
            warning: general.front_end.endpoints[3].websocket_path: configured, but not served by this version
              flow.yml:9:10:       - {websocket_path: /ws, method: GET, description: x, function_name: repeat}
                                      ^^^^^^^^^^^^^^ 
              mend: remove it
              =>       - {method: GET, description: x, function_name: repeat}
        "#]],
    );
}

#[test]
fn a_front_end_that_is_not_linked_in_is_left_alone() {
    check(
        "general: {front_end: {_type: console, input: [a, b], more: 1}}\nworkflow: {_type: echo}\n",
        expect![[r#"
            warning: general.front_end._type: the front end `console` is not linked into this program: this section is not used
              flow.yml:1:30: general: {front_end: {_type: console, input: [a, b], more: 1}}
                                                          ^^^^^^^ 
              mend: link the crate that brings it, or leave the section for the programs that do
        "#]],
    );
}
