//! The type decides about form and the schema about limits, whichever way a body is read.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{InvalidInput, interface};

/// What becomes of a body: the input as it prints, or kinds and places of all findings.
type Outcome = Result<String, Vec<String>>;

fn told<T: Debug + 'static>(decoded: Result<Box<dyn std::any::Any + Send>, InvalidInput>) -> Outcome {
    match decoded {
        Ok(input) => Ok(format!("{:?}", input.downcast_ref::<T>().expect("the interface is that of this type"))),
        Err(InvalidInput::Findings(findings)) => {
            let one = |finding: &nat_schema::Finding| {
                format!("{} {}", finding.kind, serde_json::to_string(&finding.path).unwrap())
            };
            Err(findings.iter().map(one).collect())
        }
        Err(malformed) => Err(vec![malformed.summary()]),
    }
}

/// The outcome of an object with these members, which none of the ways and no unrelated member changes.
#[track_caller]
fn outcome<T>(members: &str) -> Outcome
where
    T: Debug + Serialize + DeserializeOwned + JsonSchema + Send + 'static,
{
    let interface = interface::<T, ()>();
    let expected = told::<T>(interface.decode(format!("{{{members}}}").as_bytes()));
    for unrelated in ["", r#""zip": ["\ud83d\ude00"]"#, r#""zip": 1e9, "zip": [{}]"#] {
        let comma = if members.is_empty() || unrelated.is_empty() { "" } else { ", " };
        for body in [format!("{{{members}{comma}{unrelated}}}"), format!("{{{unrelated}{comma}{members}}}")] {
            assert_eq!(told::<T>(interface.decode(body.as_bytes())), expected, "bytes: {body}");
            assert_eq!(told::<T>(interface.decode_text(&body)), expected, "text: {body}");
            let value: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(told::<T>(interface.decode_value(&value)), expected, "value: {body}");
        }
    }
    expected
}

fn taken(printed: &str) -> Outcome {
    Ok(printed.to_owned())
}

fn refused(findings: &[&str]) -> Outcome {
    Err(findings.iter().map(|finding| (*finding).to_owned()).collect())
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Aliased {
    #[serde(alias = "body")]
    text: String,
    #[serde(default, alias = "count")]
    #[schemars(range(max = 9))]
    times: i64,
    #[serde(default, alias = "kid")]
    child: Option<Box<Aliased>>,
}

#[test]
fn an_alias_is_its_field() {
    assert_eq!(outcome::<Aliased>(r#""body": "x""#), taken(r#"Aliased { text: "x", times: 0, child: None }"#));
    assert_eq!(
        outcome::<Aliased>(r#""body": "x", "count": "2""#),
        taken(r#"Aliased { text: "x", times: 2, child: None }"#)
    );
    assert_eq!(outcome::<Aliased>(r#""body": "x", "count": "many""#), refused(&[r#"int_parsing ["count"]"#]));
    assert_eq!(outcome::<Aliased>(r#""body": 5"#), refused(&[r#"string_type ["body"]"#]));
    assert_eq!(outcome::<Aliased>(r#""count": 5"#), refused(&[r#"missing ["text"]"#]));
    assert_eq!(
        outcome::<Aliased>(r#""body": "x", "kid": {"body": 5, "count": "many"}"#),
        refused(&[r#"string_type ["kid","body"]"#, r#"int_parsing ["kid","count"]"#])
    );
    assert_eq!(outcome::<Aliased>(r#""bodies": "x""#), refused(&[r#"missing ["text"]"#]));
    assert_eq!(outcome::<Aliased>(r#""body": "x", "text": "y""#), refused(&["value_error []"]));
}

#[test]
fn a_limit_holds_under_an_alias() {
    let too_many = |place: &str| refused(&[&format!("less_than_equal {place}")]);
    assert_eq!(outcome::<Aliased>(r#""body": "x", "count": 10"#), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Aliased>(r#""text": "x", "count": "10""#), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Aliased>(r#""text": "x", "kid": {"body": "y", "count": 10}"#), too_many(r#"["kid","count"]"#));
    assert_eq!(
        outcome::<Aliased>(r#""text": "x", "kid": {"body": "y", "kid": {"text": "z", "count": 10}}"#),
        too_many(r#"["kid","kid","count"]"#)
    );

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Flat {
        #[serde(alias = "number")]
        #[schemars(range(max = 9))]
        id: i64,
        #[serde(flatten)]
        inner: Aliased,
    }
    assert_eq!(outcome::<Flat>(r#""number": 10, "body": "x""#), too_many(r#"["number"]"#));
    assert_eq!(outcome::<Flat>(r#""id": 1, "body": "x", "count": 10"#), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Flat>(r#""id": 1, "body": 5"#), refused(&[r#"string_type ["body"]"#]));
    assert!(outcome::<Flat>(r#""id": "1", "body": "x", "count": "2""#).is_ok());

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Either {
        Named(Aliased),
        Other { other: bool },
    }
    assert_eq!(outcome::<Either>(r#""body": "x", "count": 10"#), too_many(r#"["count"]"#));
    assert!(outcome::<Either>(r#""body": "x", "count": 9"#).is_ok());
    assert!(outcome::<Either>(r#""other": true, "count": 10"#).is_ok());
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Inside {
        it: Vec<Either>,
    }
    let row = r#"{"body": "x", "junk": 1, "more": [], "kid": {"text": "y"}, "count": 10}"#;
    assert_eq!(outcome::<Inside>(&format!(r#""it": [{row}]"#)), too_many(r#"["it",0,"count"]"#));
    let row = r#"{"text": "x", "child": {"body": "y", "count": 10}}"#;
    assert_eq!(outcome::<Inside>(&format!(r#""it": [{row}]"#)), too_many(r#"["it",0,"child","count"]"#));
    assert_eq!(outcome::<Either>(&row[1..row.len() - 1]), too_many(r#"["child","count"]"#));
    let rows = r#"{"body": "x", "count": 9}, {"other": false}, {"text": "x", "count": 10}"#;
    assert_eq!(outcome::<Inside>(&format!(r#""it": [{rows}]"#)), too_many(r#"["it",2,"count"]"#));

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    enum Tagged {
        A(Aliased),
    }
    let junk: String = (0..40).map(|number| format!(r#""junk{number}": {number}, "#)).collect();
    assert_eq!(outcome::<Tagged>(&format!(r#"{junk}"kind": "A", "body": "x", "count": 10"#)), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Flat>(&format!(r#"{junk}"id": 1, "body": "x", "count": 10"#)), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Aliased>(&format!(r#"{junk}"body": "x", "count": 10"#)), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Tagged>(r#""kind": "A", "body": "x", "count": 10"#), too_many(r#"["count"]"#));
    assert_eq!(outcome::<Tagged>(r#""kind": "A", "body": 5"#), refused(&[r#"string_type ["body"]"#]));
}

#[test]
fn what_the_schema_does_not_know_hides_no_limit() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Known {
        One,
        #[serde(other)]
        Unknown,
    }
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Many {
        known: Vec<Known>,
        #[schemars(range(max = 9))]
        times: i64,
    }
    let unknown = vec![r#""what""#; 300].join(",");
    assert!(outcome::<Many>(&format!(r#""known": [{unknown}], "times": 9"#)).is_ok());
    let known = format!(r#""known": [{unknown}], "times": 10"#);
    assert_eq!(outcome::<Many>(&known), refused(&[r#"less_than_equal ["times"]"#]));
    let known = format!(r#""known": [{unknown}], "times": "10""#);
    assert_eq!(outcome::<Many>(&known), refused(&[r#"less_than_equal ["times"]"#]));

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Either {
        Many(Many),
        None { none: bool },
    }
    assert!(outcome::<Either>(r#""known": ["what"], "times": 9"#).is_ok());
    assert_eq!(outcome::<Either>(&known), refused(&[r#"less_than_equal ["times"]"#]));
}

#[test]
fn integers_of_128_bits_have_limits() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Amount {
        #[schemars(range(max = 1000))]
        small: Option<u128>,
        #[schemars(range(min = 1000))]
        large: Option<u128>,
    }
    let wide = "1234567890123456789012";
    let interface = interface::<Amount, ()>();
    let decode = |body: String| told::<Amount>(interface.decode(body.as_bytes()));
    for wide in [wide.to_owned(), format!("{wide:?}")] {
        let expected = Ok(format!("Amount {{ small: None, large: Some({}) }}", wide.trim_matches('"')));
        assert_eq!(decode(format!(r#"{{"large": {wide}}}"#)), expected);
        assert_eq!(decode(format!(r#"{{"large": {wide}, "zip": ["\ud83d\ude00"]}}"#)), expected);
        assert_eq!(decode(format!(r#"{{"small": {wide}}}"#)), refused(&[r#"less_than_equal ["small"]"#]));
    }
}

#[test]
fn a_list_is_no_struct_on_any_way() {
    let list = refused(&[r#"model_attributes_type ["it"]"#]);
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Point {
        x: i64,
        y: i64,
    }
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Direct {
        it: Point,
    }
    assert_eq!(outcome::<Direct>(r#""it": [1, 2]"#), list);
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Optional {
        it: Option<Box<Point>>,
    }
    assert_eq!(outcome::<Optional>(r#""it": [1, 2]"#), list);
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Either {
        Point(Point),
        Text(String),
    }
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Untagged {
        it: Either,
    }
    assert!(outcome::<Untagged>(r#""it": {"x": 1, "y": 2}"#).is_ok());
    assert!(outcome::<Untagged>(r#""it": "x""#).is_ok());
    assert_eq!(outcome::<Untagged>(r#""it": [1, 2]"#), list);
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Flat {
        #[serde(flatten)]
        direct: Direct,
    }
    assert_eq!(outcome::<Flat>(r#""it": [1, 2]"#), list);
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    enum Tagged {
        A { it: Point },
    }
    assert_eq!(outcome::<Tagged>(r#""kind": "A", "it": [1, 2]"#), list);
    // Nothing in the schema says that there is a struct.
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Hidden {
        #[schemars(with = "Value")]
        it: Point,
    }
    assert_eq!(outcome::<Hidden>(r#""it": [1, 2]"#), refused(&[r#"value_error ["it"]"#]));
    assert!(outcome::<Hidden>(r#""it": {"x": "1", "y": 2}"#).is_ok());
}

#[test]
fn a_body_is_an_object() {
    /// An object for its schema, and a text for serde.
    #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
    #[serde(from = "String")]
    #[schemars(!from)]
    struct Named {
        name: String,
    }
    impl From<String> for Named {
        fn from(name: String) -> Self {
            Self { name }
        }
    }
    let interface = interface::<Named, ()>();
    let body = told::<Named>(interface.decode(br#""x""#));
    assert_eq!(body, refused(&["model_attributes_type []"]));
    assert_eq!(told::<Named>(interface.decode_value(&Value::from("x"))), taken(r#"Named { name: "x" }"#));
    assert_eq!(told::<Named>(interface.decode_text(r#""x""#)), taken(r#"Named { name: "x" }"#));
}

#[test]
fn roots_of_every_form() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Event {
        Made {
            by: String,
        },
        #[serde(other)]
        Unknown,
    }
    assert_eq!(outcome::<Event>(r#""kind": "made", "by": "x""#), taken(r#"Made { by: "x" }"#));
    // What serde reads straight from JSON has a name and no number.
    assert_eq!(outcome::<Event>(r#""kind": 0, "by": "x""#), refused(&["union_tag_invalid []"]));
    assert_eq!(outcome::<Event>(r#""kind": "whatever""#), taken("Unknown"));
    assert_eq!(outcome::<Event>(r#""kind": "made""#), refused(&[r#"missing ["by"]"#]));

    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    enum Either {
        Count {
            #[serde(alias = "n")]
            count: i64,
        },
        Text {
            text: String,
        },
    }
    assert_eq!(outcome::<Either>(r#""n": 1"#), taken("Count { count: 1 }"));
    assert_eq!(outcome::<Either>(r#""count": "1""#), taken("Count { count: 1 }"));
    assert_eq!(outcome::<Either>(r#""text": "x""#), taken(r#"Text { text: "x" }"#));
}

/// An input that is simple lies in a field of the body, and is itself through handles.
#[test]
fn simple_inputs_follow_the_rule() {
    let values = interface::<Vec<Aliased>, ()>();
    for (value, expected) in [
        (r#"[{"body": "x", "count": "2"}]"#, taken(r#"[Aliased { text: "x", times: 2, child: None }]"#)),
        (r#"[{"body": 5}]"#, refused(&[r#"string_type [0,"body"]"#])),
        (r#"[{"body": "x", "count": 10}]"#, refused(&[r#"less_than_equal [0,"count"]"#])),
    ] {
        let under = |findings: Vec<String>| findings.iter().map(|one| one.replace('[', r#"["text","#)).collect();
        for unrelated in ["", r#", "zip": ["\ud83d\ude00"]"#, r#", "text": "#] {
            let body = match unrelated {
                r#", "text": "# => format!(r#"{{"text": 5{unrelated}{value}}}"#),
                _ => format!(r#"{{"text": {value}{unrelated}}}"#),
            };
            let expected = expected.clone().map_err(under);
            assert_eq!(told::<Vec<Aliased>>(values.decode(body.as_bytes())), expected, "{body}");
        }
        assert_eq!(told::<Vec<Aliased>>(values.decode_text(value)), expected, "{value}");
        let value: Value = serde_json::from_str(value).unwrap();
        assert_eq!(told::<Vec<Aliased>>(values.decode_value(&value)), expected, "{value}");
    }
}

/// What explains a refusal takes no more than a moment, whatever the body holds.
#[test]
fn refusals_of_large_bodies_are_bounded() {
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Rows {
        rows: Vec<Row>,
    }
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Row {
        #[serde(alias = "b")]
        a: i64,
        #[serde(flatten)]
        rest: Rest,
    }
    #[derive(Debug, Serialize, Deserialize, JsonSchema)]
    struct Rest {
        c: String,
    }
    let interface = interface::<Rows, ()>();
    for row in [r#"{"b": "x", "d": "1"}"#, r#"{"b": "1", "c": "x", "e": [[]]}"#, r#"{"a": 1, "a": 1, "c": 5, "f": 1}"#]
    {
        let mut rows = vec![row; 20_000];
        rows.push(r#"{"b": null}"#);
        let body = format!(r#"{{"rows": [{}]}}"#, rows.join(","));
        let began = std::time::Instant::now();
        let refused = interface.decode(body.as_bytes());
        assert!(refused.is_err());
        println!("{row}: {:?}", began.elapsed());
        // Unoptimized, and beside others: what is not bounded takes minutes.
        assert!(began.elapsed().as_secs() < 20, "{row}: {:?}", began.elapsed());
    }
}
