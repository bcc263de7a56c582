//! The size of a value as JSON, found without making it.

use std::cell::Cell;
use std::fmt;

use serde::Serialize;
use serde::ser::{
    self, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};
use serde_json::Value;

/// What an element of an array takes beside its text, and a value by itself.
const ELEMENT: usize = size_of::<Value>();
/// What a member of an object takes beside its texts: key, value, hash and index.
const MEMBER: usize = size_of::<String>() + ELEMENT + 3 * size_of::<usize>();
/// What an object takes beside its members: it has room for a few from its first one on.
const OBJECT: usize = 4 * MEMBER;
/// The name under which `serde_json` hands over text that is JSON already.
const RAW: &str = "$serde_json::private::RawValue";

/// About the bytes that `value` takes as a [`Value`], its parts and texts together; `None` as soon as they are more
/// than `limit`.
///
/// Only parts and lengths are counted: a large text costs no more than a small one, and counting ends at the limit.
pub(crate) fn measure<T: Serialize + ?Sized>(value: &T, limit: usize) -> Option<usize> {
    let meter = Meter { bytes: Cell::new(0), limit };
    // What cannot be written as JSON is shown as null, and what was counted until then is at least what that takes.
    let _ = value.serialize(&meter);
    Some(meter.bytes.get().max(ELEMENT)).filter(|bytes| *bytes <= limit)
}

struct Meter {
    bytes: Cell<usize>,
    limit: usize,
}

/// Counting ended: at the limit, or because the value cannot be written.
#[derive(Debug)]
struct Ended;

/// Parts of an array, an object, or one of these inside a variant.
struct Parts<'a> {
    meter: &'a Meter,
    /// Whether each text is JSON already, and will be read as that.
    raw: bool,
}

impl Meter {
    fn add(&self, bytes: usize) -> Result<(), Ended> {
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        if self.bytes.get() <= self.limit { Ok(()) } else { Err(Ended) }
    }

    fn parts(&self, bytes: usize) -> Result<Parts<'_>, Ended> {
        self.add(bytes)?;
        Ok(Parts { meter: self, raw: false })
    }
}

impl Parts<'_> {
    fn element<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Ended> {
        value.serialize(self.meter)
    }

    fn member<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), Ended> {
        self.meter.add(MEMBER + key.len())?;
        if self.raw {
            // At worst every second character is an element.
            let text = serde_json::to_value(value).map_err(|_| Ended)?;
            return self.meter.add(text.as_str().map_or(0, str::len).saturating_mul(1 + ELEMENT / 2));
        }
        value.serialize(self.meter)
    }
}

macro_rules! of_one_element {
    ($($method:ident: $type:ty,)*) => {
        $(fn $method(self, _value: $type) -> Result<(), Ended> {
            self.add(ELEMENT)
        })*
    };
}

impl<'a> ser::Serializer for &'a Meter {
    type Ok = ();
    type Error = Ended;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    of_one_element! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128,
        serialize_f32: f32,
        serialize_f64: f64,
        serialize_unit_struct: &'static str,
    }

    fn serialize_char(self, value: char) -> Result<(), Ended> {
        self.add(ELEMENT + value.len_utf8())
    }

    fn serialize_str(self, value: &str) -> Result<(), Ended> {
        self.add(ELEMENT + value.len())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Ended> {
        self.add(value.len().saturating_add(1).saturating_mul(ELEMENT))
    }

    fn serialize_none(self) -> Result<(), Ended> {
        self.add(ELEMENT)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Ended> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Ended> {
        self.add(ELEMENT)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Ended> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Ended> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Ended> {
        self.parts(OBJECT)?.member(variant, value)
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Parts<'a>, Ended> {
        self.parts(ELEMENT)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Parts<'a>, Ended> {
        self.parts(ELEMENT)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Parts<'a>, Ended> {
        self.parts(ELEMENT)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts<'a>, Ended> {
        self.parts(OBJECT + MEMBER + variant.len() + ELEMENT)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Parts<'a>, Ended> {
        self.parts(OBJECT)
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Parts<'a>, Ended> {
        Ok(Parts { raw: name == RAW, ..self.parts(OBJECT)? })
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts<'a>, Ended> {
        self.parts(OBJECT + MEMBER + variant.len() + OBJECT)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), Ended> {
        self.add(ELEMENT)?;
        fmt::Write::write_fmt(&mut Text(self), format_args!("{value}")).map_err(|_| Ended)
    }
}

/// Counts what is formatted.
struct Text<'a>(&'a Meter);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.add(text.len()).map_err(|_| fmt::Error)
    }
}

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Ended;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Ended> {
        self.meter.add(MEMBER)?;
        // As text a number may be a little longer than as a number; what a value by itself takes makes up for it.
        key.serialize(self.meter)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Ended> {
        self.element(value)
    }

    fn end(self) -> Result<(), Ended> {
        Ok(())
    }
}

macro_rules! parts {
    ($($trait:ident, $method:ident;)*) => {
        $(impl $trait for Parts<'_> {
            type Ok = ();
            type Error = Ended;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Ended> {
                self.element(value)
            }

            fn end(self) -> Result<(), Ended> {
                Ok(())
            }
        })*
    };
}

parts! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

macro_rules! members {
    ($($trait:ident;)*) => {
        $(impl $trait for Parts<'_> {
            type Ok = ();
            type Error = Ended;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Ended> {
                self.member(key, value)
            }

            fn end(self) -> Result<(), Ended> {
                Ok(())
            }
        })*
    };
}

members! {
    SerializeStruct;
    SerializeStructVariant;
}

impl ser::Error for Ended {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting ended")
    }
}

impl std::error::Error for Ended {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    /// The bytes of all parts and texts of a value that is there.
    fn held(value: &Value) -> usize {
        size_of::<Value>()
            + match value {
                Value::String(text) => text.len(),
                Value::Array(items) => items.iter().map(held).sum(),
                Value::Object(members) => {
                    members.iter().map(|(key, value)| size_of::<String>() + key.len() + held(value)).sum()
                }
                _ => 0,
            }
    }

    #[test]
    fn nothing_is_larger_than_it_was_measured() {
        for value in [
            json!(null),
            json!("x".repeat(10_000)),
            json!("\u{1}\"\n".repeat(1_000)),
            json!(vec![0; 10_000]),
            json!(vec![json!([[]]); 1_000]),
            json!(vec![json!({"a": 1}); 1_000]),
            json!((0..1_000).map(|n| (n.to_string(), n)).collect::<HashMap<_, _>>()),
            json!({"a": {"b": [{"c": "d", "e": 1.5}, null, true]}}),
        ] {
            let measured = measure(&value, usize::MAX).unwrap();
            assert!(held(&value) <= measured, "{} > {measured}", held(&value));
            assert!(measured <= 6 * (held(&value) + 100), "{measured} is far from {}", held(&value));
            assert_eq!((measure(&value, measured), measure(&value, measured - 1)), (Some(measured), None));
        }
    }

    /// Types of every kind that a serializer knows.
    #[derive(Serialize)]
    enum Kind {
        Unit,
        New(&'static str),
        Pair(u8, Option<char>),
        Named { key: (), numbers: [f32; 3] },
    }

    #[derive(Serialize)]
    struct Kinds {
        kinds: Vec<Kind>,
        by_number: HashMap<u64, bool>,
        address: std::net::IpAddr,
        nothing: Option<()>,
    }

    #[test]
    fn every_kind_of_value_is_measured() {
        let numbers = [1.0, 2.0, 3.0];
        let kinds = vec![Kind::Unit, Kind::New("x"), Kind::Pair(1, Some('é')), Kind::Named { key: (), numbers }];
        let by_number = (0..100).map(|number| (u64::MAX - number, true)).collect();
        let value = Kinds { kinds, by_number, address: [127, 0, 0, 1].into(), nothing: None };
        let (tree, measured) = (serde_json::to_value(&value).unwrap(), measure(&value, usize::MAX).unwrap());
        assert!(held(&tree) <= measured && measured <= 6 * held(&tree), "{measured} for {}", held(&tree));
    }

    #[test]
    fn what_cannot_be_written_is_as_large_as_null() {
        let value = HashMap::from([([1, 2], "keys must be texts")]);
        assert!(serde_json::to_value(&value).is_err());
        assert!(measure(&value, usize::MAX).unwrap() >= ELEMENT);
    }

    #[test]
    fn measuring_ends_at_the_limit() {
        struct Endless;
        impl Serialize for Endless {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(std::iter::repeat(0))
            }
        }
        assert_eq!(measure(&Endless, 1_000_000), None);
    }
}
