//! Mends that must fit what stands around a mistake.

use expect_test::expect;

use super::{Validation, check, check_files, report_of};
use crate::testing::parts as registry;
use nat_config::Document;

/// Two keys of one name would break the file, or drop a setting.
#[test]
fn no_key_is_renamed_onto_another() {
    check(
        "\
general: {max_usrs: 7, max_users: 8, front_end: {_type: fastapi, prot: 5, port: 3}}
functons: {a: {_type: shared_part, lab: 1}}
functions: {b: {_type: shared_part, lbl: 1, lab: 1}}
workflow: {_type: shared_part, lab: 1, nmae: a, name: b}
",
        expect![[r#"
            error: general.max_usrs: Extra inputs are not permitted
              flow.yml:1:11: general: {max_usrs: 7, max_users: 8, front_end: {_type: fastapi, prot: 5, port: 3}}
                                       ^^^^^^^^ 
              expected one of the keys `per_user_workflow_timeout`, `per_user_workflow_cleanup_interval`, `enable_per_user_monitoring`, `front_end`, `telemetry`, `use_uvloop`, `build_timeout`, `close_timeout`, `shutdown_timeout`, `max_running_calls`, `max_waiting_calls`, `max_users`, `max_concurrent_builds`, `max_concurrent_closes`, `queue_timeout`, `max_call_depth` and `build_retry`
              mend: remove it: `max_users` is there already
              => general: {max_users: 8, front_end: {_type: fastapi, prot: 5, port: 3}}
            warning: general.front_end: unknown key `prot` is ignored
              flow.yml:1:66: general: {max_usrs: 7, max_users: 8, front_end: {_type: fastapi, prot: 5, port: 3}}
                                                                                              ^^^^ 
              mend: remove it: `port` is there already
              => general: {max_usrs: 7, max_users: 8, front_end: {_type: fastapi, port: 3}}
            error: functons: Extra inputs are not permitted
              flow.yml:2:1: functons: {a: {_type: shared_part, lab: 1}}
                            ^^^^^^^^ 
              mend: `functions` is there already: put what stands below this key there, or remove it
            warning: functions.b: unknown key `lbl` is ignored
              flow.yml:3:37: functions: {b: {_type: shared_part, lbl: 1, lab: 1}}
                                                                 ^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              => functions: {b: {_type: shared_part, lab: 1}}
            warning: workflow: unknown key `nmae` is ignored
              flow.yml:4:40: workflow: {_type: shared_part, lab: 1, nmae: a, name: b}
                                                                    ^^^^ 
              mend: remove it: `name` is there already
              => workflow: {_type: shared_part, lab: 1, name: b}
        "#]],
    );
}

/// A base has the key: in this file it is free, and was meant.
#[test]
fn a_key_of_the_base_may_be_meant() {
    check_files(
        &[
            ("flow.yml", "base: base.yml\nworkflow: {_type: shared_part, lba: 1}\n"),
            ("base.yml", "workflow: {lab: 2}\n"),
        ],
        &[],
        expect![[r#"
            warning: workflow: unknown key `lba` is ignored
              flow.yml:2:32: workflow: {_type: shared_part, lba: 1}
                                                                            ^^^ 
              mend: did you mean `lab`?
              => workflow: {_type: shared_part, lab: 1}
        "#]],
    );
}

#[test]
fn what_a_base_gives_is_no_default() {
    check_files(
        &[
            ("flow.yml", "base: base.yml\ngeneral: {max_users: null, max_running_calls: null}\n"),
            ("base.yml", "general: {max_users: 5}\n"),
        ],
        &[],
        expect![[r#"
            error: general.max_users: Input should be a valid integer
              flow.yml:2:22: general: {max_users: null, max_running_calls: null}
                                                                  ^^^^ 
              expected a whole number of 1 or more
              mend: remove the key: it then has the value of base.yml
              => general: {max_running_calls: null}
            error: general.max_running_calls: Input should be a valid integer
              flow.yml:2:47: general: {max_users: null, max_running_calls: null}
                                                                                           ^^^^ 
              expected a whole number of 1 or more
              mend: remove the key: it then has its default
              => general: {max_users: null}
        "#]],
    );
}

#[test]
fn what_asks_for_a_name_is_not_what_it_meant() {
    check(
        "\
functions:
  totals: {_type: shared_part, lab: 1, needs: [total]}
workflow: {_type: shared_part, lab: 1, needs: [total]}
",
        expect![[r#"
            error: functions.totals.needs[0]: Function `total` not found
              flow.yml:2:48:   totals: {_type: shared_part, lab: 1, needs: [total]}
                                                                            ^^^^^ 
              expected the name of another function; there is none
              mend: add `total` under `functions:`, or name one that is there
            error: workflow.needs[0]: Function `total` not found
              flow.yml:3:48: workflow: {_type: shared_part, lab: 1, needs: [total]}
                                                                            ^^^^^ 
              expected the name of a function: `totals`
              mend: did you mean `totals`?
              => workflow: {_type: shared_part, lab: 1, needs: [totals]}
        "#]],
    );
}

/// Beside `exclude` there may be no `include`.
#[test]
fn an_excluded_function_is_included_instead() {
    check(
        "\
function_groups:
  things: {_type: shared_group, exclude: [push]}
workflow: {_type: shared_part, lab: 1, needs: [things__push]}
",
        expect![[r#"
            error: workflow.needs[0]: Function `things__push` not found
              flow.yml:3:48: workflow: {_type: shared_part, lab: 1, needs: [things__push]}
                                                                            ^^^^^^^^^^^^ 
              expected the name of another component
              mend: write `include: [push, items]` in place of `exclude` of function group `things`
              =>   things: {_type: shared_group, include: [push, items]}
        "#]],
    );
}

/// The file's own mistakes are shown, and not what only looks like one because something is not there.
#[test]
fn what_cannot_be_read_hides_no_mistake() {
    let own = "functions: {a: {lab: 1}, b: {_type: shared_prat, lab: 1}}\nworkflow: {_type: shared_part, lab: x, needs: [c]}\n";
    for base in ["gone.yml", "flow.yml", "null", "broken.yml"] {
        check_files(
            &[("flow.yml", &format!("base: {base}\n{own}")), ("broken.yml", "workflow: [\n")],
            &[],
            match base {
                "gone.yml" => expect![[r#"
                    error: base: Base configuration file not found: gone.yml
                      flow.yml:1:7: base: gone.yml
                                                          ^^^^^^^^ 
                      expected the path of a file, relative to this one
                      mend: check the path: it is relative to the file that names it
                    error: functions.b: Input tag 'shared_prat' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
                      flow.yml:2:37: functions: {a: {lab: 1}, b: {_type: shared_prat, lab: 1}}
                                                                                         ^^^^^^^^^^^ 
                      expected one of `shared_part` and `user_part`
                      mend: did you mean `shared_part`?
                      => functions: {a: {lab: 1}, b: {_type: shared_part, lab: 1}}
                    error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
                      flow.yml:3:37: workflow: {_type: shared_part, lab: x, needs: [c]}
                                                                                         ^ 
                      expected a whole number of 0 or more
                      mend: write a whole number of 0 or more
                "#]],
                "flow.yml" => expect![[r#"
                    error: base: Circular dependency detected in configuration inheritance: flow.yml is already in the inheritance chain
                      flow.yml:1:7: base: flow.yml
                                                          ^^^^^^^^ 
                      mend: remove the key from one of the files
                      => functions: {a: {lab: 1}, b: {_type: shared_prat, lab: 1}}
                    error: functions.b: Input tag 'shared_prat' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
                      flow.yml:2:37: functions: {a: {lab: 1}, b: {_type: shared_prat, lab: 1}}
                                                                                         ^^^^^^^^^^^ 
                      expected one of `shared_part` and `user_part`
                      mend: did you mean `shared_part`?
                      => functions: {a: {lab: 1}, b: {_type: shared_part, lab: 1}}
                    error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
                      flow.yml:3:37: workflow: {_type: shared_part, lab: x, needs: [c]}
                                                                                         ^ 
                      expected a whole number of 0 or more
                      mend: write a whole number of 0 or more
                "#]],
                "null" => expect![[r#"
                    error: base: Configuration 'base' key must be a string, got NoneType
                      flow.yml:1:7: base: null
                                                          ^^^^ 
                      expected the path of another file
                      mend: write the path of a file, or remove the key
                    error: functions.b: Input tag 'shared_prat' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
                      flow.yml:2:37: functions: {a: {lab: 1}, b: {_type: shared_prat, lab: 1}}
                                                                                         ^^^^^^^^^^^ 
                      expected one of `shared_part` and `user_part`
                      mend: did you mean `shared_part`?
                      => functions: {a: {lab: 1}, b: {_type: shared_part, lab: 1}}
                    error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
                      flow.yml:3:37: workflow: {_type: shared_part, lab: x, needs: [c]}
                                                                                         ^ 
                      expected a whole number of 0 or more
                      mend: write a whole number of 0 or more
                "#]],
                _ => expect![[r#"
                    error: functions.b: Input tag 'shared_prat' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
                      flow.yml:2:37: functions: {a: {lab: 1}, b: {_type: shared_prat, lab: 1}}
                                                                                         ^^^^^^^^^^^ 
                      expected one of `shared_part` and `user_part`
                      mend: did you mean `shared_part`?
                      => functions: {a: {lab: 1}, b: {_type: shared_part, lab: 1}}
                    error: workflow.lab: Input should be a valid integer, unable to parse string as an integer
                      flow.yml:3:37: workflow: {_type: shared_part, lab: x, needs: [c]}
                                                                                         ^ 
                      expected a whole number of 0 or more
                      mend: write a whole number of 0 or more
                    error: : Error loading YAML: did not find expected node content at line 2 column 1, while parsing a flow node
                      broken.yml:1:11: workflow: [
                                                                 ^ 
                      from the base broken.yml
                      expected `,` or `}`
                      mend: close it with `]`
                      => workflow: []
                "#]],
            },
        );
    }
    check(
        "\
general: {max_users: \"${GONE:?say how many}\", max_running_calls: x}
functions: {a: {_type: \"${GONE_TOO:?}\", lab: 1}}
workflow: {_type: shared_part, lab: \"${GONE:?say how many}\", needs: [a, b]}
",
        expect![[r#"
            error: : GONE: say how many
              flow.yml:1:23: general: {max_users: "${GONE:?say how many}", max_running_calls: x}
                                                   ^^^^^^^^^^^^^^^^^^^^^ 
              mend: set this environment variable
            error: general.max_running_calls: Input should be a valid integer, unable to parse string as an integer
              flow.yml:1:66: general: {max_users: "${GONE:?say how many}", max_running_calls: x}
                                                                                              ^ 
              expected a whole number of 1 or more
              mend: write a whole number of 1 or more
            error: : GONE_TOO: this variable must be set
              flow.yml:2:25: functions: {a: {_type: "${GONE_TOO:?}", lab: 1}}
                                                     ^^^^^^^^^^^^^ 
              mend: set this environment variable
        "#]],
    );
}

/// What the words of a value are is nobody's secret where others use them.
#[test]
fn a_variable_with_an_ordinary_word_hides_only_itself() {
    check(
        "\
functions:
  a: {_type: \"${WORD}\", lab: 1}
  b: {_type: function, lab: 1, needs: [\"${WORD}\", c]}
functons: {}
",
        expect![[r#"
            error: functions.a: Input tag '${WORD}' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              flow.yml:2:14:   a: {_type: "${WORD}", lab: 1}
                                          ^^^^^^^^^ 
              from the environment variable WORD
              expected one of `shared_part` and `user_part`
              mend: the environment variable WORD gives it: if another crate registers this type, link it into the binary: `use that_crate as _;`
            error: functions.b: Input tag 'function' found using discriminator() does not match any of the expected tags: 'shared_part', 'user_part'
              flow.yml:3:14:   b: {_type: function, lab: 1, needs: ["${WORD}", c]}
                                          ^^^^^^^^ 
              expected one of `shared_part` and `user_part`
              mend: if another crate registers this type, link it into the binary: `use that_crate as _;`
            error: functons: Extra inputs are not permitted
              flow.yml:4:1: functons: {}
                            ^^^^^^^^ 
              mend: remove it: `functions` is there already
              => 
        "#]],
    );
}

#[test]
fn secrets_are_covered_wherever_they_stand() {
    check(
        "\
x: &s S3CRET-ONE
functions:
  a: {_type: shared_part, lab: 1, max_tokens: 5, auth: {password: [S3CRET-TWO]}, api_kys: S3CRET-THREE}
  b: {_type: shared_part, lab: 1, url: https://S3CRET-FOUR@host/?api_key=S3CRET-FIVE&page=2, cookie: S3CRET-SIX}
  c: {_type: shared_part, lab: 1, api_key: *s}
  d:
    _type: shared_part
    lab: 1
    tokens: S3CRET-SEVEN, S3CRET-EIGHT # not here
",
        expect![[r#"
            error: x: Extra inputs are not permitted
              flow.yml:1:1: x: &s **********
                            ^ 
              expected one of the sections `general`, `functions`, `function_groups`, `workflow`, `middleware`, `base`, `llms`, `embedders`, `memory`, `object_stores`, `optimizer`, `retrievers`, `ttc_strategies`, `authentication`, `eval`, `trainers`, `trainer_adapters`, `trajectory_builders` and `finetuning`
              mend: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
            warning: functions.a: unknown key `max_tokens` is ignored
              flow.yml:3:35:   a: {_type: shared_part, lab: 1, max_tokens: 5, auth: ************************, api_kys: ************}
                                                               ^^^^^^^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              =>   a: {_type: shared_part, lab: 1, auth: ************************, api_kys: ************}
            warning: functions.a: unknown key `auth` is ignored
              flow.yml:3:50:   a: {_type: shared_part, lab: 1, max_tokens: 5, auth: ************************, api_kys: ************}
                                                                              ^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              =>   a: {_type: shared_part, lab: 1, max_tokens: 5, api_kys: ************}
            warning: functions.a: unknown key `api_kys` is ignored
              flow.yml:3:82:   a: {_type: shared_part, lab: 1, max_tokens: 5, auth: ************************, api_kys: ************}
                                                                                                              ^^^^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              =>   a: {_type: shared_part, lab: 1, max_tokens: 5, auth: ************************}
            warning: functions.b: unknown key `url` is ignored
              flow.yml:4:35:   b: {_type: shared_part, lab: 1, url: https://***********@host/?api_key=***********&page=2, cookie: **********}
                                                               ^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              =>   b: {_type: shared_part, lab: 1, cookie: **********}
            warning: functions.b: unknown key `cookie` is ignored
              flow.yml:4:94:   b: {_type: shared_part, lab: 1, url: https://***********@host/?api_key=***********&page=2, cookie: **********}
                                                                                                                          ^^^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              =>   b: {_type: shared_part, lab: 1, url: https://***********@host/?api_key=***********&page=2}
            warning: functions.c: unknown key `api_key` is ignored
              flow.yml:5:35:   c: {_type: shared_part, lab: 1, api_key: *s}
                                                               ^^^^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              =>   c: {_type: shared_part, lab: 1}
            warning: functions.d: unknown key `tokens` is ignored
              flow.yml:9:5:     tokens: ************************** # not here
                                ^^^^^^ 
              expected one of the keys `lab`, `needs`, `group` and `asks`
              mend: remove it
              => 
        "#]],
    );
}

/// Quotes are put around the text alone, and those that are there are used or taken off.
#[test]
fn quoting_leaves_comments_alone() {
    let mended = |value: &str| {
        let text = format!("workflow:\n  _type: shared_part\n  lab: {value}\n");
        let report = report_of(&text);
        let [one] = report.diagnostics.as_slice() else { panic!("{value}: {report}") };
        let change = one.mend.as_ref().and_then(|mend| mend.replacement.as_ref());
        let change = change.unwrap_or_else(|| panic!("{value}: {report}"));
        let mut text = text.clone();
        text.replace_range(change.span.clone(), &change.text);
        text.lines().last().unwrap_or_default().trim_start_matches("  lab: ").to_owned()
    };
    for (written, expected) in [
        ("@everyone   # say hello", "\"@everyone\"   # say hello"),
        ("'It's me'  # me", "'It''s me'  # me"),
        (r#""C:\logs\nat"   # windows"#, r"'C:\logs\nat'   # windows"),
        (r#""C:\logs #1\nat""#, r"'C:\logs #1\nat'"),
        ("\"Hi\" there # x", "'\"Hi\" there' # x"),
        ("\"a\" and \"b\" # x", "'\"a\" and \"b\"' # x"),
        ("* # all", "\"*\" # all"),
        ("[*, a]   # all", "[\"*\", a]   # all"),
        ("[@x, a]   # all", "[\"@x\", a]   # all"),
        ("Note: this # comment", "\"Note: this\" # comment"),
    ] {
        assert_eq!(mended(written), expected, "{written}");
    }
}

#[test]
fn keys_go_where_they_belong() {
    check(
        "\
general:
  port: 5
  shutdown_timeout: .inf
  max_users: 99999999999999999999999
  front_end: {_type: fastapi, max_running_calls: 5, session: {mode: signd}, trusted_proxies: -10.0.0.1}
front_end:
  port: 7
workflow:
_type: shared_part
",
        expect![[r#"
            error: general.port: Extra inputs are not permitted
              flow.yml:2:3:   port: 5
                              ^^^^ 
              expected one of the keys `per_user_workflow_timeout`, `per_user_workflow_cleanup_interval`, `enable_per_user_monitoring`, `front_end`, `telemetry`, `use_uvloop`, `build_timeout`, `close_timeout`, `shutdown_timeout`, `max_running_calls`, `max_waiting_calls`, `max_users`, `max_concurrent_builds`, `max_concurrent_closes`, `queue_timeout`, `max_call_depth` and `build_retry`
              mend: it belongs under `front_end` in `general`
            error: : Error loading YAML: `.nan` and `.inf` are no settings; in quotes they are texts
              flow.yml:3:21:   shutdown_timeout: .inf
                                                 ^^^^ 
              mend: write another number; if a text is meant, put it in quotes
            error: : Error loading YAML: the number 99999999999999999999999 is too large; in quotes it is a text
              flow.yml:4:14:   max_users: 99999999999999999999999
                                          ^^^^^^^^^^^^^^^^^^^^^^^ 
              mend: write a smaller number; if a text is meant, put it in quotes
            warning: general.front_end: unknown key `max_running_calls` is ignored
              flow.yml:5:31:   front_end: {_type: fastapi, max_running_calls: 5, session: {mode: signd}, trusted_proxies: -10.0.0.1}
                                                           ^^^^^^^^^^^^^^^^^ 
              expected one of the keys `_type`, `port`, `identity_header`, `session`, `trusted_proxies`, `endpoints` and `input`
              mend: it belongs under `general`
            error: general.front_end.session.mode: Input should be 'client' or 'signed'
              flow.yml:5:69:   front_end: {_type: fastapi, max_running_calls: 5, session: {mode: signd}, trusted_proxies: -10.0.0.1}
                                                                                                 ^^^^^ 
              expected `client`
              mend: write `client`
            error: general.front_end.trusted_proxies: Input should be a valid list
              flow.yml:5:94:   front_end: {_type: fastapi, max_running_calls: 5, session: {mode: signd}, trusted_proxies: -10.0.0.1}
                                                                                                                          ^^^^^^^^^ 
              expected a list (each entry a text)
              mend: put a space behind the dash of each entry
            error: front_end: Extra inputs are not permitted
              flow.yml:6:1: front_end:
                            ^^^^^^^^^ 
              mend: it belongs under `general`
            error: _type: Extra inputs are not permitted
              flow.yml:9:1: _type: shared_part
                            ^^^^^ 
              mend: it belongs to a component, such as the `workflow`: indent it below that
        "#]],
    );
    check(
        "general:\n  max_users 5\nworkflow: {_type: shared_part, lab: 1}\n",
        expect![[r#"
        error: general: Input should be a valid dictionary or object to extract fields from
          flow.yml:2:3:   max_users 5
                          ^^^^^^^^^^^ 
          expected a mapping
          mend: put a colon behind the key
          =>   max_users: 5
    "#]],
    );
    check(
        "workflow:\n  <<: *nope\n  _type: shared_part\n  lab: 1\n",
        expect![[r#"
        error: : Error loading YAML: unknown anchor at line 2 column 7
          flow.yml:2:7:   <<: *nope
                              ^^^^^ 
          expected the name of an anchor (`&name`) above
          mend: define the anchor before it is used
    "#]],
    );
    check(
        "{\n  \"workflow\": {\n    \"_type\": \"shared_part,\n    \"lab\": 1\n  }\n}\n",
        expect![[r#"
        error: : Error loading YAML: did not find expected ',' or '}' at line 4 column 6, while parsing a flow mapping at line 2 column 15
          flow.yml:3:5:     "_type": "shared_part,
                            ^^^^^^^^^^^^^^^^^^^^^^ 
          expected `,` or `}`
          mend: close the quote that opens here
          =>     "_type": "shared_part",
    "#]],
    );
    check(
        "workflow:\n\u{a0} _type: shared_part\n  lab: 1\n",
        expect![[r#"
        error: : Error loading YAML: mapping values are not allowed in this context at line 3 column 6
          flow.yml:1:1: workflow:
                        ^^^^^^^^^ 
          mend: put plain spaces where there are no-break spaces
          => workflow:\n  _type: shared_part\n  lab: 1
    "#]],
    );
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let file = folder.path().join("flow.yml");
    std::fs::write(&file, "base: pipe.yml\nworkflow: {_type: shared_part, lab: 1}\n").unwrap();
    let report = Validation::of(&Document::load(&file).unwrap(), &registry()).report;
    assert!(report.headline().contains("is no regular file"), "{report}");
}

#[test]
fn each_text_that_is_too_large_is_told_by_itself() {
    let large = "x".repeat(10 * 1024 * 1024 + 1);
    check_files(
        &[
            ("flow.yml", "x: file://large.txt\ny: file://small.txt\nz: file://folder.txt\n"),
            ("large.txt", &large),
            ("small.txt", "small"),
        ],
        &[],
        expect![[r#"
            error: x: Value error, large.txt is larger than 10 MiB
              flow.yml:1:4: x: file://large.txt
                                               ^^^^^^^^^^^^^^^^ 
              expected the path of a text file, relative to this one
              mend: shorten it
            error: y: Extra inputs are not permitted
              flow.yml:2:1: y: file://small.txt
                                            ^ 
              expected one of the sections `general`, `functions`, `function_groups`, `workflow`, `middleware`, `base`, `llms`, `embedders`, `memory`, `object_stores`, `optimizer`, `retrievers`, `ttc_strategies`, `authentication`, `eval`, `trainers`, `trainer_adapters`, `trajectory_builders` and `finetuning`
              mend: the sections are: general, functions, function_groups, workflow, middleware, base, llms, embedders, memory, object_stores, optimizer, retrievers, ttc_strategies, authentication, eval, trainers, trainer_adapters, trajectory_builders, finetuning
              => z: file://folder.txt
            error: z: Referenced file not found: folder.txt
              flow.yml:3:4: z: file://folder.txt
                                               ^^^^^^^^^^^^^^^^^ 
              expected the path of a text file, relative to this one
              mend: check the path: it is relative to the file that names it
        "#]],
    );
}
