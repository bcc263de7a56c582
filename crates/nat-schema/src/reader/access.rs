//! Items, entries and variants, one after another.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use serde::de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Error;

use super::deserializer::Reader;
use super::key::KeyReader;
use super::run::{Goal, KeyIdentity, address};
use super::tree::{Tree, repeats};
use crate::Segment;

#[derive(Clone, Copy)]
enum Step<'r> {
    Key(&'r str),
    Index(usize),
}

impl Step<'_> {
    fn is(self, segment: &Segment) -> bool {
        match (self, segment) {
            (Step::Key(key), Segment::Key(name)) => key == name,
            (Step::Index(index), Segment::Index(at)) => index == *at,
            _ => false,
        }
    }

    fn to_segment(self) -> Segment {
        match self {
            Step::Key(key) => Segment::Key(key.to_owned()),
            Step::Index(index) => Segment::Index(index),
        }
    }
}

impl<'r> Reader<'r> {
    /// Reads a value inside this one, and notes the way to it where that fails.
    fn child<T>(
        self,
        node: &'r Tree<'r>,
        step: Step<'r>,
        read: impl FnOnce(Reader<'r>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let next = self.focus.and_then(|focus| focus.split_first()).filter(|(first, _)| step.is(first));
        let focus = next.map(|(_, rest)| rest);
        let ends = focus.is_some_and(<[_]>::is_empty);
        let node = match self.run.directions.goal {
            Goal::Sample(sample) if ends => sample,
            _ => node,
        };
        self.run.begin_child(ends);
        let result = read(Reader { node, focus, depth: self.depth + 1, ..self });
        match focus {
            None => {}
            Some([]) => self.run.end_focus(result.is_ok()),
            Some(_) => self.run.end_whole(self.depth + 1, result.is_ok()),
        }
        if result.is_err() {
            self.run.hand_up(self.depth, step.to_segment());
        }
        result
    }

    fn own_entries(self, of_struct: bool) -> Vec<(&'r str, &'r Tree<'r>)> {
        let Tree::Fields(entries) = self.node else {
            return Vec::new();
        };
        let directions = &self.run.directions;
        let mut shown: Vec<_> = entries.iter().map(|(key, value)| (key.as_ref(), value)).collect();
        if (of_struct || directions.last_entries) && repeats(entries) {
            shown = last_of_each(shown);
        }
        if let Some(twin) = directions.twin.filter(|twin| twin.object == address(self.node)) {
            shown.retain(|(key, _)| !twin.hidden.contains(key));
            shown.insert(0, (twin.name, twin.value));
        }
        shown
    }

    fn next_step(self) -> Option<&'r Segment> {
        self.focus.and_then(<[_]>::first)
    }
}

pub(super) struct Items<'r> {
    around: Reader<'r>,
    left: std::iter::Enumerate<std::slice::Iter<'r, Tree<'r>>>,
}

impl<'r> Items<'r> {
    pub(super) fn new(around: Reader<'r>, items: &'r [Tree<'r>], all: bool) -> Self {
        let mut left = items.iter().enumerate();
        if let (Some(Segment::Index(index)), false) = (around.next_step(), all)
            && let Some(before) = index.checked_sub(1)
        {
            left.nth(before);
        }
        Self { around, left }
    }

    pub(super) fn end<V>(&mut self, value: V) -> Result<V, Error> {
        match self.left.len() {
            0 => Ok(value),
            left => Err(Error::custom(format!("invalid length: {left} more items than expected"))),
        }
    }
}

impl<'r> SeqAccess<'r> for Items<'r> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((index, item)) = self.left.next() else {
            return Ok(None);
        };
        self.around.child(item, Step::Index(index), |item| seed.deserialize(item)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

pub(super) struct Entries<'r> {
    around: Reader<'r>,
    left: std::vec::IntoIter<(&'r str, &'r Tree<'r>)>,
    /// Of the key that was read last.
    value: Option<(&'r str, &'r Tree<'r>)>,
    /// Whether keys alone are of interest.
    asks_key: bool,
    fields: Option<&'static [&'static str]>,
}

impl<'r> Entries<'r> {
    pub(super) fn new(around: Reader<'r>, fields: Option<&'static [&'static str]>) -> Self {
        let shown = |shown: Vec<_>| Self { around, left: shown.into_iter(), value: None, asks_key: false, fields };
        match (around.focus, around.run.directions.goal) {
            (Some([]), Goal::Key(key)) => Self { asks_key: true, ..shown(vec![(key, &Tree::Null)]) },
            (Some([Segment::Key(next), ..]), _) => {
                shown(around.node.field(next).map(|field| (next.as_str(), field)).into_iter().collect())
            }
            _ => shown(around.own_entries(fields.is_some())),
        }
    }

    pub(super) fn end<V>(&mut self, value: V) -> Result<V, Error> {
        match self.left.len() {
            0 => Ok(value),
            left => Err(Error::custom(format!("invalid length: {left} more entries than expected"))),
        }
    }
}

fn last_of_each<'r>(entries: Vec<(&'r str, &'r Tree<'r>)>) -> Vec<(&'r str, &'r Tree<'r>)> {
    let lasts: HashMap<&str, &Tree<'_>> = entries.iter().copied().collect();
    let mut seen = HashSet::new();
    let firsts = entries.into_iter().filter(|(key, _)| seen.insert(*key));
    firsts.map(|(key, value)| (key, lasts.get(key).copied().unwrap_or(value))).collect()
}

impl<'r> MapAccess<'r> for Entries<'r> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(entry) = self.left.next() else {
            return Ok(None);
        };
        self.value = Some(entry);
        let key = seed.deserialize(KeyReader(entry.0))?;
        if self.asks_key {
            // A derived type reads its keys into an enum with one variant for each field, aliases included.
            let mut identity = DefaultHasher::new();
            discriminant(&key).hash(&mut identity);
            self.around.run.note_key(KeyIdentity { identity: identity.finish(), fields: self.fields });
        }
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'r>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match self.value.take() {
            Some((key, value)) if !self.asks_key => {
                self.around.child(value, Step::Key(key), |value| seed.deserialize(value))
            }
            _ => Err(Error::custom("only the key was asked for")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

/// One variant of an enum in serde's own form.
pub(super) struct Variant<'r> {
    pub(super) around: Reader<'r>,
    pub(super) name: &'r str,
    pub(super) content: Option<&'r Tree<'r>>,
}

impl<'r> EnumAccess<'r> for Variant<'r> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'r>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let variant = seed.deserialize(KeyReader(self.name))?;
        Ok((variant, self))
    }
}

impl<'r> Variant<'r> {
    fn held<T>(self, what: &str, read: impl FnOnce(Reader<'r>) -> Result<T, Error>) -> Result<T, Error> {
        match self.content {
            Some(content) => self.around.child(content, Step::Key(self.name), read),
            None => Err(Error::invalid_type(Unexpected::UnitVariant, &what)),
        }
    }
}

impl<'r> VariantAccess<'r> for Variant<'r> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None => Ok(()),
            Some(_) => self.held("unit variant", <()>::deserialize),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'r>>(self, seed: S) -> Result<S::Value, Error> {
        self.held("newtype variant", |held| seed.deserialize(held))
    }

    fn tuple_variant<V: Visitor<'r>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.held("tuple variant", |held| held.deserialize_tuple(len, visitor))
    }

    fn struct_variant<V: Visitor<'r>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.held("struct variant", |held| held.deserialize_struct("", fields, visitor))
    }
}
