//! The names that one type takes for its fields, found by asking it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::probe::{Cost, NOBODY, Probe, SAMPLES};
use crate::reader::{Directions, KeyIdentity, Run, Tree, Twin, Verdict, Whole, address};
use crate::{Nameless, Names, Segment};

/// What a type says to an object with one entry more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The entry's field is there twice.
    Repeated,
    Refused,
    Taken,
    /// It was not asked.
    None,
}

/// What is known of the objects of one place in a schema.
#[derive(Default)]
struct Kind {
    /// What a key stands for, where the type has said so.
    known: HashMap<String, Option<String>>,
}

/// A key of an object: the object's kind, and the keys on the way to it.
type Place = (usize, Vec<String>, String);

/// What has been found so far, in one value.
#[derive(Default)]
pub(super) struct Found {
    kinds: RefCell<HashMap<usize, Kind>>,
    /// Keys that no field was found for, where the type could not be asked about single keys.
    unclear: RefCell<HashSet<Place>>,
    gave_up: Cell<bool>,
}

impl Found {
    /// Whether a key of this name was found to stand for a field, in any object.
    pub(super) fn is_alias(&self, key: &str) -> bool {
        self.kinds.borrow().values().any(|kind| matches!(kind.known.get(key), Some(Some(_))))
    }

    /// Whether a question was too costly to be asked.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up.get()
    }
}

impl<R> Names for Probe<'_, R> {
    fn names<'v>(&self, object: &Nameless<'_, 'v>) -> Vec<(&'v str, &'v str)> {
        let kind = object.kind();
        let mut pairs: Vec<(&'v str, &'v str)> = Vec::new();
        let mut open: Vec<&'v str> = Vec::new();
        for key in object.keys {
            match self.found.kinds.borrow().get(&kind).and_then(|kind| kind.known.get(*key)) {
                Some(Some(name)) => {
                    pairs.extend(object.absent.iter().find(|other| *other == name).map(|name| (*key, *name)))
                }
                Some(None) => {}
                None => open.push(key),
            }
        }
        if !open.is_empty() {
            pairs.extend(self.asked(object, &open));
        }
        // Two keys for one field are the type's to refuse.
        let mut taken = HashSet::new();
        pairs.retain(|(_, name)| taken.insert(*name));
        pairs
    }
}

impl<R> Probe<'_, R> {
    fn asked<'v>(&self, object: &Nameless<'_, 'v>, open: &[&'v str]) -> Vec<(&'v str, &'v str)> {
        let Some(nobody) = self.key(&object.path, NOBODY) else {
            return self.compared(object, open, object.absent);
        };
        let mut pairs = Vec::new();
        let mut strange = Vec::new();
        for key in open {
            // A struct says which keys it looks at.
            let own = match nobody.fields {
                Some(fields) if !fields.contains(key) => None,
                _ => self.key(&object.path, key).filter(|found| found.identity != nobody.identity),
            };
            let name = own.and_then(|own| object.absent.iter().find(|name| self.leads_to(object, name, own)));
            match (name, nobody.fields) {
                (None, None) if own.is_none() => strange.push(*key),
                (name, _) => self.know(object, key, name.copied()),
            }
            pairs.extend(name.map(|name| (*key, *name)));
        }
        if !strange.is_empty() {
            // What is not the object's own may be a part's (`flatten`), for the names that are not its own either.
            let leads_to_none = |name: &str| Some(self.key(&object.path, name)?.identity == nobody.identity);
            let absent = object.absent_of_parts(leads_to_none);
            match absent.is_empty() {
                true => strange.iter().for_each(|key| self.know(object, key, None)),
                false => pairs.extend(self.compared(object, &strange, &absent)),
            }
        }
        pairs
    }

    fn leads_to(&self, object: &Nameless<'_, '_>, name: &str, field: KeyIdentity) -> bool {
        self.key(&object.path, name).is_some_and(|found| found.identity == field.identity)
    }

    fn know(&self, object: &Nameless<'_, '_>, key: &str, name: Option<&str>) {
        let mut kinds = self.found.kinds.borrow_mut();
        kinds.entry(object.kind()).or_default().known.insert(key.to_owned(), name.map(str::to_owned));
    }

    /// Pairs found by whether the type, shown a name of its own, finds fault with some key as the same field again.
    fn compared<'v>(&self, object: &Nameless<'_, 'v>, open: &[&'v str], absent: &[&'v str]) -> Vec<(&'v str, &'v str)> {
        let place = |key: &str| (object.kind(), keys_of(&object.path), key.to_owned());
        let is_new = |key: &&&str| !self.found.unclear.borrow().contains(&place(key));
        let open: Vec<&'v str> = open.iter().filter(is_new).copied().collect();
        let Some(tree) = self.subject.tree.at(&object.path).filter(|_| !open.is_empty()) else {
            return Vec::new();
        };
        let own_samples = open.iter().filter_map(|key| tree.field(key));
        let samples: Vec<&Tree<'_>> = own_samples.chain(&SAMPLES).collect();
        let cost = Cost(tree.size() + object.path.len());
        let mut pairs = Vec::new();
        for name in absent {
            let shown = |sample: &Tree<'_>, keys: &[&'v str]| {
                let hidden: Vec<&str> = object.keys.iter().copied().filter(|key| !keys.contains(key)).collect();
                let twin = Twin { object: address(tree), name, value: sample, hidden: &hidden };
                self.answer(&object.path, twin, cost)
            };
            let repeats = |sample: &Tree<'_>, keys: &[&'v str]| shown(sample, keys) == Answer::Repeated;
            let found = match samples.iter().find(|sample| repeats(sample, &open)) {
                Some(sample) => {
                    // One of them it is: half of what is left, and half of that.
                    let mut left = open.as_slice();
                    while let (half @ [_, ..], rest) = left.split_at(left.len() / 2) {
                        left = if repeats(sample, half) { half } else { rest };
                    }
                    left.first().copied()
                }
                // An untagged enum tells no reasons: here it is the key without which the name may be there. Where
                // keys are refused that nobody declares, that would say nothing.
                None if object.is_closed() => None,
                None => open.iter().copied().find(|key| {
                    let others: Vec<&'v str> = open.iter().copied().filter(|other| other != key).collect();
                    tree.field(key)
                        .is_some_and(|own| shown(own, &open) == Answer::Refused && shown(own, &others) == Answer::Taken)
                }),
            };
            if let Some(key) = found {
                self.know(object, key, Some(name));
                pairs.push((key, *name));
            }
        }
        self.found.unclear.borrow_mut().extend(open.iter().map(|key| place(key)));
        pairs
    }

    fn answer(&self, path: &[Segment], twin: Twin<'_>, cost: Cost) -> Answer {
        let message = format!("duplicate field `{}`", twin.name);
        let run = Run::new(Directions { twin: Some(twin), last_entries: true, ..Directions::default() });
        if self.spend(cost).is_none() {
            self.found.gave_up.set(true);
            return Answer::None;
        }
        let read = self.look(&run, path);
        if read.as_ref().is_err_and(|error| error.to_string() == message) {
            return Answer::Repeated;
        }
        let taken = match (run.verdict(), run.whole()) {
            (Some(Verdict::Typed { taken } | Verdict::Any { taken }), _) => taken,
            // The object lies in something that serde has read whole.
            (None, Some(Whole { depth, taken })) => {
                let size = self.subject.tree.at(&path[..depth.min(path.len())]).map_or(0, Tree::size);
                if self.spend(Cost(size)).is_none() {
                    self.found.gave_up.set(true);
                }
                taken.unwrap_or(read.is_ok())
            }
            (None, None) => read.is_ok(),
        };
        if taken { Answer::Taken } else { Answer::Refused }
    }

    /// What the type makes of a key of the object at `path`.
    pub(super) fn key(&self, path: &[Segment], key: &str) -> Option<KeyIdentity> {
        if self.spend(Cost(1 + path.len())).is_none() {
            self.found.gave_up.set(true);
            return None;
        }
        self.key_at(path, key)
    }
}

fn keys_of(path: &[Segment]) -> Vec<String> {
    let key = |segment: &Segment| match segment {
        Segment::Key(key) => Some(key.clone()),
        Segment::Index(_) => None,
    };
    path.iter().filter_map(key).collect()
}
