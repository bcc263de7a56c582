//! What a person is told about a file: where, what was expected, and whether the mend mends.

mod mends;

use std::fmt::Write as _;
use std::path::Path;

use expect_test::{Expect, expect};

use nat_config::Document;

use super::Validation;
use crate::testing::parts as registry;
use nat_config::diagnostic::{Diagnostic, Origin, Place, Report, Severity};

fn variable(name: &str) -> Option<String> {
    match name {
        "KIND" => Some("shraed_part".to_owned()),
        "KEY" => Some("hunter2-from-env".to_owned()),
        "WORD" => Some("function".to_owned()),
        "LAB" => Some("7".to_owned()),
        _ => None,
    }
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
fn keys_types_and_names_that_are_misspelled() {
    check(
        "functions:
  first: {_type: shraed_part, lab: 7}
  second:
    _tpye: shared_part
    lab: 7
  third: {_type: shared_part, lba: 7}
workflow:
  _type: shared_part
  lab: 7
  needs: [frist, third]
  gruop: x
wrokflow: {}
",
        expect![[r#"
            error: functions.first: Input tag 'shraed_part' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              flow.yml:2:18:   first: {_type: shraed_part, lab: 7}
                                              ^^^^^^^^^^^ 
              expected one of `shared_part` and `user_part`
              mend: did you mean `shared_part`?
              =>   first: {_type: shared_part, lab: 7}
            error: functions.second: Unable to extract tag using discriminator discriminator()
              flow.yml:4:5:     _tpye: shared_part
                                ^^^^^ 
              mend: `_type` is missing; is `_tpye` a misspelling of it?
              =>     _type: shared_part
            error: functions.third.lab: Field required
              flow.yml:6:31:   third: {_type: shared_part, lba: 7}
                                                           ^^^ 
              expected a whole number of 0 or more
              mend: is `lba` a misspelling of it?
              =>   third: {_type: shared_part, lab: 7}
            error: workflow.needs[0]: Function `frist` not found
              flow.yml:10:11:   needs: [frist, third]
                                        ^^^^^ 
              expected the name of a function: `first`, `second` and `third`
              mend: did you mean `first`?
              =>   needs: [first, third]
            warning: workflow: unknown key `gruop` is ignored
              flow.yml:11:3:   gruop: x
                               ^^^^^ 
              mend: did you mean `group`?
              =>   group: x
            error: wrokflow: Extra inputs are not permitted
              flow.yml:12:1: wrokflow: {}
                             ^^^^^^^^ 
              mend: remove it: `workflow` is there already
              => 
        "#]],
    );
}

#[test]
fn values_of_the_wrong_form() {
    check(
        "general:
  front_end:
    _type: fastpi
  per_user_workflow_timeout: 5 minutes
  max_users: 0
  enable_per_user_monitoring: treu
functions:
  a:
    _type: shared_part
    lab: many
    needs: b
    group: 5
  b: shared_part
  c:
workflow:
  _type: shared_part
  lab: 1.5
  asks:
",
        expect![[r#"
            error: general.front_end: Input tag 'fastpi' found using '_type' does not match any of the expected tags: 'fastapi', 'console'
              flow.yml:3:12:     _type: fastpi
                                        ^^^^^^ 
              expected one of `fastapi`, `console`
              mend: did you mean `fastapi`?
              =>     _type: fastapi
            error: general.per_user_workflow_timeout: Input should be a valid timedelta, `5 minutes` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
              flow.yml:4:30:   per_user_workflow_timeout: 5 minutes
                                                          ^^^^^^^^^ 
              expected a time span of more than 0 seconds
              mend: did you mean `5m`?
              =>   per_user_workflow_timeout: 5m
            error: general.max_users: Input should be greater than or equal to 1
              flow.yml:5:14:   max_users: 0
                                          ^ 
              expected a whole number of 1 or more
              mend: write a whole number of 1 or more
            error: general.enable_per_user_monitoring: Input should be a valid boolean, unable to interpret input
              flow.yml:6:31:   enable_per_user_monitoring: treu
                                                           ^^^^ 
              expected `true` or `false`
              mend: did you mean `true`?
              =>   enable_per_user_monitoring: true
            error: functions.a.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:10:10:     lab: many
                                       ^^^^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more
            error: functions.a.needs: Input should be a valid list
              flow.yml:11:12:     needs: b
                                         ^ 
              expected a list (each entry the name of a function)
              mend: put it in brackets to make it a list of one
              =>     needs: [b]
            error: functions.a.group: Input should be a valid string
              flow.yml:12:12:     group: 5
                                         ^ 
              expected the name of a function group
              mend: put it in quotes to make it a text
              =>     group: "5"
            error: functions.b: Input should be a valid dictionary
              flow.yml:13:6:   b: shared_part
                                  ^^^^^^^^^^^ 
              expected a mapping
              mend: write `{_type: shared_part}`
              =>   b: {_type: shared_part}
            error: functions.c: Unable to extract tag using discriminator discriminator()
              flow.yml:14:3:   c:
                               ^ 
              expected a mapping
              mend: a component is a mapping that begins with its `_type`
            error: workflow.lab: Input should be a valid integer, got a number with a fractional part
              flow.yml:17:8:   lab: 1.5
                                    ^^^ 
              expected a whole number of 0 or more
              mend: write a whole number, such as `1`
              =>   lab: 1
            error: workflow.asks: Input should be a valid list
              flow.yml:18:3:   asks:
                               ^^^^ 
              expected a list (each entry a text)
              mend: remove the key: it then has its default
              => 
        "#]],
    );
}

#[test]
fn components_that_do_not_fit_together() {
    check(
        "functions:
  mine: {_type: user_part, lab: 0}
  relay:
    _type: shared_part
    lab: 0
    needs:
    - mine
  a: {_type: shared_part, lab: 0, needs: [b]}
  b: {_type: shared_part, lab: 0, needs: [a]}
  broken: {_type: shared_part, lab: x, needs: [relay, nowhere]}
  unsound: {_type: who_knows}
function_groups:
  things: {_type: shared_group, include: [push, zap, itms]}
  others: {_type: shared_group, include: [psh], exclude: [items]}
  lists:
    _type: shared_group
    include:
      - push
      - zap
workflow:
  _type: user_part
  lab: 0
  needs: [relay, unsound, things.push, lists__items]
",
        expect![[r#"
            error: functions.relay.needs[0]: Function `relay` depends on per-user function `mine`
              flow.yml:7:7:     - mine
                                  ^^^^ 
              flow.yml:23:11:   needs: [relay, unsound, things.push, lists__items]
                                        ^^^^^ `<workflow>` needs `relay` here
              flow.yml:4:12:     _type: shared_part
                                        ^^^^^^^^^^^ `relay` is shared: `shared_part` is registered so at testing.rs:7
              flow.yml:2:17:   mine: {_type: user_part, lab: 0}
                                             ^^^^^^^^^ `mine` is per-user: `user_part` is registered so at testing.rs:7
              expected the name of a shared component
              mend: register `shared_part` (testing.rs:7) with #[register_per_user_function], or name a shared component here
            error: functions.a: Circular dependency: `a` -> `b` -> `a`
              flow.yml:8:43:   a: {_type: shared_part, lab: 0, needs: [b]}
                                                                       ^ 
              flow.yml:9:43:   b: {_type: shared_part, lab: 0, needs: [a]}
                                                                       ^ `b` needs `a` here
              mend: components are built one after another: let one of them do without the next
            error: functions.broken.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:10:37:   broken: {_type: shared_part, lab: x, needs: [relay, nowhere]}
                                                                  ^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more
            error: functions.broken.needs[1]: Function `nowhere` not found
              flow.yml:10:55:   broken: {_type: shared_part, lab: x, needs: [relay, nowhere]}
                                                                                    ^^^^^^^ 
              expected the name of a function: `a`, `b`, `lists__push`, `mine`, `relay`, `things__push` and `unsound`
              mend: add `nowhere` under `functions:`, or name one that is there
            error: functions.unsound: Input tag 'who_knows' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              flow.yml:11:20:   unsound: {_type: who_knows}
                                                 ^^^^^^^^^ 
              expected one of `shared_part` and `user_part`
              mend: if another crate registers this type, link it into the binary: `use that_crate as _;`
            error: function_groups.things.include: Unknown included functions: ['zap', 'itms']
              flow.yml:13:49:   things: {_type: shared_group, include: [push, zap, itms]}
                                                                              ^^^ 
              flow.yml:13:54:   things: {_type: shared_group, include: [push, zap, itms]}
                                                                                   ^^^^ nor is there `itms`
              expected any of `push` and `items`
              mend: `shared_group` has `push` and `items`
              =>   things: {_type: shared_group, include: [push, items]}
            error: function_groups.others.include: Unknown included functions: ['psh']
              flow.yml:14:43:   others: {_type: shared_group, include: [psh], exclude: [items]}
                                                                        ^^^ 
              expected any of `push` and `items`
              mend: did you mean `push`?
              =>   others: {_type: shared_group, include: [push], exclude: [items]}
            error: function_groups.others: Value error, include and exclude cannot be used together
              flow.yml:14:49:   others: {_type: shared_group, include: [psh], exclude: [items]}
                                                                              ^^^^^^^ 
              flow.yml:14:33:   others: {_type: shared_group, include: [psh], exclude: [items]}
                                                              ^^^^^^^ and this
              mend: `include` alone already leaves out what it does not name: remove `exclude`
              =>   others: {_type: shared_group, include: [psh]}
            error: function_groups.lists.include: Unknown included functions: ['zap']
              flow.yml:19:9:       - zap
                                     ^^^ 
              expected any of `push` and `items`
              mend: `shared_group` has `push` and `items`
              => workflow:
            warning: workflow.needs[2]: `things.push` is the old form of a group's function: write `things__push`
              flow.yml:23:27:   needs: [relay, unsound, things.push, lists__items]
                                                        ^^^^^^^^^^^ 
              mend: write `things__push`
              =>   needs: [relay, unsound, things__push, lists__items]
            error: workflow.needs[3]: Function `lists__items` not found
              flow.yml:23:40:   needs: [relay, unsound, things.push, lists__items]
                                                                     ^^^^^^^^^^^^ 
              expected the name of another component
              mend: add `items` to `include` of function group `lists`
              =>       - zap\n      - items
        "#]],
    );
}

/// Each of these with what is said of it, in one golden text.
#[track_caller]
fn check_all(texts: &[&str], expected: Expect) {
    let mut all = String::new();
    for text in texts {
        writeln!(all, "{text:?}\n{}", shown(&report_of(text))).unwrap();
    }
    expected.assert_eq(&all);
}

#[test]
fn broken_yaml() {
    check_all(
        &[
            "workflow: [1,\n",
            "functions:\n  a: {_type: shared_part, lab: 7\nworkflow: {_type: shared_part, lab: 7}\n",
            "workflow:\n\t_type: x\n\tlab: 7\n",
            "workflow:\n  _type: \"x\n",
            "workflow:\n  _type: a: b\n",
            "workflow:\n  _type: @x\n",
            "workflow:\n  _type: \"C:\\xyz\"\n",
            "workflow:\n  _type: x\n lab: 1\n",
            "workflow:\n  _type: x\n  lab 1\n",
            "workflow:\n  _type:x\n  lab: 1\n",
            "a: *nowhere\n",
            "a: 1\n---\nb: 1\n",
            "  a: 1\nworkflow: {}\n",
        ],
        expect![[r#"
            "workflow: [1,\n"
            error: : Error loading YAML: did not find expected node content at line 2 column 1, while parsing a flow node
              flow.yml:1:11: workflow: [1,
                                       ^ 
              expected `,` or `}`
              mend: close it with `]`
              => workflow: [1,]

            "functions:\n  a: {_type: shared_part, lab: 7\nworkflow: {_type: shared_part, lab: 7}\n"
            error: : Error loading YAML: did not find expected ',' or '}' at line 3 column 9, while parsing a flow mapping at line 2 column 6
              flow.yml:2:6:   a: {_type: shared_part, lab: 7
                                 ^ 
              expected `,` or `}`
              mend: close it with `}`
              =>   a: {_type: shared_part, lab: 7}

            "workflow:\n\t_type: x\n\tlab: 7\n"
            error: : Error loading YAML: found character that cannot start any token at line 2 column 1, while scanning for the next token
              flow.yml:2:1: 	_type: x
                            ^ 
              expected spaces
              mend: indent with spaces: YAML allows no tabs there
              =>   _type: x\n  lab: 7

            "workflow:\n  _type: \"x\n"
            error: : Error loading YAML: found unexpected end of stream at line 3 column 1, while scanning a quoted scalar at line 2 column 10
              flow.yml:2:10:   _type: "x
                                      ^ 
              expected a closing quote
              mend: close it with `"`
              =>   _type: "x"

            "workflow:\n  _type: a: b\n"
            error: : Error loading YAML: mapping values are not allowed in this context at line 2 column 11
              flow.yml:2:11:   _type: a: b
                                       ^ 
              mend: put the text in quotes
              =>   _type: "a: b"

            "workflow:\n  _type: @x\n"
            error: : Error loading YAML: found character that cannot start any token at line 2 column 10, while scanning for the next token
              flow.yml:2:10:   _type: @x
                                      ^ 
              mend: put the text in quotes
              =>   _type: "@x"

            "workflow:\n  _type: \"C:\\xyz\"\n"
            error: : Error loading YAML: did not find expected hexadecimal number at line 2 column 15, while parsing a quoted scalar at line 2 column 10
              flow.yml:2:10:   _type: "C:\xyz"
                                      ^ 
              expected a closing quote
              mend: put the text in quotes
              =>   _type: 'C:\xyz'

            "workflow:\n  _type: x\n lab: 1\n"
            error: : Error loading YAML: did not find expected key at line 3 column 2, while parsing a block mapping
              flow.yml:3:2:  lab: 1
                             ^^^ 
              expected a key with the indentation of those above
              mend: line it up with the lines around it
              =>   lab: 1

            "workflow:\n  _type: x\n  lab 1\n"
            error: : Error loading YAML: could not find expected ':' at line 4 column 1, while scanning a simple key at line 3 column 3
              flow.yml:3:3:   lab 1
                              ^^^^^ 
              expected `:`
              mend: put a colon behind the key
              =>   lab: 1

            "workflow:\n  _type:x\n  lab: 1\n"
            error: : Error loading YAML: mapping values are not allowed in this context at line 3 column 6
              flow.yml:2:3:   _type:x
                              ^^^^^^^ 
              mend: put a space behind the colon
              =>   _type: x

            "a: *nowhere\n"
            error: : Error loading YAML: unknown anchor at line 1 column 4
              flow.yml:1:4: a: *nowhere
                               ^^^^^^^^ 
              expected the name of an anchor (`&name`) above
              mend: define the anchor `&nowhere` above, or put the text in quotes
              => a: "*nowhere"

            "a: 1\n---\nb: 1\n"
            error: : Error loading YAML: the file holds more than one document (a line with only `---` begins another)
              flow.yml:2:1: ---
                            ^ 
              expected one document
              mend: remove the second document
              => 

            "  a: 1\nworkflow: {}\n"
            error: : Error loading YAML: the file holds more than one document (a line with only `---` begins another)
              flow.yml:2:1: workflow: {}
                            ^^^^^^^^ 
              expected the indentation of the first key
              mend: line it up with the lines around it
              =>   workflow: {}

        "#]],
    );
}

#[test]
fn yaml_that_says_what_cannot_be_meant() {
    check_all(
        &[
            "workflow: {_type: shared_part, lab: 7, lab: 8}\nworkflow: {}\n",
            "workflow:\n  _type: shared_part\n  lab: 7\n  needs: []\n  lab: 8\n",
            "workflow: {_type: shared_part, lab: !mine 7}\nfunctions: {a: {_type: shared_part, lab: 99999999999999999999}}\n",
            "workflow: {_type: shared_part, lab: .nan, ? [a] : 5}\n",
            "<<: 5\nworkflow: {_type: shared_part, lab: x}\n",
            "",
            "# nothing\n",
            "- a\n- b\n",
            "workflow: ${GONE:?set it}\nfunctions: ${GONE2:?set it too}\n",
        ],
        expect![[r##"
            "workflow: {_type: shared_part, lab: 7, lab: 8}\nworkflow: {}\n"
            error: : Error loading YAML: the key `lab` stands twice in one mapping
              flow.yml:1:40: workflow: {_type: shared_part, lab: 7, lab: 8}
                                                                    ^^^ 
              flow.yml:1:32: workflow: {_type: shared_part, lab: 7, lab: 8}
                                                            ^^^ it stands here first
              expected each key once
              mend: remove one of the two, or give it another name
              => workflow: {_type: shared_part, lab: 7}
            error: : Error loading YAML: the key `workflow` stands twice in one mapping
              flow.yml:2:1: workflow: {}
                            ^^^^^^^^ 
              flow.yml:1:1: workflow: {_type: shared_part, lab: 7, lab: 8}
                            ^^^^^^^^ it stands here first
              expected each key once
              mend: remove one of the two, or give it another name
              => 

            "workflow:\n  _type: shared_part\n  lab: 7\n  needs: []\n  lab: 8\n"
            error: : Error loading YAML: the key `lab` stands twice in one mapping
              flow.yml:5:3:   lab: 8
                              ^^^ 
              flow.yml:3:3:   lab: 7
                              ^^^ it stands here first
              expected each key once
              mend: remove one of the two, or give it another name
              => 

            "workflow: {_type: shared_part, lab: !mine 7}\nfunctions: {a: {_type: shared_part, lab: 99999999999999999999}}\n"
            error: : Error loading YAML: the tag `mine` has no meaning here
              flow.yml:1:43: workflow: {_type: shared_part, lab: !mine 7}
                                                                       ^ 
              mend: write a plain text, number, list or mapping
            error: : Error loading YAML: the number 99999999999999999999 is too large; in quotes it is a text
              flow.yml:2:42: functions: {a: {_type: shared_part, lab: 99999999999999999999}}
                                                                      ^^^^^^^^^^^^^^^^^^^^ 
              mend: write a smaller number; if a text is meant, put it in quotes

            "workflow: {_type: shared_part, lab: .nan, ? [a] : 5}\n"
            error: : Error loading YAML: `.nan` and `.inf` are no settings; in quotes they are texts
              flow.yml:1:37: workflow: {_type: shared_part, lab: .nan, ? [a] : 5}
                                                                 ^^^^ 
              mend: write another number; if a text is meant, put it in quotes
            error: : Error loading YAML: a key must be a text, not a list or a mapping
              flow.yml:1:45: workflow: {_type: shared_part, lab: .nan, ? [a] : 5}
                                                                         ^^^ 
              expected a text
              mend: write a text in front of the colon, in quotes if need be

            "<<: 5\nworkflow: {_type: shared_part, lab: x}\n"
            error: : Error loading YAML: the merge key `<<` takes a mapping or a list of mappings
              flow.yml:1:1: <<: 5
                            ^^ 
              expected a mapping (`*anchor`), or a list of mappings
              mend: merge a mapping, or remove the merge key
              => workflow: {_type: shared_part, lab: x}
            error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:2:37: workflow: {_type: shared_part, lab: x}
                                                                 ^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more

            ""
            error: : The configuration must be a mapping of sections such as `workflow`; the file is empty
              flow.yml:1:1: 
                            ^ 
              expected a mapping of sections
              mend: begin with `workflow:` and, indented below it, `_type: NAME`

            "# nothing\n"
            error: : The configuration must be a mapping of sections such as `workflow`; the file is empty
              flow.yml:1:1: # nothing
                            ^^^^^^^^^ 
              expected a mapping of sections
              mend: begin with `workflow:` and, indented below it, `_type: NAME`

            "- a\n- b\n"
            error: : The configuration must be a mapping of sections such as `workflow`; the file holds a list
              flow.yml:1:1: - a
                            ^^^ 
              expected a mapping of sections
              mend: begin with `workflow:` and, indented below it, `_type: NAME`

            "workflow: ${GONE:?set it}\nfunctions: ${GONE2:?set it too}\n"
            error: : GONE: set it
              flow.yml:1:11: workflow: ${GONE:?set it}
                                       ^^^^^^^^^^^^^^^ 
              mend: set this environment variable
            error: : GONE2: set it too
              flow.yml:2:12: functions: ${GONE2:?set it too}
                                        ^^^^^^^^^^^^^^^^^^^^ 
              mend: set this environment variable

        "##]],
    );
}

#[test]
fn values_from_the_environment_are_never_shown() {
    check_all(
        &[
            "workflow: {_type: \"${KIND}\", lab: 7}\n",
            "workflow: {_type: shared_part, lab: ${KEY}, needs: [\"${KEY}\", x]}\n",
            "workflow:\n  _type: shared_part\n  lab: ${GONE}\n",
            "workflow:\n  _type: shared_part\n  lab: ${GONE:-x}\n",
            "workflow: {_type: shared_part, lab: 7, api_key: sk-12345678, needs: [sk-12345678]}\n",
            "workflow: {_type: shared_part, lab: 7, api_key: sk-12345678, needs: [ab: c: d]\n",
            "general: {per_user_workflow_timeout: \"${KEY}\", front_end: {_type: fastapi, identity_header: \"a ${KEY}\"}}\n",
            "${KEY}: {}\n",
        ],
        expect![[r#"
            "workflow: {_type: \"${KIND}\", lab: 7}\n"
            error: workflow: Input tag '${KIND}' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              flow.yml:1:19: workflow: {_type: "${KIND}", lab: 7}
                                               ^^^^^^^^^ 
              from the environment variable KIND
              expected one of `shared_part` and `user_part`
              mend: the environment variable KIND gives it: did you mean `shared_part`?

            "workflow: {_type: shared_part, lab: ${KEY}, needs: [\"${KEY}\", x]}\n"
            error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:1:37: workflow: {_type: shared_part, lab: ${KEY}, needs: ["${KEY}", x]}
                                                                 ^^^^^^ 
              from the environment variable KEY
              expected a whole number of 0 or more
              mend: the environment variable KEY gives it: write a whole number of 0 or more
            error: workflow.needs[0]: Function `${KEY}` not found
              flow.yml:1:53: workflow: {_type: shared_part, lab: ${KEY}, needs: ["${KEY}", x]}
                                                                                 ^^^^^^^^ 
              from the environment variable KEY
              expected the name of a function; there is none
              mend: the environment variable KEY gives it: add `${KEY}` under `functions:`, or name one that is there
            error: workflow.needs[1]: Function `x` not found
              flow.yml:1:63: workflow: {_type: shared_part, lab: ${KEY}, needs: ["${KEY}", x]}
                                                                                           ^ 
              expected the name of a function; there is none
              mend: add `x` under `functions:`, or name one that is there

            "workflow:\n  _type: shared_part\n  lab: ${GONE}\n"
            error: workflow.lab: Input should be a valid integer
              flow.yml:3:8:   lab: ${GONE}
                                   ^^^^^^^ 
              from the environment variable GONE
              expected a whole number of 0 or more
              mend: the environment variable GONE gives it: write a whole number of 0 or more

            "workflow:\n  _type: shared_part\n  lab: ${GONE:-x}\n"
            error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:3:16:   lab: ${GONE:-x}
                                            ^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more

            "workflow: {_type: shared_part, lab: 7, api_key: sk-12345678, needs: [sk-12345678]}\n"
            warning: workflow: unknown key `api_key` is ignored
              flow.yml:1:40: workflow: {_type: shared_part, lab: 7, api_key: ***********, needs: [sk-12345678]}
                                                                    ^^^^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              => workflow: {_type: shared_part, lab: 7, needs: [sk-12345678]}
            error: workflow.needs[0]: Function `***` not found
              flow.yml:1:70: workflow: {_type: shared_part, lab: 7, api_key: ***********, needs: [sk-12345678]}
                                                                                                  ^^^^^^^^^^^ 
              expected the name of a function; there is none
              mend: add `***` under `functions:`, or name one that is there

            "workflow: {_type: shared_part, lab: 7, api_key: sk-12345678, needs: [ab: c: d]\n"
            error: : Error loading YAML: did not find expected ',' or ']' at line 1 column 75, while parsing a flow sequence at line 1 column 69
              flow.yml:1:69: workflow: {_type: shared_part, lab: 7, api_key: ***********, needs: [ab: c: d]
                                                                                                 ^ 
              expected `,` or `]`
              mend: close the bracket `[`, or put a comma between the entries

            "general: {per_user_workflow_timeout: \"${KEY}\", front_end: {_type: fastapi, identity_header: \"a ${KEY}\"}}\n"
            error: general.per_user_workflow_timeout: Input should be a valid timedelta, `${KEY}` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)
              flow.yml:1:38: general: {per_user_workflow_timeout: "${KEY}", front_end: {_type: fastapi, identity_header: "a ${KEY}"}}
                                                                  ^^^^^^^^ 
              from the environment variable KEY
              expected a time span of more than 0 seconds
              mend: the environment variable KEY gives it: write seconds (`90`), a number with a unit (`30m`), or ISO 8601 (`PT1H30M`)
            error: general.front_end.identity_header: Value error, this is no name of an HTTP header
              flow.yml:1:93: general: {per_user_workflow_timeout: "${KEY}", front_end: {_type: fastapi, identity_header: "a ${KEY}"}}
                                                                                                                         ^^^^^^^^^^ 
              from the environment variable KEY
              expected letters, digits and hyphens, such as `X-Auth-User`
              mend: the environment variable KEY gives it: write letters, digits and hyphens, such as `X-Auth-User`

            "${KEY}: {}\n"
            error: ${KEY}: Extra inputs are not permitted
              flow.yml:1:1: ${KEY}: {}
                            ^^^^^^ 
              from the environment variable KEY
              expected one of the sections `general`, `functions`, `function_groups`, `workflow`, `middleware`, `base`, `llms`, `embedders`, `memory`, `object_stores`, `optimizer`, `retrievers`, `ttc_strategies`, `authentication`, `eval`, `trainers`, `trainer_adapters`, `trajectory_builders` and `finetuning`
              mend: the environment variable KEY gives it: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning

        "#]],
    );
}

/// Files in a folder, of which the first is checked.
#[track_caller]
fn check_files(files: &[(&str, &str)], overrides: &[(&str, &str)], expected: Expect) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let report = match Document::load_with(folder.path().join(files[0].0), &variable) {
        Ok(mut document) => {
            for (path, value) in overrides {
                document.override_value(path, value).unwrap();
            }
            Validation::of(&document, &registry()).report
        }
        Err(report) => report,
    };
    expected.assert_eq(&shown(&report).replace(&format!("{}/", folder.path().display()), ""));
}

#[test]
fn bases_and_texts() {
    let sound = "workflow: {_type: shared_part, lab: 7}\n";
    check_files(
        &[
            ("flow.yml", "base: middle.yml\nworkflow:\n  needs: [x]\nfunctions:\n  a: {lab: many}\n"),
            ("middle.yml", "base: bottom.yml\nworkflow: {_type: shared_prt}\n"),
            (
                "bottom.yml",
                "workflow: {lab: 5}\nfunctions:\n  a:\n    _type: shared_part\n    lab: 4\n    needs: [y]\n",
            ),
        ],
        &[],
        expect![[r#"
            error: functions.a.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:5:12:   a: {lab: many}
                                                        ^^^^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more
            error: workflow: Input tag 'shared_prt' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              middle.yml:2:19: workflow: {_type: shared_prt}
                                                                 ^^^^^^^^^^ 
              from the base middle.yml
              expected one of `shared_part` and `user_part`
              mend: did you mean `shared_part`?
              => workflow: {_type: shared_part}
            error: functions.a.needs[0]: Function `y` not found
              bottom.yml:6:13:     needs: [y]
                                                           ^ 
              from the base bottom.yml
              expected the name of another function; there is none
              mend: add `y` under `functions:`, or name one that is there
        "#]],
    );
    check_files(
        &[("flow.yml", &format!("base: bottm.yml\n{sound}")), ("bottom.yml", "")],
        &[],
        expect![[r#"
        error: base: Base configuration file not found: bottm.yml
          flow.yml:1:7: base: bottm.yml
                                              ^^^^^^^^^ 
          expected the path of a file, relative to this one
          mend: did you mean `bottom.yml`?
          => base: bottom.yml
    "#]],
    );
    check_files(
        &[("flow.yml", "base: flow.yml\n")],
        &[],
        expect![[r#"
        error: base: Circular dependency detected in configuration inheritance: flow.yml is already in the inheritance chain
          flow.yml:1:7: base: flow.yml
                                              ^^^^^^^^ 
          mend: remove the key from one of the files
          => 
    "#]],
    );
    check_files(
        &[("flow.yml", "base: other.yml\n"), ("other.yml", "base: flow.yml\n")],
        &[],
        expect![[r#"
        error: base: Circular dependency detected in configuration inheritance: flow.yml is already in the inheritance chain
          other.yml:1:7: base: flow.yml
                                               ^^^^^^^^ 
          from the base other.yml
          mend: remove the key from one of the files
          => 
    "#]],
    );
    check_files(
        &[("flow.yml", "base: 5\n")],
        &[],
        expect![[r#"
        error: base: Configuration 'base' key must be a string, got int
          flow.yml:1:7: base: 5
                                              ^ 
          expected the path of another file
          mend: write the path of a file, or remove the key
    "#]],
    );
    check_files(
        &[("flow.yml", "base: other.yml\n"), ("other.yml", "a: [\n")],
        &[],
        expect![[r#"
        error: : Error loading YAML: did not find expected node content at line 2 column 1, while parsing a flow node
          other.yml:1:4: a: [
                                            ^ 
          from the base other.yml
          expected `,` or `}`
          mend: close it with `]`
          => a: []
    "#]],
    );
    check_files(
        &[
            (
                "flow.yml",
                "workflow:\n  _type: shared_part\n  lab: file://lab.txt\n  asks: file://lba.txt\n  group: file://x.py\n",
            ),
            ("lab.txt", "a long text"),
        ],
        &[],
        expect![[r#"
            error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:3:8:   lab: file://lab.txt
                                                   ^^^^^^^^^^^^^^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more
            error: workflow.asks: Referenced file not found: lba.txt
              flow.yml:4:9:   asks: file://lba.txt
                                                    ^^^^^^^^^^^^^^ 
              expected the path of a text file, relative to this one
              mend: did you mean `file://lab.txt`?
              =>   asks: file://lab.txt
            error: workflow.group: Unsupported file extension '.py' for file reference: file://x.py; the extensions are: .j2, .jinja, .jinja2, .md, .prompt, .template, .tpl, .txt
              flow.yml:5:10:   group: file://x.py
                                                      ^^^^^^^^^^^ 
              expected the path of a text file, relative to this one
              mend: give the file one of these extensions, such as `.txt`
        "#]],
    );
    check_files(
        &[("flow.yml", "defaults: &d\n  lab: many\nworkflow:\n  <<: *d\n  _type: shared_part\n")],
        &[("workflow.needs", "x,y"), ("workflow.api_key", "hidden"), ("functions.z._type", "zip")],
        expect![[r#"
            error: defaults: Extra inputs are not permitted
              flow.yml:1:1: defaults: &d
                                            ^^^^^^^^ 
              expected one of the sections `general`, `functions`, `function_groups`, `workflow`, `middleware`, `base`, `llms`, `embedders`, `memory`, `object_stores`, `optimizer`, `retrievers`, `ttc_strategies`, `authentication`, `eval`, `trainers`, `trainer_adapters`, `trajectory_builders` and `finetuning`
              mend: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
            error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
              flow.yml:2:8:   lab: many
                                                   ^^^^ 
              expected a whole number of 0 or more
              mend: write a whole number of 0 or more
            error: workflow.needs: Input should be a valid list
              command line:1:27: --override workflow.needs x,y
                                                           ^^^ 
              from --override workflow.needs
              expected a list (each entry the name of a function)
              mend: write a list in the file, such as `[]`: what is typed over one is split at its commas
            warning: workflow: unknown key `api_key` is ignored
              command line:1:29: --override workflow.api_key ******
                                                             ^^^^^^ 
              from --override workflow.api_key
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
            error: functions.z: Input tag 'zip' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              command line:1:30: --override functions.z._type zip
                                                              ^^^ 
              from --override functions.z._type
              expected one of `shared_part` and `user_part`
              mend: if another crate registers this type, link it into the binary: `use that_crate as _;`
        "#]],
    );
}

#[test]
fn overrides_are_typed_by_what_is_there() {
    let text =
        "workflow: {prefix: x, limit: 7, ratio: 0.5, flag: false, list: [a, b], nothing: , map: {a: 1}, token: 5}\n";
    let mut shown = String::new();
    for (path, value) in [
        ("workflow.prefix", "5"),
        ("workflow.limit", "9"),
        ("workflow.limit", "nine"),
        ("workflow.ratio", "2"),
        ("workflow.ratio", "two"),
        ("workflow.flag", "True"),
        ("workflow.flag", "yes"),
        ("workflow.list", "c, d"),
        ("workflow.list", ""),
        ("workflow.nothing", "5"),
        ("workflow.map", "x"),
        ("workflow.map", "{b: 2}"),
        ("workflow.token", "hidden"),
        ("workflow.new.deep", "5"),
        ("workflow.prefix.deep", "5"),
        ("general.front_end.port", "1"),
    ] {
        let mut document = Document::parse_with(text, None, &variable).unwrap();
        let before = document.content().clone();
        match document.override_value(path, value) {
            Ok(()) => {
                let content = serde_json::Value::Object(document.content().clone());
                let at = path.split('.').try_fold(&content, |value, key| value.get(key)).cloned();
                writeln!(shown, "{path} {value} -> {}", at.unwrap()).unwrap();
            }
            Err(error) => {
                assert_eq!(*document.content(), before);
                writeln!(shown, "{path} {value}: {error}").unwrap();
            }
        }
    }
    expect![[r#"
        workflow.prefix 5 -> "5"
        workflow.limit 9 -> 9
        workflow.limit nine: Type mismatch for 'workflow.limit': expected int, got 'nine' (str). Error: this is no whole number
        workflow.ratio 2 -> 2.0
        workflow.ratio two: Type mismatch for 'workflow.ratio': expected float, got 'two' (str). Error: this is no number
        workflow.flag True -> true
        workflow.flag yes: Type mismatch for 'workflow.flag': expected bool, got 'yes' (str). Error: a boolean is `true` or `false`
        workflow.list c, d -> ["c","d"]
        workflow.list  -> []
        workflow.nothing 5 -> "5"
        workflow.map x: Type mismatch for 'workflow.map': expected dict, got 'x' (str). Error: a mapping is written as `{key: value}`
        workflow.map {b: 2} -> {"b":2}
        workflow.token hidden: Type mismatch for 'workflow.token': expected int, got '***' (str). Error: this is no whole number
        workflow.new.deep 5 -> "5"
        workflow.prefix.deep 5: Cannot navigate through non-dictionary value at 'workflow.prefix'
        general.front_end.port 1 -> "1"
    "#]].assert_eq(&shown);
}
