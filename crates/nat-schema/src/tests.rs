use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Checked, CompiledSchema, Enforcement, Segment, Shape};

mod agreement;

fn compiled<T: JsonSchema>() -> CompiledSchema {
    CompiledSchema::new(schemars::schema_for!(T).to_value())
}

fn shown(path: &[Segment]) -> String {
    serde_json::to_string(path).unwrap()
}

fn report(checked: &Checked) -> String {
    let mut text = String::new();
    for finding in &checked.findings {
        write!(text, "{} {}: {} <- {}", finding.kind, shown(&finding.path), finding.message, finding.input).unwrap();
        if let Some(context) = &finding.context {
            write!(text, " {}", Value::Object(context.clone())).unwrap();
        }
        text.push('\n');
    }
    if checked.findings.is_empty() {
        writeln!(text, "ok {}", checked.value).unwrap();
    }
    for unknown in &checked.unknown_keys {
        writeln!(text, "unknown {} {} (meant {:?})", shown(&unknown.path), unknown.key, unknown.suggestion).unwrap();
    }
    for reference in &checked.references {
        writeln!(text, "{} {} `{}`", reference.kind.as_str(), shown(&reference.path), reference.name).unwrap();
    }
    text
}

/// Checks each value under the key `v` of an object with this schema for it.
#[track_caller]
fn check(schema: Value, values: &[Value], expected: Expect) {
    let schema = CompiledSchema::new(json!({ "type": "object", "properties": { "v": schema } }));
    let mut text = String::new();
    for value in values {
        text.push_str(&report(&schema.check(json!({ "v": value }))));
    }
    expected.assert_eq(&text);
}

#[track_caller]
fn check_type<T: JsonSchema>(values: &[Value], expected: Expect) {
    let schema = compiled::<T>();
    let text: String = values.iter().map(|value| report(&schema.check(value.clone()))).collect();
    expected.assert_eq(&text);
}

#[test]
fn text() {
    check(
        json!({"type": "string"}),
        &[json!("a"), json!(5), json!(null), json!(true), json!(["a"])],
        expect![[r#"
            ok {"v":"a"}
            string_type ["v"]: Input should be a valid string <- 5
            string_type ["v"]: Input should be a valid string <- null
            string_type ["v"]: Input should be a valid string <- true
            string_type ["v"]: Input should be a valid string <- ["a"]
        "#]],
    );
    check(
        json!({"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^ä"}),
        &[json!("äb"), json!("ä"), json!("äbcd"), json!("bbb")],
        expect![[r#"
            ok {"v":"äb"}
            string_too_short ["v"]: String should have at least 2 characters <- "ä" {"min_length":2}
            string_too_long ["v"]: String should have at most 3 characters <- "äbcd" {"max_length":3}
            string_pattern_mismatch ["v"]: String should match pattern '^ä' <- "bbb" {"pattern":"^ä"}
        "#]],
    );
    check(
        json!({"type": "string", "maxLength": 1}),
        &[json!("ab")],
        expect![[r#"
            string_too_long ["v"]: String should have at most 1 character <- "ab" {"max_length":1}
        "#]],
    );
}

#[test]
fn integers() {
    check(
        json!({"type": "integer"}),
        &[
            json!(3),
            json!("3"),
            json!(" 3 "),
            json!("-2"),
            json!("+4"),
            json!("1_000"),
            json!("1.00"),
            json!(2.0),
            json!(true),
            json!("18446744073709551615"),
        ],
        expect![[r#"
            ok {"v":3}
            ok {"v":3}
            ok {"v":3}
            ok {"v":-2}
            ok {"v":4}
            ok {"v":1000}
            ok {"v":1}
            ok {"v":2}
            ok {"v":1}
            ok {"v":18446744073709551615}
        "#]],
    );
    check(
        json!({"type": "integer"}),
        &[
            json!("no"),
            json!(""),
            json!("1."),
            json!("1e3"),
            json!("1__0"),
            json!("0x1"),
            json!("٣"),
            json!("--1"),
            json!("-"),
            json!(2.5),
            json!(1e30),
            json!("99999999999999999999999999999999999999999999"),
            json!(null),
            json!([1]),
        ],
        expect![[r#"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "no"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- ""
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "1."
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "1e3"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "1__0"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "0x1"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "٣"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "--1"
            int_parsing ["v"]: Input should be a valid integer, unable to parse string as an integer <- "-"
            int_from_float ["v"]: Input should be a valid integer, got a number with a fractional part <- 2.5
            int_parsing_size ["v"]: Unable to parse input string as an integer, exceeded maximum size <- 1e+30
            int_parsing_size ["v"]: Unable to parse input string as an integer, exceeded maximum size <- "99999999999999999999999999999999999999999999"
            int_type ["v"]: Input should be a valid integer <- null
            int_type ["v"]: Input should be a valid integer <- [1]
        "#]],
    );
    check(
        json!({"type": "integer", "format": "int32", "minimum": 600, "maximum": 700}),
        &[json!(5), json!("5"), json!(701), json!(600)],
        expect![[r#"
            greater_than_equal ["v"]: Input should be greater than or equal to 600 <- 5 {"ge":600}
            greater_than_equal ["v"]: Input should be greater than or equal to 600 <- "5" {"ge":600}
            less_than_equal ["v"]: Input should be less than or equal to 700 <- 701 {"le":700}
            ok {"v":600}
        "#]],
    );
    check(
        json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10, "multipleOf": 5}),
        &[json!(0), json!(10), json!(3), json!(5)],
        expect![[r#"
            greater_than ["v"]: Input should be greater than 0 <- 0 {"gt":0}
            less_than ["v"]: Input should be less than 10 <- 10 {"lt":10}
            multiple_of ["v"]: Input should be a multiple of 5 <- 3 {"multiple_of":5}
            ok {"v":5}
        "#]],
    );
}

#[test]
fn integers_are_as_wide_as_their_type() {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Widths {
        a: u8,
        b: i8,
        c: u64,
        d: i64,
        e: usize,
        f: std::num::NonZeroU16,
    }
    check_type::<Widths>(
        &[
            json!({"a": 256, "b": -129, "c": -1, "d": 9223372036854775808_u64, "e": -1, "f": 0}),
            json!({"a": 255, "b": -128, "c": u64::MAX, "d": i64::MIN, "e": "7", "f": 1}),
        ],
        expect![[r#"
            less_than_equal ["a"]: Input should be less than or equal to 255 <- 256 {"le":255}
            greater_than_equal ["b"]: Input should be greater than or equal to -128 <- -129 {"ge":-128}
            greater_than_equal ["c"]: Input should be greater than or equal to 0 <- -1 {"ge":0}
            less_than_equal ["d"]: Input should be less than or equal to 9223372036854775807 <- 9223372036854775808 {"le":9223372036854775807}
            greater_than_equal ["e"]: Input should be greater than or equal to 0 <- -1 {"ge":0}
            greater_than_equal ["f"]: Input should be greater than or equal to 1 <- 0 {"ge":1}
            ok {"a":255,"b":-128,"c":18446744073709551615,"d":-9223372036854775808,"e":7,"f":1}
        "#]],
    );
}

#[test]
fn floats() {
    check(
        json!({"type": "number"}),
        &[json!(3), json!(0.5), json!("3.5"), json!("1e3"), json!(" 2 "), json!(true)],
        expect![[r#"
            ok {"v":3}
            ok {"v":0.5}
            ok {"v":3.5}
            ok {"v":1000.0}
            ok {"v":2.0}
            ok {"v":1.0}
        "#]],
    );
    check(
        json!({"type": "number"}),
        &[json!("x"), json!("inf"), json!("nan"), json!(null), json!([1])],
        expect![[r#"
            float_parsing ["v"]: Input should be a valid number, unable to parse string as a number <- "x"
            finite_number ["v"]: Input should be a finite number <- "inf"
            finite_number ["v"]: Input should be a finite number <- "nan"
            float_type ["v"]: Input should be a valid number <- null
            float_type ["v"]: Input should be a valid number <- [1]
        "#]],
    );
    check(
        json!({"type": "number", "minimum": 1, "exclusiveMaximum": 2.5, "multipleOf": 0.1}),
        &[json!(0.3), json!(2.5), json!(1.25), json!(1.3)],
        expect![[r#"
            greater_than_equal ["v"]: Input should be greater than or equal to 1 <- 0.3 {"ge":1.0}
            less_than ["v"]: Input should be less than 2.5 <- 2.5 {"lt":2.5}
            multiple_of ["v"]: Input should be a multiple of 0.1 <- 1.25 {"multiple_of":0.1}
            ok {"v":1.3}
        "#]],
    );
}

#[test]
fn booleans() {
    check(
        json!({"type": "boolean"}),
        &[json!(true), json!("YES"), json!("off"), json!("t"), json!(1), json!(0.0)],
        expect![[r#"
            ok {"v":true}
            ok {"v":true}
            ok {"v":false}
            ok {"v":true}
            ok {"v":true}
            ok {"v":false}
        "#]],
    );
    check(
        json!({"type": "boolean"}),
        &[json!("perhaps"), json!(" yes "), json!(2), json!(null), json!([])],
        expect![[r#"
            bool_parsing ["v"]: Input should be a valid boolean, unable to interpret input <- "perhaps"
            bool_parsing ["v"]: Input should be a valid boolean, unable to interpret input <- " yes "
            bool_parsing ["v"]: Input should be a valid boolean, unable to interpret input <- 2
            bool_type ["v"]: Input should be a valid boolean <- null
            bool_type ["v"]: Input should be a valid boolean <- []
        "#]],
    );
}

#[test]
fn lists() {
    check(
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}),
        &[json!(["1", 2]), json!([1]), json!([1, 2, 3, 4]), json!(["x", "y"]), json!({"0": 1}), json!("a")],
        expect![[r#"
            ok {"v":[1,2]}
            too_short ["v"]: List should have at least 2 items after validation, not 1 <- [1] {"field_type":"List","min_length":2,"actual_length":1}
            too_long ["v"]: List should have at most 3 items after validation, not 4 <- [1,2,3,4] {"field_type":"List","max_length":3,"actual_length":4}
            int_parsing ["v",0]: Input should be a valid integer, unable to parse string as an integer <- "x"
            int_parsing ["v",1]: Input should be a valid integer, unable to parse string as an integer <- "y"
            list_type ["v"]: Input should be a valid list <- {"0":1}
            list_type ["v"]: Input should be a valid list <- "a"
        "#]],
    );
    check_type::<(HashSet<i64>,)>(
        &[json!([[1, 2]]), json!([[1, "1", 2, 1]]), json!([5])],
        expect![[r#"
            ok [[1,2]]
            value_error [0,1]: Value error, items must not repeat <- "1" {"error":"items must not repeat"}
            value_error [0,3]: Value error, items must not repeat <- 1 {"error":"items must not repeat"}
            set_type [0]: Input should be a valid set <- 5
        "#]],
    );
    check_type::<(i32, String)>(
        &[json!(["1", "a"]), json!([1]), json!([1, "a", 2]), json!(["x", 2]), json!(1)],
        expect![[r#"
            ok [1,"a"]
            missing [1]: Field required <- [1]
            too_long []: Tuple should have at most 2 items after validation, not 3 <- [1,"a",2] {"field_type":"Tuple","max_length":2,"actual_length":3}
            int_parsing [0]: Input should be a valid integer, unable to parse string as an integer <- "x"
            string_type [1]: Input should be a valid string <- 2
            tuple_type []: Input should be a valid tuple <- 1
        "#]],
    );
}

#[test]
fn choices() {
    let roles = json!({"type": "string", "enum": ["user", "assistant", "system", "tool"]});
    check(
        roles,
        &[json!("user"), json!("alien"), json!(5)],
        expect![[r#"
        ok {"v":"user"}
        enum ["v"]: Input should be 'user', 'assistant', 'system' or 'tool' <- "alien" {"expected":"'user', 'assistant', 'system' or 'tool'"}
        enum ["v"]: Input should be 'user', 'assistant', 'system' or 'tool' <- 5 {"expected":"'user', 'assistant', 'system' or 'tool'"}
    "#]],
    );
    check(
        json!({"const": "a"}),
        &[json!("a"), json!("b")],
        expect![[r#"
        ok {"v":"a"}
        literal_error ["v"]: Input should be 'a' <- "b" {"expected":"'a'"}
    "#]],
    );
    check(
        json!({"enum": [1, null, true, "x"]}),
        &[json!(null), json!(2)],
        expect![[r#"
            ok {"v":null}
            enum ["v"]: Input should be 1, None, True or 'x' <- 2 {"expected":"1, None, True or 'x'"}
        "#]],
    );
}

#[derive(JsonSchema, Deserialize)]
#[allow(dead_code)]
struct Note {
    text: String,
    #[serde(default)]
    times: u8,
    tags: Vec<String>,
    inner: Option<Box<Note>>,
}

#[test]
fn every_mistake_of_an_object_in_declaration_order() {
    check_type::<Note>(
        &[
            json!({"tags": ["a", 1], "times": "many", "inner": {"text": 1, "tags": "a"}}),
            json!({"times": 1}),
            json!({"text": "", "tags": [], "inner": null, "tmes": 1, "else": 2}),
            json!({"text": "", "tags": [], "inner": 5}),
            json!([1, 2]),
            json!(null),
            json!("x"),
        ],
        expect![[r#"
            missing ["text"]: Field required <- {"tags":["a",1],"times":"many","inner":{"text":1,"tags":"a"}}
            int_parsing ["times"]: Input should be a valid integer, unable to parse string as an integer <- "many"
            string_type ["tags",1]: Input should be a valid string <- 1
            string_type ["inner","text"]: Input should be a valid string <- 1
            list_type ["inner","tags"]: Input should be a valid list <- "a"
            missing ["text"]: Field required <- {"times":1}
            missing ["tags"]: Field required <- {"times":1}
            ok {"text":"","tags":[],"inner":null,"tmes":1,"else":2}
            unknown [] tmes (meant Some("times"))
            unknown [] else (meant None)
            model_attributes_type ["inner"]: Input should be a valid dictionary or object to extract fields from <- 5
            model_attributes_type []: Input should be a valid dictionary or object to extract fields from <- [1,2]
            model_attributes_type []: Input should be a valid dictionary or object to extract fields from <- null
            model_attributes_type []: Input should be a valid dictionary or object to extract fields from <- "x"
        "#]],
    );
}

#[test]
fn maps_and_closed_objects() {
    check(
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 2}),
        &[json!({"a": "1"}), json!({"a": "x"}), json!([1]), json!({}), json!({"a": 1, "b": 2, "c": 3})],
        expect![[r#"
            ok {"v":{"a":1}}
            int_parsing ["v","a"]: Input should be a valid integer, unable to parse string as an integer <- "x"
            dict_type ["v"]: Input should be a valid dictionary <- [1]
            too_short ["v"]: Dictionary should have at least 1 item after validation, not 0 <- {} {"field_type":"Dictionary","min_length":1,"actual_length":0}
            too_long ["v"]: Dictionary should have at most 2 items after validation, not 3 <- {"a":1,"b":2,"c":3} {"field_type":"Dictionary","max_length":2,"actual_length":3}
        "#]],
    );
    check(
        json!({"type": "object", "properties": {"known": {}}, "additionalProperties": false}),
        &[json!({"known": 1, "knwn": 2})],
        expect![[r#"
            extra_forbidden ["v","knwn"]: Extra inputs are not permitted <- 2
            unknown ["v"] knwn (meant Some("known"))
        "#]],
    );
    check_type::<(HashMap<i32, String>,)>(
        &[json!([{"1": "a"}]), json!([{"a": "a"}])],
        expect![[r#"
            ok [{"1":"a"}]
            extra_forbidden [0,"a"]: Extra inputs are not permitted <- "a"
            unknown [0] a (meant None)
        "#]],
    );
    check(
        json!({"type": "object", "required": ["bare"]}),
        &[json!({}), json!({"bare": 1})],
        expect![[r#"
            missing ["v","bare"]: Field required <- {}
            ok {"v":{"bare":1}}
            unknown ["v"] bare (meant None)
        "#]],
    );
    check(
        json!({"type": "object", "additionalProperties": true}),
        &[json!({"x": 1})],
        expect![[r#"
            ok {"v":{"x":1}}
        "#]],
    );
}

#[test]
fn optional_values_report_what_they_hold() {
    check_type::<(Option<i32>, Option<Note>)>(
        &[json!([null, null]), json!(["1", {"text": "", "tags": []}]), json!(["x", {"text": 1}])],
        expect![[r#"
            ok [null,null]
            ok [1,{"text":"","tags":[]}]
            int_parsing [0]: Input should be a valid integer, unable to parse string as an integer <- "x"
            string_type [1,"text"]: Input should be a valid string <- 1
            missing [1,"tags"]: Field required <- {"text":1}
        "#]],
    );
}

#[test]
fn unions_with_a_tag() {
    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    #[allow(dead_code)]
    enum Pet {
        Cat { lives: i32 },
        Dog { name: String, age: i32 },
    }
    check_type::<Vec<Pet>>(
        &[
            json!([{"kind": "cat", "lives": "9"}]),
            json!([{"kind": "dog", "age": "x"}]),
            json!([{"kind": "cow"}, {"lives": 1}, 5, {"kind": 5}, {"kind": "cat", "lives": 1, "naem": 1}]),
        ],
        expect![[r#"
            ok [{"kind":"cat","lives":9}]
            missing [0,"name"]: Field required <- {"kind":"dog","age":"x"}
            int_parsing [0,"age"]: Input should be a valid integer, unable to parse string as an integer <- "x"
            union_tag_invalid [0]: Input tag 'cow' found using 'kind' does not match any of the expected tags: 'cat', 'dog' <- {"kind":"cow"} {"discriminator":"'kind'","tag":"cow","expected_tags":"'cat', 'dog'"}
            union_tag_not_found [1]: Unable to extract tag using discriminator 'kind' <- {"lives":1} {"discriminator":"'kind'"}
            model_attributes_type [2]: Input should be a valid dictionary or object to extract fields from <- 5
            union_tag_invalid [3]: Input tag '5' found using 'kind' does not match any of the expected tags: 'cat', 'dog' <- {"kind":5} {"discriminator":"'kind'","tag":"5","expected_tags":"'cat', 'dog'"}
            unknown [4] naem (meant None)
        "#]],
    );
}

#[test]
fn unions_by_variant_name() {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    enum Step {
        Wait {
            seconds: i32,
            why: String,
        },
        Say(String),
        Stop,
        /// Documented, which makes it a branch of its own.
        Start,
    }
    check_type::<Vec<Step>>(
        &[
            json!([{"Wait": {"seconds": "1", "why": ""}}, {"Say": "a"}, "Stop", "Start"]),
            json!([{"Wait": {"seconds": "x", "why": 2}}, {"Sing": "a"}, "Go", 5, {}, {"Say": "a", "Stop": 1}]),
        ],
        expect![[r#"
            ok [{"Wait":{"seconds":1,"why":""}},{"Say":"a"},"Stop","Start"]
            int_parsing [0,"Wait","seconds"]: Input should be a valid integer, unable to parse string as an integer <- "x"
            string_type [0,"Wait","why"]: Input should be a valid string <- 2
            union_tag_invalid [1]: Input tag 'Sing' found using 'variant' does not match any of the expected tags: 'Wait', 'Say' <- {"Sing":"a"} {"discriminator":"'variant'","tag":"Sing","expected_tags":"'Wait', 'Say'"}
            enum [2]: Input should be 'Stop' or 'Start' <- "Go" {"expected":"'Stop' or 'Start'"}
            enum [3]: Input should be 'Stop' or 'Start' <- 5 {"expected":"'Stop' or 'Start'"}
            value_error [4]: Value error, exactly one of 'Wait' or 'Say' must be given <- {}
            value_error [5]: Value error, exactly one of 'Wait' or 'Say' must be given <- {"Say":"a","Stop":1}
        "#]],
    );
}

#[test]
fn unions_by_trial() {
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Any {
        Count(i64),
        Text(String),
        Note(Note),
        List(Vec<Any>),
    }
    check_type::<Vec<Any>>(
        &[
            json!([5, "5", ["a", [1]], {"text": "", "tags": []}]),
            json!([2.0, true]),
            json!([null, {"text": 5, "tags": []}, [{"x": 1}]]),
        ],
        expect![[r#"
            ok [5,"5",["a",[1]],{"text":"","tags":[]}]
            ok [2,1]
            int_type [0]: Input should be a valid integer <- null
            string_type [1,"text"]: Input should be a valid string <- 5
            missing [2,0,"text"]: Field required <- {"x":1}
            missing [2,0,"tags"]: Field required <- {"x":1}
            unknown [2,0] x (meant None)
        "#]],
    );
}

#[test]
fn flattened_parts_know_each_others_fields() {
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Flat {
        a: i8,
        #[serde(flatten)]
        note: Note,
        #[serde(flatten)]
        way: Way,
    }
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Way {
        By { road: i32 },
        On { sea: i32 },
    }
    check_type::<Flat>(
        &[
            json!({"a": 1, "text": "", "tags": [], "road": "1", "raod": 2}),
            json!({"a": "x", "text": 1, "tags": [], "sea": "x"}),
        ],
        expect![[r#"
            ok {"a":1,"text":"","tags":[],"road":1,"raod":2}
            unknown [] raod (meant Some("road"))
            int_parsing ["a"]: Input should be a valid integer, unable to parse string as an integer <- "x"
            string_type ["text"]: Input should be a valid string <- 1
            int_parsing ["sea"]: Input should be a valid integer, unable to parse string as an integer <- "x"
        "#]],
    );
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Rest {
        a: i8,
        #[serde(flatten)]
        rest: BTreeMap<String, i32>,
    }
    check_type::<Rest>(
        &[json!({"a": 1, "b": "2"}), json!({"a": 1, "b": "x"})],
        expect![[r#"
            ok {"a":1,"b":2}
            int_parsing ["b"]: Input should be a valid integer, unable to parse string as an integer <- "x"
        "#]],
    );
}

#[test]
fn references() {
    let reference = json!({"type": "string", "x-nat-ref": "function"});
    let schema = CompiledSchema::new(json!({
        "type": "object",
        "properties": {
            "one": reference,
            "optional": {"anyOf": [{"$ref": "#/$defs/Group"}, {"type": "null"}]},
            "list": {"type": "array", "items": reference},
            "map": {"type": "object", "additionalProperties": reference},
            "either": {"anyOf": [{"type": "integer"}, reference]},
            "absent": {"$ref": "#/$defs/Nested", "default": {"by": "b"}},
            "empty": {"anyOf": [reference, {"type": "null"}], "default": null},
        },
        "$defs": {
            "Group": {"type": "string", "x-nat-ref": "function_group"},
            "Nested": {"type": "object", "properties": {"to": {"$ref": "#/$defs/To", "default": "a"}, "by": reference}},
            "To": reference,
        },
    }));
    let value = json!({"one": "f", "optional": "g", "list": ["x", "y"], "map": {"k": "z"}, "either": "w"});
    expect![[r#"
        ok {"one":"f","optional":"g","list":["x","y"],"map":{"k":"z"},"either":"w"}
        function ["one"] `f`
        function_group ["optional"] `g`
        function ["list",0] `x`
        function ["list",1] `y`
        function ["map","k"] `z`
        function ["either"] `w`
        function ["absent","to"] `a`
        function ["absent","by"] `b`
    "#]]
    .assert_eq(&report(&schema.check(value)));
    expect![[r#"
        string_type ["one"]: Input should be a valid string <- 5
        function ["absent","to"] `own`
    "#]]
    .assert_eq(&report(&schema.check(json!({"one": 5, "absent": {"to": "own"}, "either": 3}))));
}

#[test]
fn addresses_and_time_spans() {
    check_type::<(std::net::IpAddr, std::net::Ipv4Addr)>(
        &[json!(["::1", "::1"]), json!(["x", "1.2.3.4"])],
        expect![[r#"
            ip_v4_address [1]: Input is not a valid IPv4 address <- "::1"
            ip_any_address [0]: value is not a valid IPv4 or IPv6 address <- "x"
        "#]],
    );
    check_type::<Vec<crate::duration::TimeSpan>>(
        &[json!(["PT1S", 5]), json!(["soon", null, [1], -1, true])],
        expect![[r#"
            ok ["PT1S",5]
            time_delta_parsing [0]: Input should be a valid timedelta, `soon` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m) <- "soon" {"error":"`soon` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of ms, s, m, h, d (30m)"}
            time_delta_type [1]: Input should be a valid timedelta <- null
            time_delta_type [2]: Input should be a valid timedelta <- [1]
            time_delta_parsing [3]: Input should be a valid timedelta, negative durations are not permitted <- -1 {"error":"negative durations are not permitted"}
            time_delta_type [4]: Input should be a valid timedelta <- true
        "#]],
    );
    check(
        json!({"type": ["number", "string"], "format": "duration", "exclusiveMinimum": 0}),
        &[json!("PT0S"), json!(0), json!("1ms")],
        expect![[r#"
            greater_than ["v"]: Input should be greater than 0 seconds <- "PT0S" {"gt":"0 seconds"}
            greater_than ["v"]: Input should be greater than 0 seconds <- 0 {"gt":"0 seconds"}
            ok {"v":"1ms"}
        "#]],
    );
}

#[test]
fn boolean_schemas() {
    check(
        json!(true),
        &[json!([1, {"a": null}])],
        expect![[r#"
        ok {"v":[1,{"a":null}]}
    "#]],
    );
    check(
        json!(false),
        &[json!(1)],
        expect![[r#"
        value_error ["v"]: Value error, no value is allowed here <- 1
    "#]],
    );
}

#[test]
fn plain_values_lie_under_a_field() {
    let mut text = String::new();
    let schema = compiled::<Vec<i64>>();
    for body in [json!({"text": ["1"], "more": 1}), json!({"text": ["x"]}), json!({"txt": 1}), json!([1]), json!(null)]
    {
        text.push_str(&report(&schema.check_wrapped("text", body)));
    }
    expect![[r#"
        ok [1]
        int_parsing ["text",0]: Input should be a valid integer, unable to parse string as an integer <- "x"
        missing ["text"]: Field required <- {"txt":1}
        model_attributes_type []: Input should be a valid dictionary or object to extract fields from <- [1]
        model_attributes_type []: Input should be a valid dictionary or object to extract fields from <- null
    "#]]
    .assert_eq(&text);
}

#[test]
fn findings_are_bounded() {
    let schema = compiled::<Vec<Note>>();
    let checked = schema.check(json!(vec![json!({"text": "x".repeat(10_000)}); 1_000]));
    assert_eq!(checked.findings.len(), 100);
    let size = serde_json::to_string(&checked.findings[0].input).unwrap().len();
    assert!(size < 4096, "{size}");
    let schema = compiled::<Note>();
    let fields: serde_json::Map<_, _> = (0..100_000).map(|key| (format!("unknown{key}"), json!(1))).collect();
    assert_eq!(schema.check(Value::Object(fields)).unknown_keys.len(), 100);
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let checked = schema.check(json!({"text": deep, "tags": []}));
    assert!(checked.findings[0].input.to_string().contains('…'));
}

#[test]
fn hostile_values_cost_little() {
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Twice {
        One { next: Box<Twice>, one: i32 },
        Two { next: Box<Twice>, two: i32 },
    }
    let started = std::time::Instant::now();
    let lap = |what: &str| println!("{what}: {:?}", started.elapsed());
    let deep = (0..120).fold(json!({}), |inner, _| json!({ "next": inner }));
    let checked = compiled::<Twice>().check(deep);
    assert_eq!(checked.findings.len(), 1);
    expect!["Value error, too intricate to check"].assert_eq(&checked.findings[0].message);
    lap("deep");
    let wide = json!({ "text": "", "tags": vec!["a"; 1_000_000] });
    assert!(compiled::<Note>().check(wide).findings.is_empty());
    lap("wide");
    let set = Value::from((0..300_000).collect::<Vec<i64>>());
    assert!(compiled::<HashSet<i64>>().check(set).findings.is_empty());
    lap("set");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn the_deepest_values_need_little_stack() {
    let deepest = |innermost: Value, around: fn(Value) -> Value| (0..125).fold(innermost, |inner, _| around(inner));
    let check = move || {
        let notes = deepest(json!(5), |inner| json!({"text": 1, "tags": [], "inner": inner}));
        assert_eq!(compiled::<Note>().check(notes).findings.len(), 100);
        let lists = deepest(json!(null), |inner| json!([inner]));
        assert_eq!(compiled::<agreement::Untagged>().check(lists).findings.len(), 1);
    };
    // A worker has 2 MiB. Unoptimized code takes about 1 MiB here, so this leaves it room to grow.
    std::thread::Builder::new().stack_size(3 << 19).spawn(check).unwrap().join().unwrap();
}

#[test]
fn schemas_that_refer_to_themselves_end() {
    let circle = json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}});
    CompiledSchema::new(circle).check(json!(1));
    let circle = json!({"allOf": [{"$ref": "#"}]});
    expect![[r#"
        value_error []: Value error, too intricate to check <- 1
    "#]]
    .assert_eq(&report(&CompiledSchema::new(circle).check(json!(1))));
    let defaults = json!({
        "type": "object",
        "properties": {"a": {"$ref": "#", "default": {}}, "b": {"$ref": "#", "default": {}}, "f": {"x-nat-ref": "function"}},
    });
    assert!(CompiledSchema::new(defaults).check(json!({})).findings.is_empty());
}

#[test]
fn what_cannot_be_enforced_is_named() {
    let schema = json!({"properties": {"a": {"pattern": "(?=x)"}, "b": {"$ref": "#/$defs/Gone"}}});
    expect![[r#"
        [
            "the pattern `(?=x)` cannot be used: regex parse error:\n    (?=x)\n    ^^^\nerror: look-around, including look-ahead and look-behind, is not supported",
            "`$ref: #/$defs/Gone` leads nowhere",
        ]
    "#]].assert_debug_eq(&CompiledSchema::new(schema).problems());
    #[derive(JsonSchema)]
    #[schemars(rename = "My Type/x")]
    #[allow(dead_code)]
    struct Odd {
        next: Option<Box<Odd>>,
        notes: Vec<Note>,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Holder {
        odd: Odd,
    }
    assert!(compiled::<Holder>().problems().is_empty());
    check_type::<Holder>(
        &[json!({"odd": {"notes": [], "next": {}}})],
        expect![[r#"
        missing ["odd","next","notes"]: Field required <- {}
    "#]],
    );
}

#[test]
fn shapes() {
    use Shape::{Plain, Structured};
    #[derive(JsonSchema)]
    struct Empty {}
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Either {
        Note(Note),
        Other { message: String },
    }
    assert_eq!(compiled::<Note>().shape(), Structured);
    assert_eq!(compiled::<Empty>().shape(), Structured);
    assert_eq!(compiled::<Either>().shape(), Structured);
    assert_eq!(compiled::<Option<Note>>().shape(), Plain);
    assert_eq!(compiled::<Vec<Note>>().shape(), Plain);
    assert_eq!(compiled::<HashMap<String, Note>>().shape(), Plain);
    assert_eq!(compiled::<serde_json::Map<String, Value>>().shape(), Plain);
    assert_eq!(compiled::<Value>().shape(), Plain);
    assert_eq!(compiled::<()>().shape(), Plain);
    assert_eq!(compiled::<String>().shape(), Plain);
}

#[test]
fn what_serde_enforces() {
    use Enforcement::{ExceptArrays, Full, Partial};
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Simple {
        a: String,
        b: Option<u64>,
        c: Vec<u8>,
        d: BTreeMap<String, f32>,
        e: (i32, String),
        f: Value,
        g: crate::duration::TimeSpan,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Nested {
        a: Simple,
    }
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct Ranged {
        #[schemars(range(min = 1))]
        a: i32,
    }
    assert_eq!(compiled::<Simple>().serde_enforces(), Full);
    assert_eq!(compiled::<String>().serde_enforces(), Full);
    assert_eq!(compiled::<Nested>().serde_enforces(), ExceptArrays);
    assert_eq!(compiled::<Note>().serde_enforces(), ExceptArrays);
    assert_eq!(compiled::<Option<Simple>>().serde_enforces(), ExceptArrays);
    assert_eq!(compiled::<Ranged>().serde_enforces(), Partial);
    assert_eq!(compiled::<Vec<Ranged>>().serde_enforces(), Partial);
    assert_eq!(compiled::<HashSet<i32>>().serde_enforces(), Partial);
    assert_eq!(compiled::<char>().serde_enforces(), Partial);
    assert_eq!(compiled::<std::net::IpAddr>().serde_enforces(), Partial);
}

#[test]
fn suggestions() {
    let known = ["max_notes", "prefix", "limit"];
    for (word, meant) in [
        ("max-notes", Some("max_notes")),
        ("MaxNotes", Some("max_notes")),
        ("prefx", Some("prefix")),
        ("limits", Some("limit")),
        ("zebra", None),
        ("", None),
    ] {
        assert_eq!(super::nearest(word, known), meant, "{word}");
    }
}
