//! A clean walk means that serde takes the coerced value, whatever the value; and what serde takes where the
//! schema is fully enforced, the walk takes too.

use std::collections::{BTreeMap, HashMap, HashSet};

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::super::Enforcement;
use super::compiled;

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Scalars {
    a: u8,
    b: Option<i64>,
    #[serde(default)]
    c: f64,
    d: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Odd {
    n: (),
    #[serde(default)]
    e: Option<char>,
    z: Option<std::num::NonZeroI8>,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Nested {
    a: Option<Box<Nested>>,
    #[serde(default)]
    b: Vec<u16>,
    c: Option<BTreeMap<String, Tagged>>,
    d: Option<(i32, Option<String>)>,
    e: Option<Vec<Untagged>>,
    z: Option<Plain>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "a", rename_all = "lowercase")]
#[allow(dead_code)]
enum Tagged {
    A { b: i32 },
    B { c: Vec<String> },
    C,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub(super) enum Untagged {
    Truth(bool),
    Count(i64),
    Text(String),
    List(Vec<Untagged>),
    Fields { a: i8, b: Option<String> },
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
enum Variants {
    A,
    /// Documented.
    B,
    C(i32),
    D {
        a: u8,
    },
}

#[derive(Deserialize, JsonSchema, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
enum Plain {
    A,
    B,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Closed {
    a: Option<Variants>,
    #[schemars(range(min = -2, max = 3))]
    b: i8,
    #[schemars(length(max = 2))]
    #[serde(default)]
    c: HashSet<String>,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Flat {
    a: i32,
    #[serde(flatten)]
    rest: Inner,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
struct Inner {
    b: Option<i32>,
    c: String,
}

/// xorshift: the same values on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize].clone()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.roll(if depth == 0 { 6 } else { 10 }) {
            0 => Value::Null,
            1 => Value::Bool(self.roll(2) == 0),
            2 => Value::from(self.pick(&[0_i64, 1, -1, 2, 3, 127, 128, 255, 256, 65536, i64::MAX, i64::MIN])),
            3 => Number::from_f64(self.pick(&[0.0, -0.0, 1.0, 2.0, 2.5, -3.0, 300.0, 1e30]))
                .map_or(Value::Null, Value::Number),
            4 | 5 => Value::from(
                self.pick(&["", "a", "b", "c", "d", "1", " 2 ", "-1", "2.0", "yes", "no", "x1", "1e2", "ä"]),
            ),
            6 => (0..self.roll(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let mut fields = Map::new();
                let likely = self.roll(8);
                for key in ["a", "b", "c", "d", "e", "n", "k", "z"] {
                    if self.roll(8) <= likely {
                        fields.insert(key.to_owned(), self.value(depth - 1));
                    }
                }
                Value::Object(fields)
            }
        }
    }
}

fn agree<T: DeserializeOwned + JsonSchema>() {
    let schema = compiled::<T>();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut clean = 0;
    for _ in 0..20_000 {
        let value = dice.value(4);
        let checked = schema.check(value.clone());
        let by_serde = serde_json::from_value::<T>(value.clone());
        if checked.findings.is_empty() {
            clean += 1;
            if let Err(error) = serde_json::from_value::<T>(checked.value.clone()) {
                panic!("{}: {value} became {}, and serde says {error}", std::any::type_name::<T>(), checked.value);
            }
        } else if by_serde.is_ok() && !value.is_array() && schema.serde_enforces() == Enforcement::Full {
            panic!("{}: serde takes {value}, the walk says {:?}", std::any::type_name::<T>(), checked.findings);
        }
    }
    assert!(clean > 0, "{}: no value was clean", std::any::type_name::<T>());
}

#[test]
fn serde_takes_what_the_walk_takes() {
    agree::<Scalars>();
    agree::<Odd>();
    agree::<Nested>();
    agree::<Tagged>();
    agree::<Untagged>();
    agree::<Variants>();
    agree::<Closed>();
    agree::<Flat>();
    agree::<Vec<Option<f32>>>();
    agree::<HashMap<String, i16>>();
    agree::<BTreeMap<String, Vec<Untagged>>>();
    agree::<(u8, Option<Plain>)>();
    agree::<[i8; 2]>();
    agree::<Value>();
    agree::<HashMap<Plain, u8>>();
}
