//! Bytes in and out: the fast path and the checked one must never differ in what they accept.

mod chat;
mod kinds;
mod rule;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::types::{Gives, InputType, OutputType};
use super::{Given, Interface, InvalidInput};

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Inner {
    a: i64,
    #[serde(default)]
    b: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Fields {
    text: String,
    #[serde(default)]
    times: i64,
    #[serde(default)]
    inner: Option<Inner>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Limited {
    #[schemars(range(min = 1, max = 9))]
    times: i64,
}

fn interface<I, O>() -> Arc<Interface>
where
    I: Serialize + serde::de::DeserializeOwned + JsonSchema + Send + 'static,
    O: Serialize + JsonSchema + Send + 'static,
{
    Interface::new(InputType::of::<I>(), "text", Gives::Output(OutputType::of::<O>()))
}

fn decode<I: Serialize + serde::de::DeserializeOwned + JsonSchema + Send + 'static>(body: &str) -> Result<I, String> {
    match interface::<I, ()>().decode(body.as_bytes()) {
        Ok(input) => Ok(*input.downcast().expect("it is the input's type")),
        Err(invalid) => Err(invalid.summary()),
    }
}

#[test]
fn fields_are_read_with_their_defaults() {
    let expected = Fields { text: "x".into(), times: 0, inner: None };
    assert_eq!(decode(r#"{"text":"x"}"#), Ok(expected));
    let nested = Fields { text: "é".into(), times: 2, inner: Some(Inner { a: 1, b: String::new() }) };
    assert_eq!(decode(r#" {"zip": [1, {}], "text":"é","times":"2","inner":{"a":1.0}} "#), Ok(nested));
}

#[test]
fn an_array_is_no_struct_wherever_it_stands() {
    let refused = |body| decode::<Fields>(body).unwrap_err();
    assert_eq!(refused(r#"["x", 1]"#), "Input should be a valid dictionary or object to extract fields from");
    assert!(refused(r#"{"text":"x","inner":[1,"b"]}"#).starts_with("inner: "));
}

#[test]
fn what_serde_lets_pass_is_checked() {
    assert_eq!(decode(r#"{"times":3}"#), Ok(Limited { times: 3 }));
    assert_eq!(decode::<Limited>(r#"{"times":10}"#), Err("times: Input should be less than or equal to 9".into()));
    // A lone surrogate in a field that nobody reads.
    for body in [r#"{"text":"x","zip":"\ud800"}"#, r#"{"text":"x","\uDC00":1}"#] {
        assert!(
            matches!(interface::<Fields, ()>().decode(body.as_bytes()), Err(InvalidInput::Malformed { .. })),
            "{body}"
        );
    }
    assert_eq!(decode::<String>(r#"{"text":"\ud83d\ude00"}"#), Ok("😀".into()), "a pair is a character");
}

#[test]
fn repeated_keys_take_the_last_value() {
    assert_eq!(decode::<Limited>(r#"{"times":3,"times":4}"#), Ok(Limited { times: 4 }));
}

#[test]
fn simple_inputs_lie_in_one_field() {
    assert_eq!(decode::<String>(r#"{"other":[1],"text":"x"}"#), Ok("x".into()));
    assert_eq!(decode::<i64>(r#"{"text":"12"}"#), Ok(12));
    assert_eq!(decode::<Vec<String>>(r#"{"text":["a"]}"#), Ok(vec!["a".into()]));
    assert_eq!(decode::<String>("{}"), Err("text: Field required".into()));
    assert_eq!(decode::<String>(r#"{"text":5}"#), Err("text: Input should be a valid string".into()));
    assert_eq!(
        decode::<String>("null"),
        Err("Input should be a valid dictionary or object to extract fields from".into())
    );
}

#[test]
fn what_is_no_json_says_where() {
    let at = |body: &[u8]| match interface::<Fields, ()>().decode(body) {
        Err(InvalidInput::Malformed { offset, reason }) => (offset, reason),
        _ => panic!("{body:?} is no JSON"),
    };
    for (body, offset, reason) in [
        (&b"{"[..], 1, "Expecting property name enclosed in double quotes"),
        (b"", 0, "Expecting value"),
        (b"{\"text\": ", 9, "Expecting value"),
        (b"{\"text\": \"x", 9, "Unterminated string starting at"),
        ("{\"é\": \"é\", \"ü\": x".as_bytes(), 16, "Expecting value"),
        (b"{text: 1}", 1, "Expecting property name enclosed in double quotes"),
        (b"{\"a\" 1}", 5, "Expecting ':' delimiter"),
        (b"{\"text\":\"x\"} {}", 13, "Extra data"),
        (b"{\"text\":NaN}", 8, "Expecting value"),
        (b"{\"text\":\"\xc3\xa9\xff\"}", 10, "The body is not UTF-8"),
    ] {
        assert_eq!(at(body), (offset, reason.to_owned()), "{:?}", String::from_utf8_lossy(body));
    }
    let deep = format!("{{\"zip\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(at(deep.as_bytes()), (7 + 126, "Nested more than 127 levels deep".to_owned()));
}

/// What nobody reads is checked as what somebody does.
#[test]
fn fields_without_a_reader_are_no_exception() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let long = "9".repeat(400);
    for (zip, taken) in [
        (nested(126), true),
        (nested(127), false),
        ("1e9".to_owned(), true),
        ("1e999".to_owned(), false),
        ("-1E+999".to_owned(), false),
        (long, false),
        ("9".repeat(100), true),
    ] {
        let fast = interface::<Fields, ()>().decode(format!(r#"{{"text":"x","zip":{zip}}}"#).as_bytes());
        // The text that is a number sends it down the other path.
        let checked = interface::<Fields, ()>().decode(format!(r#"{{"text":"x","times":"2","zip":{zip}}}"#).as_bytes());
        assert_eq!((fast.is_ok(), checked.is_ok()), (taken, taken), "{zip}");
    }
}

#[test]
fn answers_wrap_what_is_no_object() {
    let json = |value: &dyn std::any::Any, interface: &Interface| {
        String::from_utf8(interface.encode(value).unwrap().to_vec()).unwrap()
    };
    assert_eq!(json(&"é".to_owned(), &interface::<(), String>()), r#"{"value":"é"}"#);
    assert_eq!(json(&vec![1, 2], &interface::<(), Vec<i32>>()), r#"{"value":[1,2]}"#);
    let fields = Fields { text: "x".into(), times: 1, inner: None };
    assert_eq!(json(&fields, &interface::<(), Fields>()), r#"{"text":"x","times":1,"inner":null}"#);
    let map = std::collections::BTreeMap::from([("k".to_owned(), 1)]);
    assert_eq!(json(&map, &interface::<(), std::collections::BTreeMap<String, i32>>()), r#"{"value":{"k":1}}"#);
    assert_eq!(interface::<(), String>().encode_text(Given::Output, &"as it is".to_owned()).unwrap(), "as it is");
    assert_eq!(interface::<(), Vec<i32>>().encode_text(Given::Output, &vec![1]).unwrap(), "[1]");
}

#[test]
fn text_from_a_person_needs_no_quotes() {
    let text =
        |text: &str| interface::<String, ()>().decode_text(text).map(|input| *input.downcast::<String>().unwrap());
    assert_eq!(text("hello").unwrap(), "hello");
    assert_eq!(text("5").unwrap(), "5");
    let number = |text: &str| interface::<i64, ()>().decode_text(text).map(|input| *input.downcast::<i64>().unwrap());
    assert_eq!(number("5").unwrap(), 5);
    assert!(number("many").unwrap_err().summary().starts_with("Input should be a valid integer"));
    let fields = |text: &str| interface::<Fields, ()>().decode_text(text).map(|_| ()).map_err(|error| error.summary());
    assert_eq!(fields(r#"{"text":"x"}"#), Ok(()));
    assert_eq!(fields("hello"), Err("JSON decode error at character 0: Expecting value".into()));
}

/// Whatever the fast path takes, the checked one takes with the same result.
#[test]
fn both_paths_agree() {
    let interface = interface::<Fields, ()>();
    let mut seed = 7_u64;
    let mut roll = move |sides: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % 1_000_003).expect("small") % sides
    };
    let values = [
        json!("x"),
        json!(1),
        json!("2"),
        json!(1.5),
        json!(null),
        json!([1, "b"]),
        json!({"a": 1}),
        json!({"b": "z"}),
    ];
    for _ in 0..20_000 {
        let mut body = serde_json::Map::new();
        for key in ["text", "times", "inner", "zip"] {
            if roll(4) > 0 {
                body.insert(key.to_owned(), values[roll(values.len())].clone());
            }
        }
        let body = Value::Object(body);
        let fast = interface.decode(body.to_string().as_bytes());
        let checked = interface.decode_value(&body);
        match (fast, checked) {
            (Ok(fast), Ok(checked)) => {
                assert_eq!(fast.downcast_ref::<Fields>(), checked.downcast_ref::<Fields>(), "{body}");
            }
            (Err(fast), Err(checked)) => assert_eq!(fast, checked, "{body}"),
            (fast, _) => panic!("{body} is taken by one path only; by the fast one: {}", fast.is_ok()),
        }
    }
}
