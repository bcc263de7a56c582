//! Numbers and truth values, also where they are written as something else.

use serde::de::{Error as _, Visitor};
use serde_json::{Error, Value};

use super::deserializer::Reader;
use super::tree::{Numeral, Tree};
use crate::coerce::{self, Mismatch};

/// The integers that a type asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    UpTo64,
    Signed128,
    Unsigned128,
}

impl<'r> Reader<'r> {
    pub(super) fn integer<V: Visitor<'r>>(self, width: Width, visitor: V) -> Result<V::Value, Error> {
        let number = match self.node {
            Tree::Number(Numeral::Float(_)) | Tree::Bool(_) => self.coerced(coerce::integer)?,
            Tree::Number(number) => *number,
            Tree::Text(text) if width != Width::UpTo64 => {
                coerce::wide_integer(text).map_err(|found| self.mismatch(found))?
            }
            Tree::Text(_) => self.coerced(coerce::integer)?,
            _ => return Err(self.unexpected(&visitor)),
        };
        match (number, width) {
            (Numeral::Unsigned(number), Width::UpTo64) => visitor.visit_u64(number),
            (Numeral::Signed(number), Width::UpTo64) => visitor.visit_i64(number),
            (Numeral::Unsigned(number), Width::Unsigned128) => visitor.visit_u128(number.into()),
            (Numeral::Unsigned(number), Width::Signed128) => visitor.visit_i128(number.into()),
            (Numeral::Signed(number), _) => visitor.visit_i128(number.into()),
            (Numeral::Wide(number), Width::Unsigned128) if number >= 0 => visitor.visit_u128(number.unsigned_abs()),
            (Numeral::Wide(number), Width::Signed128 | Width::Unsigned128) => visitor.visit_i128(number),
            (Numeral::Widest(number), Width::Signed128 | Width::Unsigned128) => visitor.visit_u128(number),
            (Numeral::Wide(_) | Numeral::Widest(_), Width::UpTo64) => Err(self.mismatch(coerce::INTEGER_TOO_LARGE)),
            (Numeral::Float(number), _) => visitor.visit_f64(number),
        }
    }

    pub(super) fn float<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = match self.node {
            Tree::Number(number) => *number,
            Tree::Bool(_) | Tree::Text(_) => self.coerced(coerce::float)?,
            _ => return Err(self.unexpected(&visitor)),
        };
        visit(number, visitor)
    }

    pub(super) fn boolean<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Tree::Bool(truth) => visitor.visit_bool(*truth),
            Tree::Number(_) | Tree::Text(_) => match coerce::boolean(&self.node.to_value()) {
                Ok(truth) => visitor.visit_bool(truth == Value::Bool(true)),
                Err(found) => Err(self.mismatch(found)),
            },
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn coerced(self, by: fn(&Value) -> Result<Value, Mismatch>) -> Result<Numeral, Error> {
        match by(&self.node.to_value()) {
            Ok(Value::Number(number)) => Ok(Numeral::from(&number)),
            Ok(_) => Err(self.mismatch(coerce::INTEGER_TOO_LARGE)),
            Err(found) => Err(self.mismatch(found)),
        }
    }

    fn mismatch(self, found: Mismatch) -> Error {
        self.run.note_mismatch(found);
        Error::custom(found.1)
    }
}

/// A number for a type that takes any.
pub(super) fn visit<'r, V: Visitor<'r>>(number: Numeral, visitor: V) -> Result<V::Value, Error> {
    match number {
        Numeral::Unsigned(number) => visitor.visit_u64(number),
        Numeral::Signed(number) => visitor.visit_i64(number),
        other => visitor.visit_f64(other.as_float()),
    }
}
