//! What a type asks for, and what it is given.

use serde::Deserializer;
use serde::de::{Error as _, Expected, Unexpected, Visitor};
use serde_json::Error;

use super::access::{Entries, Items, Variant};
use super::run::{Goal, Run, address};
use super::scalar::{self, Width};
use super::tree::{Numeral, Tree};
use crate::Segment;

/// Types of serde_json that ask for themselves by such a name are read by serde_json.
const PRIVATE: &str = "$serde_json::private::";

/// Reads one value of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'r> {
    pub(super) node: &'r Tree<'r>,
    pub(super) run: &'r Run<'r>,
    /// Where given: only the way to there is shown, as far as the types allow it.
    pub(super) focus: Option<&'r [Segment]>,
    pub(super) depth: usize,
}

impl<'r> Reader<'r> {
    pub fn new(node: &'r Tree<'r>, run: &'r Run<'r>) -> Self {
        Self { node, run, focus: None, depth: 0 }
    }

    /// Shows nothing but what leads to `path`.
    pub fn focused(node: &'r Tree<'r>, run: &'r Run<'r>, path: &'r [Segment]) -> Self {
        Self { focus: Some(path), ..Self::new(node, run) }
    }

    pub(super) fn unexpected(self, expected: &dyn Expected) -> Error {
        let found = match self.node {
            Tree::Null => Unexpected::Unit,
            Tree::Bool(truth) => Unexpected::Bool(*truth),
            Tree::Number(Numeral::Unsigned(number)) => Unexpected::Unsigned(*number),
            Tree::Number(Numeral::Signed(number)) => Unexpected::Signed(*number),
            Tree::Number(number) => Unexpected::Float(number.as_float()),
            Tree::Text(text) => Unexpected::Str(text),
            Tree::List(_) => Unexpected::Seq,
            Tree::Fields(_) => Unexpected::Map,
        };
        Error::invalid_type(found, expected)
    }

    fn text<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Tree::Text(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn bytes<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Tree::Text(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn null<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Tree::Null => visitor.visit_unit(),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    /// `all`: whether a type asks for items one by one of different types, so that none can be left out.
    fn items<V: Visitor<'r>>(self, all: bool, visitor: V) -> Result<V::Value, Error> {
        let Tree::List(items) = self.node else {
            return Err(self.unexpected(&visitor));
        };
        let mut access = Items::new(self, items, all);
        let value = visitor.visit_seq(&mut access)?;
        access.end(value)
    }

    /// `fields`: where a type asks for a struct of these, none of which is there twice.
    fn entries<V: Visitor<'r>>(self, fields: Option<&'static [&'static str]>, visitor: V) -> Result<V::Value, Error> {
        let Tree::Fields(_) = self.node else {
            return Err(self.unexpected(&visitor));
        };
        let mut access = Entries::new(self, fields);
        let value = visitor.visit_map(&mut access)?;
        access.end(value)
    }
}

macro_rules! scalars {
    ($($method:ident $how:ident $(($width:ident))?;)*) => {$(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
            self.$how($(Width::$width,)? visitor)
        }
    )*};
}

impl<'r> Deserializer<'r> for Reader<'r> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'r>>(mut self, visitor: V) -> Result<V::Value, Error> {
        if self.focus.is_some_and(<[_]>::is_empty) && !matches!(self.run.directions.goal, Goal::Key(_)) {
            self.run.note_any();
        }
        // What is read here is seen whole or not at all.
        if self.focus.take().is_some_and(|left| !left.is_empty()) {
            self.run.note_whole(self.depth);
        }
        if let Some(substitute) = self.run.directions.substitutes.and_then(|all| all.get(&address(self.node))) {
            self.node = substitute;
        }
        match self.node {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(truth) => visitor.visit_bool(*truth),
            Tree::Number(number) => scalar::visit(*number, visitor),
            Tree::Text(text) => visitor.visit_borrowed_str(text),
            Tree::List(_) => {
                self.run.note_list(self.node);
                self.items(true, visitor)
            }
            Tree::Fields(_) => self.entries(None, visitor),
        }
    }

    scalars! {
        deserialize_bool boolean;
        deserialize_i8 integer(UpTo64);
        deserialize_i16 integer(UpTo64);
        deserialize_i32 integer(UpTo64);
        deserialize_i64 integer(UpTo64);
        deserialize_i128 integer(Signed128);
        deserialize_u8 integer(UpTo64);
        deserialize_u16 integer(UpTo64);
        deserialize_u32 integer(UpTo64);
        deserialize_u64 integer(UpTo64);
        deserialize_u128 integer(Unsigned128);
        deserialize_f32 float;
        deserialize_f64 float;
        deserialize_char text;
        deserialize_str text;
        deserialize_string text;
        deserialize_identifier text;
        deserialize_bytes bytes;
        deserialize_byte_buf bytes;
        deserialize_unit null;
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'r>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.null(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name.starts_with(PRIVATE) {
            return self.node.to_value().deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        self.items(false, visitor)
    }

    fn deserialize_tuple<V: Visitor<'r>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.items(true, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.items(true, visitor)
    }

    fn deserialize_map<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        self.entries(None, visitor)
    }

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.entries(Some(fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'r>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = match self.node {
            Tree::Text(name) => Variant { around: self, name, content: None },
            Tree::Fields(entries) => match entries.as_slice() {
                [first @ .., (name, content)] if first.iter().all(|(other, _)| other == name) => {
                    Variant { around: self, name, content: Some(content) }
                }
                _ => return Err(Error::custom("expected an object with one field, which names the variant")),
            },
            _ => return Err(self.unexpected(&"a variant: its name, or an object with one field which names it")),
        };
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}
