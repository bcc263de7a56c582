//! Keys of objects, which are texts and may be read as numbers.

use serde::Deserializer;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Error as _, IntoDeserializer, Visitor};
use serde_json::Error;

/// Reads a key as serde_json does.
#[derive(Clone, Copy)]
pub(super) struct KeyReader<'r>(pub(super) &'r str);

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
            let is_number = |text: &str| {
                text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
                    && text.ends_with(|last: char| last.is_ascii_digit())
            };
            if !is_number(self.0) {
                return Err(Error::custom("invalid value: expected key to be a number in quotes"));
            }
            let mut number = serde_json::Deserializer::from_str(self.0);
            let value = number.$method(visitor)?;
            number.end()?;
            Ok(value)
        }
    )*};
}

impl<'r> Deserializer<'r> for KeyReader<'r> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.0)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            other => Err(Error::invalid_type(serde::de::Unexpected::Str(other), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'r>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let text: BorrowedStrDeserializer<'r, Error> = BorrowedStrDeserializer::new(self.0);
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_bytes<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'r>>
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'r> IntoDeserializer<'r, Error> for KeyReader<'r> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}
