//! One type for each way in which serde and a schema may see a value differently.

use schemars::JsonSchema;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Aliased {
    #[serde(alias = "body")]
    text: String,
    #[serde(default, alias = "count")]
    times: i64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Closed {
    #[serde(alias = "body")]
    text: String,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Renamed {
    #[serde(alias = "name")]
    first_name: String,
    last_name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Within {
    #[serde(alias = "inside")]
    inner: Aliased,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Skipping {
    shown: i64,
    #[serde(skip_deserializing)]
    hidden: i64,
}

/// The schema demands a field that serde does without.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Demanding {
    #[schemars(required)]
    must: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Doubled {
    a: i64,
}

fn any_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct AnyText;
    impl Visitor<'_> for AnyText {
        type Value = String;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text or a number")
        }
        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(format!("number {number}"))
        }
    }
    deserializer.deserialize_any(AnyText)
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct AnyText {
    #[serde(deserialize_with = "any_text")]
    text: String,
}

fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(String::deserialize(deserializer)?.split(',').map(str::to_owned).collect())
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Listed {
    #[serde(deserialize_with = "listed")]
    tags: Vec<String>,
}

/// Takes a number only where it is written as text.
fn quoted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Quoted {
    #[serde(deserialize_with = "quoted")]
    number: i64,
}

/// Reads a number that is written as text in another way than one that is not.
fn counted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Counted;
    impl Visitor<'_> for Counted {
        type Value = i64;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a number")
        }
        fn visit_str<E>(self, text: &str) -> Result<i64, E> {
            Ok(-(text.len() as i64))
        }
        fn visit_u64<E>(self, number: u64) -> Result<i64, E> {
            Ok(number as i64)
        }
    }
    deserializer.deserialize_any(Counted)
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Counted {
    #[serde(deserialize_with = "counted")]
    number: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "i64")]
pub(super) struct Even(i64);

impl TryFrom<i64> for Even {
    type Error = String;
    fn try_from(number: i64) -> Result<Self, String> {
        if number % 2 == 0 { Ok(Self(number)) } else { Err(format!("{number} is odd")) }
    }
}

/// Its schema is that of its fields, and its form another.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "OnWire")]
#[schemars(!try_from)]
pub(super) struct Wire {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
struct OnWire {
    a: i64,
    #[serde(alias = "b")]
    c: i64,
}

impl TryFrom<OnWire> for Wire {
    type Error = String;
    fn try_from(wire: OnWire) -> Result<Self, String> {
        Ok(Self { a: wire.a, b: wire.c })
    }
}

/// An object for its schema, a list for serde.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(from = "(i64, i64)")]
#[schemars(!from)]
pub(super) struct Pair {
    x: i64,
    y: i64,
}

impl From<(i64, i64)> for Pair {
    fn from((x, y): (i64, i64)) -> Self {
        Self { x, y }
    }
}

fn three() -> i64 {
    3
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Defaulted {
    #[serde(default = "three")]
    level: i64,
}

fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_i64().unwrap_or_default())
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Lenient {
    #[serde(deserialize_with = "lenient")]
    level: i64,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Color {
    #[serde(alias = "rot")]
    Red,
    Mixed(u8, u8),
    Named {
        #[serde(alias = "label")]
        name: String,
    },
    Tint(i64),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Known {
    One,
    Two,
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Event {
    Made {
        #[serde(alias = "author")]
        by: String,
    },
    Sized {
        size: i64,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Carrier {
    id: i64,
    #[serde(flatten)]
    event: Event,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c", rename_all = "lowercase")]
pub(super) enum Adjacent {
    Text(String),
    Count(i64),
    None,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Any {
    Count(i64),
    Text(String),
    List(Vec<Any>),
    Note {
        id: i64,
        #[serde(default)]
        note: String,
    },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Flat {
    #[serde(alias = "b")]
    a: i64,
    #[serde(flatten)]
    inner: Aliased,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Open {
    #[serde(alias = "b")]
    a: i64,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Wrapped(i64);

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Tuple(i64, String);

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Unit;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Tree {
    #[serde(alias = "body")]
    text: String,
    kids: Vec<Tree>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Amounts {
    #[serde(alias = "sum")]
    total: u128,
}

/// Asks for bytes, and takes no text.
#[derive(Debug, Serialize)]
pub(super) struct Bytes(Vec<u8>);

impl JsonSchema for Bytes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<u8>::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfBytes;
        impl<'de> Visitor<'de> for OfBytes {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = items.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_bytes(OfBytes)
    }
}
