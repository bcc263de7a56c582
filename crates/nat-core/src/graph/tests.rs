//! What a person reads when components do not fit together.

use expect_test::{Expect, expect};

use super::Plan;
use crate::function::Scope;
use crate::testing::{config, registry};
use nat_config::ConfigErrors;

fn check(yaml: &str, expected: Expect) {
    let shown = match Plan::resolve(&config(yaml, 0), &registry()) {
        Ok((plan, warnings)) => {
            let names = |scope| {
                let names: Vec<_> = plan.part(scope).components.iter().map(|one| one.label.name.to_string()).collect();
                names.join(", ")
            };
            let mut text = format!("shared: {}\nper user: {}\n", names(Scope::Shared), names(Scope::PerUser));
            warnings.iter().for_each(|warning| text.push_str(&format!("warning: {}\n", warning.as_error().message)));
            text
        }
        Err(errors) => {
            let errors = errors.into_iter().map(Into::into).collect();
            format!("{}\n", ConfigErrors { file: Some("flow.yml".into()), errors })
        }
    };
    expected.assert_eq(&shown);
}

#[test]
fn dependencies_come_first_and_the_workflow_last() {
    check(
        "
functions:
  late: {_type: user_part, lab: 0, needs: [early, base]}
  early: {_type: user_part, lab: 0}
  base: {_type: shared_part, lab: 0}
function_groups:
  things: {_type: user_group, needs: [late], include: [push]}
workflow: {_type: user_part, lab: 0, needs: [things__push]}
",
        expect![[r#"
            shared: base
            per user: early, late, things, <workflow>
        "#]],
    );
}

#[test]
fn shared_components_cannot_hold_per_user_ones() {
    check(
        "
functions:
  mine: {_type: user_part, lab: 0}
  relay: {_type: shared_part, lab: 0, needs: [mine], group: things}
function_groups:
  things: {_type: user_group, include: [push]}
  relays: {_type: shared_group, needs: [mine, things__push], group: things}
workflow: {_type: shared_part, lab: 0, needs: [mine], group: things}
",
        expect![[r#"
            Invalid configuration: functions: Function `relay` depends on per-user function `mine` (relay.needs[0]); functions: Function `relay` depends on per-user function_group `things` (relay.group); function_groups: FunctionGroup `relays` depends on per-user function `mine` (relays.needs[0]); function_groups: FunctionGroup `relays` depends on per-user function `things__push` (relays.needs[1]); function_groups: FunctionGroup `relays` depends on per-user function_group `things` (relays.group); workflow: Shared Workflow depends on per-user function `mine` (needs[0]); workflow: Shared Workflow depends on per-user function_group `things` (group)
              flow.yml: functions.relay.needs[0]: Function `relay` depends on per-user function `mine`
                help: register `shared_part` (testing.rs:7) with #[register_per_user_function], or name a shared component here
              flow.yml: functions.relay.group: Function `relay` depends on per-user function_group `things`
                help: register `shared_part` (testing.rs:7) with #[register_per_user_function], or name a shared component here
              flow.yml: function_groups.relays.needs[0]: FunctionGroup `relays` depends on per-user function `mine`
                help: register `shared_group` (testing.rs:7) with #[register_per_user_function_group], or name a shared component here
              flow.yml: function_groups.relays.needs[1]: FunctionGroup `relays` depends on per-user function `things__push`
                help: register `shared_group` (testing.rs:7) with #[register_per_user_function_group], or name a shared component here
              flow.yml: function_groups.relays.group: FunctionGroup `relays` depends on per-user function_group `things`
                help: register `shared_group` (testing.rs:7) with #[register_per_user_function_group], or name a shared component here
              flow.yml: workflow.needs[0]: Shared Workflow depends on per-user function `mine`
                help: register `shared_part` (testing.rs:7) with #[register_per_user_function], or name a shared component here
              flow.yml: workflow.group: Shared Workflow depends on per-user function_group `things`
                help: register `shared_part` (testing.rs:7) with #[register_per_user_function], or name a shared component here
        "#]],
    );
}

#[test]
fn unknown_names_come_with_what_was_meant() {
    check(
        "
functions:
  notepad: {_type: shared_part, lab: 0}
function_groups:
  things: {_type: shared_group, include: [items]}
workflow: {_type: shared_part, lab: 0, needs: [notpad, things, things__push, elsewhere], group: notepad}
",
        expect![[r#"
            Invalid configuration: workflow: Function `notpad` not found (needs[0]); workflow: Function `things` not found (needs[1]); workflow: Function `things__push` not found (needs[2]); workflow: Function `elsewhere` not found (needs[3]); workflow: Function group `notepad` not found (group)
              flow.yml: workflow.needs[0]: Function `notpad` not found
                help: did you mean `notepad`?
              flow.yml: workflow.needs[1]: Function `things` not found
                help: `things` is a function group; name one of its functions as `things__FUNCTION`
              flow.yml: workflow.needs[2]: Function `things__push` not found
                help: add `push` to `include` of function group `things`
              flow.yml: workflow.needs[3]: Function `elsewhere` not found
                help: add `elsewhere` under `functions:`, or name one that is there
              flow.yml: workflow.group: Function group `notepad` not found
                help: `notepad` is a function; name a function group here
        "#]],
    );
}

#[test]
fn circles_are_shown_as_paths() {
    check(
        "
functions:
  a: {_type: shared_part, lab: 0, needs: [b]}
  b: {_type: user_part, lab: 0, needs: [c]}
  c: {_type: shared_part, lab: 0, needs: [a]}
  alone: {_type: shared_part, lab: 0, needs: [alone]}
workflow: {_type: shared_part, lab: 0}
",
        expect![[r#"
            Invalid configuration: functions: Function `a` depends on per-user function `b` (a.needs[0]); functions: Circular dependency: `a` -> `b` -> `c` -> `a` (a); functions: Circular dependency: `alone` -> `alone` (alone)
              flow.yml: functions.a.needs[0]: Function `a` depends on per-user function `b`
                help: register `shared_part` (testing.rs:7) with #[register_per_user_function], or name a shared component here
              flow.yml: functions.a: Circular dependency: `a` -> `b` -> `c` -> `a`
                help: components are built one after another: let one of them do without the next
              flow.yml: functions.alone: Circular dependency: `alone` -> `alone`
                help: components are built one after another: let one of them do without the next
        "#]],
    );
}

#[test]
fn group_functions_by_old_and_new_names() {
    check(
        "
function_groups:
  things: {_type: shared_group, include: [push]}
workflow: {_type: shared_part, lab: 0, needs: [things.push, things__push]}
",
        expect![[r#"
            shared: things, <workflow>
            per user: 
            warning: `things.push` is the old form of a group's function: write `things__push`
        "#]],
    );
}

#[test]
fn groups_say_what_they_cannot_include() {
    check(
        "
functions:
  things__push: {_type: shared_part, lab: 0}
function_groups:
  things: {_type: shared_group, include: [push, zap, itms]}
  others: {_type: shared_group, exclude: [psh]}
workflow: {_type: shared_part, lab: 0}
",
        expect![[r#"
            Invalid configuration: function_groups: Unknown included functions: ['zap', 'itms'] (things.include); function_groups: Unknown excluded functions: ['psh'] (others.exclude); functions: Function `things__push` already exists in the list of functions or function groups (things__push)
              flow.yml: function_groups.things.include: Unknown included functions: ['zap', 'itms']
                help: `shared_group` has `push` and `items`
              flow.yml: function_groups.others.exclude: Unknown excluded functions: ['psh']
                help: did you mean `push`?
              flow.yml: functions.things__push: Function `things__push` already exists in the list of functions or function groups
                help: rename it: function group `things` includes `push` under that name
        "#]],
    );
}

#[test]
fn endpoints_name_functions_too() {
    check(
        "
general: {front_end: {_type: fastapi, endpoints: [{path: /x, method: POST, description: x, function_name: secnd}]}}
functions:
  second: {_type: user_part, lab: 0}
workflow: {_type: shared_part, lab: 0}
",
        expect![[r#"
            Invalid configuration: general: Function `secnd` not found (front_end.endpoints[0].function_name)
              flow.yml: general.front_end.endpoints[0].function_name: Function `secnd` not found
                help: did you mean `second`?
        "#]],
    );
}
