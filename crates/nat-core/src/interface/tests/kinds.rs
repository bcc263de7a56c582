//! What is accepted is one rule: each kind of type, with each value of it, beside members that have nothing to do
//! with it, over bytes, as text and as JSON.

mod types;

use std::fmt::Debug;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Interface, InvalidInput, interface};
use types::*;

/// The kind under test, beside members that send a body down one way or the other.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Beside<T> {
    it: T,
    #[serde(default)]
    times: i64,
    #[serde(default)]
    nested: Option<Nested>,
}

/// The same where the schema has more to say than serde looks at.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct BesideLimit<T> {
    it: T,
    #[serde(default)]
    #[schemars(range(min = 0, max = 9))]
    times: i64,
    #[serde(default)]
    nested: Option<Nested>,
}

/// The same where serde buffers one of the members.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct BesideBuffer<T> {
    it: T,
    #[serde(default)]
    times: i64,
    #[serde(default)]
    nested: Option<Nested>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Nested {
    a: i64,
    #[serde(default)]
    b: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Rest {
    #[serde(default)]
    n: i64,
}

/// Members that a body may have beside the one in question: none of them says anything about it.
const UNRELATED: [&str; 9] = [
    r#""zip": ["\ud83d\ude00"]"#,
    r#""zip": [1, {"a": [2]}]"#,
    r#""zip": 1e9, "zap": 12345678901234567890123"#,
    r#""zip": "\ud83d\ude00""#,
    r#""times": "2""#,
    r#""times": 1, "times": 2.0"#,
    r#""nested": {"a": 1, "b": ["x"]}"#,
    r#""nested": {"a": "1", "zip": null}"#,
    r#""n": "7""#,
];

/// What became of a body: the kind's value as it prints, or all that is said of it.
type Outcome = Result<String, Vec<(&'static str, String, String)>>;

fn outcome<T, I: 'static>(decoded: Result<Box<dyn std::any::Any + Send>, InvalidInput>, it: fn(&I) -> &T) -> Outcome
where
    T: Debug,
{
    match decoded {
        Ok(input) => Ok(format!("{:?}", it(input.downcast_ref().expect("the interface is that of this type")))),
        Err(InvalidInput::Findings(findings)) => {
            let about_it = findings
                .into_iter()
                .map(|finding| (finding.kind, serde_json::to_string(&finding.path).unwrap(), finding.message));
            Err(about_it.collect())
        }
        Err(malformed) => panic!("{malformed}"),
    }
}

/// Every way to a value of `I`, with every unrelated member.
fn ways<T: Debug, I>(interface: &Interface, value: &str, it: fn(&I) -> &T) -> Vec<(String, Outcome)>
where
    I: 'static,
{
    let mut found = Vec::new();
    for unrelated in std::iter::once("").chain(UNRELATED) {
        for body in bodies(value, unrelated) {
            found.push((format!("bytes {body}"), outcome(interface.decode(body.as_bytes()), it)));
            found.push((format!("text {body}"), outcome(interface.decode_text(&body), it)));
            let parsed: Value = serde_json::from_str(&body).unwrap();
            // A `Value` holds no integer beyond 64 bits.
            if !value.split(|one: char| !one.is_ascii_digit()).any(|digits| digits.len() > 20) {
                found.push((format!("value {body}"), outcome(interface.decode_value(&parsed), it)));
            }
        }
    }
    found
}

fn bodies(value: &str, unrelated: &str) -> Vec<String> {
    if unrelated.is_empty() {
        return vec![format!(r#"{{"it": {value}}}"#)];
    }
    vec![format!(r#"{{"it": {value}, {unrelated}}}"#), format!(r#"{{{unrelated}, "it": {value}}}"#)]
}

/// Whatever stands beside it, `value` is taken as serde takes it alone; or refused with the same words.
fn same<T>(values: &[&str])
where
    T: Debug + Serialize + DeserializeOwned + JsonSchema + Send + 'static,
{
    let interfaces =
        [interface::<Beside<T>, ()>(), interface::<BesideLimit<T>, ()>(), interface::<BesideBuffer<T>, ()>()];
    for value in values {
        same_value::<T>(&interfaces, value);
    }
}

fn same_value<T>([plain, limited, buffered]: &[Arc<Interface>; 3], value: &str)
where
    T: Debug + DeserializeOwned + 'static,
{
    let name = std::any::type_name::<T>();
    let mut all = ways(plain, value, |beside: &Beside<T>| &beside.it);
    let expected = all[0].1.clone();
    // The one thing that serde takes and nobody else: a list for an object with named fields.
    let is_list =
        matches!(&expected, Err(findings) if findings.iter().all(|(kind, ..)| *kind == "model_attributes_type"));
    if let Ok(by_serde) = serde_json::from_str::<Beside<T>>(&format!(r#"{{"it": {value}}}"#))
        && !(is_list && value.contains('['))
    {
        assert_eq!(expected, Ok(format!("{:?}", by_serde.it)), "{name}: serde takes {value}");
    }
    all.extend(ways(limited, value, |beside: &BesideLimit<T>| &beside.it));
    all.extend(ways(buffered, value, |beside: &BesideBuffer<T>| &beside.it));
    for (way, outcome) in all {
        assert_eq!(outcome, expected, "{name}: {way}");
    }
    if expected.is_ok() {
        only_the_other_is_refused(plain, value, name);
        only_the_other_is_refused(limited, value, name);
        only_the_other_is_refused(buffered, value, name);
    }
}

/// What is taken is not found fault with where another member is.
fn only_the_other_is_refused(interface: &Interface, value: &str, name: &str) {
    let body = format!(r#"{{"it": {value}, "times": "many", "zip": ["\ud83d\ude00"]}}"#);
    let Err(InvalidInput::Findings(findings)) = interface.decode(body.as_bytes()) else {
        panic!("{name}: {body} is refused for one of its members");
    };
    let kinds: Vec<_> =
        findings.iter().map(|finding| (finding.kind, serde_json::to_string(&finding.path).unwrap())).collect();
    assert_eq!(kinds, [("int_parsing", r#"["times"]"#.to_owned())], "{name}: {body}");
}

macro_rules! kinds {
    ($($test:ident { $($kind:ty: $($value:literal)*;)* })*) => {$(
        #[test]
        fn $test() {
            $(same::<$kind>(&[$($value),*]);)*
        }
    )*};
}

kinds! {
    names {
        Aliased: r#"{"text": "x"}"# r#"{"body": "x"}"# r#"{"body": "x", "count": 2}"# r#"{"text": "x", "count": "2"}"#
            r#"{"body": 5}"# r#"{"count": "many", "text": "x"}"# r#"{"body": "x", "text": "y"}"# r#"{}"# r#"{"bdy": "x"}"#;
        Closed: r#"{"body": "x"}"# r#"{"text": "x"}"# r#"{"body": "x", "zip": 1}"#;
        Renamed: r#"{"firstName": "x"}"# r#"{"first_name": "x"}"# r#"{"name": "x"}"# r#"{"firstName": "x", "lastName": null}"#;
        Vec<Aliased>: r#"[{"body": "x"}, {"text": "y"}]"# r#"[{"body": "x"}, {"text": 5}]"# "[]" r#"[{"body": "x", "count": "3"}]"#;
        std::collections::BTreeMap<String, Aliased>: r#"{"k": {"body": "x"}}"# r#"{"k": {"body": 5}}"#;
        Option<Box<Aliased>>: "null" r#"{"body": "x"}"# "5";
        Within: r#"{"inside": {"body": "x", "count": "1"}}"# r#"{"inner": {"body": "x"}}"# r#"{"inner": {"body": 5}}"#;
        Skipping: r#"{"shown": 1}"# r#"{"shown": "1", "hidden": 2}"#;
        Demanding: r#"{}"# r#"{"must": 1}"# r#"{"must": null}"#;
        Doubled: r#"{"a": 1, "a": 2}"# r#"{"a": "1", "a": "2"}"#;
    }
    conversions {
        AnyText: r#"{"text": 5}"# r#"{"text": "x"}"# r#"{"text": true}"# r#"{"text": []}"# r#"{}"#;
        Listed: r#"{"tags": "a,b"}"# r#"{"tags": 5}"# r#"{"tags": ["a"]}"#;
        Quoted: r#"{"number": "5"}"# r#"{"number": 5}"# r#"{"number": "x"}"#;
        Counted: r#"{"number": "5"}"# r#"{"number": 5}"# r#"{"number": "many"}"#;
        Even: "2" "3" r#""4""# r#""x""# "2.0" "2.5";
        Wire: r#"{"a": 1, "b": 2}"# r#"{"a": 1, "c": 2}"# r#"{"a": "1", "c": "2"}"# r#"{"a": 1}"#;
        Pair: "[1, 2]" r#"{"x": 1, "y": 2}"# "[1]";
        Defaulted: r#"{}"# r#"{"level": 3}"# r#"{"level": "3"}"# r#"{"level": null}"#;
        Lenient: r#"{"level": "junk"}"# r#"{"level": 4}"#;
    }
    choices {
        Color: r#""red""# r#"{"red": null}"# r#""rot""# r#""green""# r#"{"red": 1}"# "5" "null" r#"{"mixed": [1, 2]}"#
            r#"{"mixed": ["1", 2]}"# r#"{"named": {"name": "x"}}"# r#"{"named": {"label": "x"}}"# r#"{"named": ["x"]}"# r#"{"tint": 3}"# r#"{"tint": "3"}"#
            r#"{"red": null, "tint": 1}"# r#"{}"#;
        Known: r#""one""# r#""anything""# r#"{"one": null}"# "5";
        Option<Known>: "null" r#""anything""#;
        Event: r#"{"kind": "made", "by": "x"}"# r#"{"kind": "else", "by": 5}"# r#"{"kind": 0, "by": "x"}"# r#"{"kind": "made"}"#
            r#"{"kind": "made", "author": "x"}"# r#"{"kind": "sized", "size": 3}"# r#"{"kind": "sized", "size": "3"}"# r#"{"by": "x"}"# r#"["made", "x"]"#;
        Carrier: r#"{"id": 1, "kind": "made", "by": "x"}"# r#"{"id": 1, "kind": 0, "by": "x"}"# r#"{"id": "1", "kind": "sized", "size": "3"}"#
            r#"{"id": 1, "kind": "nothing"}"#;
        Adjacent: r#"{"t": "text", "c": "x"}"# r#"{"c": "x", "t": "text"}"# r#"{"t": "count", "c": "3"}"# r#"{"t": "none"}"# r#"{"t": "none", "c": null}"#
            r#"{"t": 0, "c": "x"}"# r#"{"t": "other", "c": 1}"#;
        Any: "5" r#""5""# "true" r#"["a", 1]"# r#"{"id": 1, "note": "x"}"# r#"{"id": "1"}"# "1.5" "null";
        Vec<Any>: r#"[5, "5", {"id": "1"}, {"id": 2}]"#;
        std::collections::BTreeMap<Known, u8>: r#"{"one": 1}"# r#"{"one": "1"}"# r#"{"what": 1}"#;
    }
    parts {
        Flat: r#"{"a": 1, "text": "x"}"# r#"{"a": 1, "body": "x"}"# r#"{"a": "1", "body": "x", "count": 2}"# r#"{"a": 1, "text": "x", "count": "2"}"#
            r#"{"a": 1}"# r#"{"b": 1, "text": "x"}"# r#"{"b": "1", "text": "x"}"# r#"{"a": 1, "text": 5}"#;
        Open: r#"{"a": 1, "more": [1], "x": null}"# r#"{"b": "1", "more": 2}"#;
        Wrapped: "5" r#""5""# r#""x""#;
        Tuple: r#"[1, "x"]"# r#"["1", "x"]"# "[1]" r#"[1, "x", 2]"# r#"{"0": 1}"#;
        Unit: "null" "5" "[]";
        Tree: r#"{"text": "x", "kids": [{"text": "y", "kids": []}]}"# r#"{"body": "x", "kids": [{"body": "y", "kids": []}]}"# r#"{"body": "x", "kids": [{"body": 1, "kids": []}]}"#;
    }
    scalars {
        u128: "1234567890123456789012" "5" r#""5""# r#""1234567890123456789012""# "-1" "1e30" "2.0" "340282366920938463463374607431768211455"
            "340282366920938463463374607431768211456";
        i128: "-1234567890123456789012" "5" "-5" "-0" r#""-5""# "170141183460469231731687303715884105728";
        Vec<u128>: r#"[1, 1234567890123456789012, "7"]"#;
        Amounts: r#"{"total": 1234567890123456789012}"# r#"{"total": "1"}"# r#"{"sum": 1234567890123456789012}"#;
        u64: "18446744073709551615" "18446744073709551616" "-1" "1.0" "1.5" "1e3" "true" r#"" 7 ""# "null" "[]" "-0";
        i8: "127" "128" r#""-128""# r#""200""# "-0.0";
        f64: "1" "1.5" r#""1.5""# "true" r#""x""# "12345678901234567890123" "null" r#""inf""#;
        f32: "0.1" "1e39" r#""0.1""# "16777217";
        bool: "true" r#""yes""# "1" "2" r#""perhaps""# "0.0" "null";
        char: r#""x""# r#""\ud83d\ude00""# r#""xy""# "5";
        String: r#""x""# r#""\u00e9\n""# "5" "null" "true";
        Option<i64>: "null" "5" r#""5""# r#""x""#;
        std::num::NonZeroU8: "1" "0" r#""1""# "256";
        (u8, Option<String>): r#"[1, null]"# r#"["1", "x"]"# "[1]";
        [i8; 2]: "[1, 2]" r#"["1", 2]"# "[1]" "[1, 2, 3]";
        Vec<u8>: "[1, 255]" "[256]" r#""x""#;
        Bytes: "[1, 255]" r#""x\n""# "5";
        std::collections::BTreeMap<i32, String>: r#"{"1": "x"}"# r#"{"-1": "x"}"# r#"{"a": "x"}"# r#"{"1.5": "x"}"# r#"{"01": "x"}"#;
        std::collections::BTreeMap<bool, u8>: r#"{"true": 1}"# r#"{"yes": 1}"#;
        std::collections::BTreeMap<String, u8>: r#"{"a": 1, "a": 2}"# r#"{"a": "1"}"#;
        std::collections::BTreeSet<i64>: "[1, 2]" r#"["1", 2]"# r#"["1", 1]"#;
        std::net::IpAddr: r#""::1""# r#""x""#;
        std::time::Duration: r#"{"secs": 1, "nanos": 2}"# r#"{"secs": "1", "nanos": 2}"# "[1, 2]";
        Value: r#"{"a": [1, "2", null, 1.0, 18446744073709551615]}"# "null" r#""1""#;
        std::borrow::Cow<'static, str>: r#""x""# "5";
        nat_schema::duration::TimeSpan: r#""1s""# "5" r#""soon""# "null";
    }
}
