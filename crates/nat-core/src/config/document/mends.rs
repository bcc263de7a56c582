//! Mends that must fit what stands around a mistake.

use expect_test::expect;

use super::tests::{check, check_files};

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
              expected one of the keys `per_user_workflow_timeout`, `per_user_workflow_cleanup_interval`, `enable_per_user_monitoring`, `front_end`, `telemetry`, `use_uvloop`, `build_timeout`, `close_timeout`, `shutdown_timeout`, `max_running_calls`, `max_waiting_calls`, `max_users`, `max_concurrent_builds` and `build_retry`
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
