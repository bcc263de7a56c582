use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Reader, Run, Strict, Tree, parse};

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let tree = parse(text).expect("the text is JSON");
    T::deserialize(Reader::new(&tree, &Run::default())).map_err(|error| error.to_string())
}

fn read_strictly<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(Strict(&mut serde_json::Deserializer::from_str(text))).map_err(|error| error.to_string())
}

/// serde_json takes the text for `T`, and everything here does with the same result.
fn as_serde_json<T: DeserializeOwned + Debug + PartialEq>(text: &str) {
    let expected: T = serde_json::from_str(text).unwrap();
    assert_eq!(read::<T>(text).as_ref(), Ok(&expected), "{text}");
    assert_eq!(read_strictly::<T>(text).as_ref(), Ok(&expected), "{text}");
}

#[test]
fn a_tree_is_what_serde_json_reads() {
    for text in [
        "null",
        " [ true , false ] ",
        "[0, -0, -0.0, 1e3, 1.5E-3, 18446744073709551615, 18446744073709551616, -9223372036854775809, 0.1]",
        r#"{"a": {}, "b": [], "": "", "\u00e9\n\"\\": "\ud83d\ude00/\/é"}"#,
        r#"{"a": 1, "b": 2, "a": 3}"#,
        "123456789012345678901234567890123456789012345678901234567890",
    ] {
        let tree = parse(text).unwrap();
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(tree.to_value(), value, "{text}");
        as_serde_json::<Value>(text);
        if !text.contains('3') {
            assert_eq!(Tree::from(&value), tree, "{text}");
        }
    }
    for text in ["", "[1", "{\"a\" 1}", "[1 2]", "nul", "\"a", "[1]]", "1.2.3", "-"] {
        assert_eq!(parse(text), None, "{text}");
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: i8,
    y: Option<f32>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Shape {
    Dot,
    Line(Point, Point),
    Circle { center: Point },
    Size(u64),
}

#[test]
fn types_are_read_as_serde_json_reads_them() {
    as_serde_json::<Point>(r#"{"x": -1, "zip": [{}], "y": null}"#);
    as_serde_json::<Vec<Shape>>(
        r#"["Dot", {"Dot": null}, {"Line": [{"x": 1}, {"x": 2}]}, {"Circle": {"center": {"x": 1}}}, {"Size": 3}]"#,
    );
    as_serde_json::<(u128, i128)>(
        "[340282366920938463463374607431768211455, -170141183460469231731687303715884105728]",
    );
    as_serde_json::<BTreeMap<i128, ()>>(r#"{"-170141183460469231731687303715884105728": null, "5": null}"#);
    as_serde_json::<BTreeMap<bool, char>>(r#"{"true": "é"}"#);
    as_serde_json::<BTreeMap<Option<String>, (u8,)>>(r#"{"k": [255]}"#);
    as_serde_json::<(f32, f64)>("[0.1, 0.1]");
}

#[test]
fn lists_are_no_structs_and_lengths_are_exact() {
    for (point, shape) in [("[1, 2]", r#"{"Circle": [{"x": 1}]}"#), ("[1]", r#"{"Line": [{"x": 1}, [1]]}"#)] {
        assert!(serde_json::from_str::<Point>(point).is_ok() || point == "[1]");
        assert!(read::<Point>(point).is_err() && read_strictly::<Point>(point).is_err(), "{point}");
        assert!(read::<Shape>(shape).is_err() && read_strictly::<Shape>(shape).is_err(), "{shape}");
    }
    assert!(read::<(u8,)>("[1, 2]").is_err());
    assert!(read::<Shape>(r#"{"Dot": null, "Size": 1}"#).is_err());
}

#[test]
fn failures_say_where() {
    let tree = parse(r#"{"a": {"k": [{"x": 1}, {"x": 1, "y": "far"}]}}"#).unwrap();
    let run = Run::default();
    let refused = BTreeMap::<String, BTreeMap<String, Vec<Point>>>::deserialize(Reader::new(&tree, &run));
    assert!(refused.is_err());
    let (path, mismatch) = run.failure();
    assert_eq!(serde_json::to_string(&path).unwrap(), r#"["a","k",1,"y"]"#);
    assert_eq!(mismatch.map(|(kind, _)| kind), Some("float_parsing"));
}
