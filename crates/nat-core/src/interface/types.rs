//! A type as a set of function pointers, so that a registration is a constant.

use std::any::{Any, TypeId, type_name};
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::Value;

use crate::function::Payload;
use crate::steps::measure;
use nat_schema::reader::{Read, Strict};

/// What is known of an input type without naming it.
#[derive(Clone, Copy)]
pub(crate) struct InputType {
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    /// The value is the whole text, or its field of this name.
    pub(crate) from_text: fn(&str, Option<&'static str>) -> serde_json::Result<Payload>,
    /// The value was parsed already.
    pub(crate) read: Read<Payload>,
    /// For steps, which show what a function was called with.
    pub(crate) to_value: fn(&dyn Any) -> serde_json::Result<Value>,
    /// The bytes that it takes as a tree, up to a limit.
    pub(crate) measure: fn(&dyn Any, usize) -> Option<usize>,
}

impl InputType {
    pub(crate) const fn of<T: Serialize + DeserializeOwned + JsonSchema + Send + 'static>() -> Self {
        Self {
            type_id: TypeId::of::<T>,
            type_name: type_name::<T>,
            schema: SchemaGenerator::root_schema_for::<T>,
            from_text: |text, field| {
                let mut deserializer = serde_json::Deserializer::from_str(text);
                let value = value::<T, _>(Strict(&mut deserializer), field)?;
                deserializer.end()?;
                Ok(Box::new(value))
            },
            read: |reader| Ok(Box::new(T::deserialize(reader)?)),
            to_value: |value| serde_json::to_value(known::<T>(value)),
            measure: |value, limit| measure(known::<T>(value), limit),
        }
    }
}

/// What is known of an output type without naming it.
#[derive(Clone, Copy)]
pub(crate) struct OutputType {
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) type_name: fn() -> &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) write: fn(&dyn Any, &mut Vec<u8>) -> serde_json::Result<()>,
    pub(crate) to_value: fn(&dyn Any) -> serde_json::Result<Value>,
    /// As [`InputType::measure`].
    pub(crate) measure: fn(&dyn Any, usize) -> Option<usize>,
}

impl OutputType {
    pub(crate) const fn of<T: Serialize + JsonSchema + Send + 'static>() -> Self {
        Self {
            type_id: TypeId::of::<T>,
            type_name: type_name::<T>,
            schema: SchemaGenerator::root_schema_for::<T>,
            write: |value, into| serde_json::to_writer(into, known::<T>(value)),
            to_value: |value| serde_json::to_value(known::<T>(value)),
            measure: |value, limit| measure(known::<T>(value), limit),
        }
    }
}

/// What a function gives, without naming the types.
#[derive(Clone, Copy)]
pub(crate) enum Gives {
    Output(OutputType),
    Chunks(OutputType),
    Both { output: OutputType, chunk: OutputType },
}

fn known<T: 'static>(value: &dyn Any) -> &T {
    value.downcast_ref().expect("an interface is only ever given values of its own function")
}

fn value<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
    field: Option<&'static str>,
) -> Result<T, D::Error> {
    match field {
        None => T::deserialize(deserializer),
        Some(field) => Field(field, PhantomData).deserialize(deserializer),
    }
}

/// Takes one field out of an object and lets the others pass.
struct Field<T>(&'static str, PhantomData<T>);

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Field<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Field<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "an object with field `{}`", self.0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| A::Error::missing_field(self.0))
    }
}
