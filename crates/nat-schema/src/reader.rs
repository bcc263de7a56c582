//! A value that was parsed already, read by a type's own `Deserialize`.
//!
//! serde_json reads text, and its `Value` holds no integer beyond 64 bits and one entry per key. A [`Tree`]
//! holds both. Its [`Reader`] answers a type's requests as serde_json answers them from text, with the three
//! differences that the contract asks for: a number or truth value may be written as text (and a whole float
//! for an integer), of a repeated key the last entry counts, and a list is no object with named fields.
//!
//! The coercions follow what the *type* asks for at its place. So they need no schema, and none of them depends
//! on another member of the same body. Parts that serde buffers before it reads them (`untagged`, `flatten`,
//! internally tagged) ask for any value; there a [`Run`] substitutes what the schema has coerced.

mod access;
mod deserializer;
mod key;
mod parse;
mod run;
mod scalar;
mod strict;
#[cfg(test)]
mod tests;
mod tree;

pub use deserializer::Reader;
pub use parse::parse;
pub use run::Run;
pub(crate) use run::{Directions, Goal, KeyIdentity, Substitutes, Twin, Verdict, Whole, address};
pub use strict::Strict;
pub use tree::{Numeral, Tree};

/// The function that reads one type.
pub type Read<R> = for<'r> fn(Reader<'r>) -> serde_json::Result<R>;
