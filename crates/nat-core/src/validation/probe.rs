//! Questions to a type about one place of a value, whatever stands elsewhere.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Subject;
use crate::reader::{Directions, Goal, KeyIdentity, Numeral, Reader, Run, Tree, Twin, Verdict, address};
use crate::schema::Segment;

/// Readings of single places, for one value.
const PLACES: usize = 2048;
/// Values that whole readings may look at, all together, and the fewest readings all the same.
const VALUES: usize = 500_000;
const FEWEST_READINGS: usize = 4;
/// A key that no type declares.
const NOBODY: &str = "\u{0}";
/// A value of each kind.
const SAMPLES: [Tree<'_>; 6] = [
    Tree::Null,
    Tree::Bool(true),
    Tree::Number(Numeral::Unsigned(1)),
    Tree::Text(Cow::Borrowed("x")),
    Tree::List(Vec::new()),
    Tree::Fields(Vec::new()),
];

/// What a type makes of the places of one value. A type whose parts are buffered by serde (`untagged`,
/// `flatten`, internally tagged) answers for these parts as a whole only. Questions are bounded in number:
/// one too many is not answered.
pub(super) struct Probe<'a, R> {
    pub(super) subject: &'a Subject<'a, R>,
    places_left: Cell<usize>,
    readings_left: Cell<usize>,
    taken: RefCell<HashMap<Vec<Segment>, Option<bool>>>,
}

impl<'a, R> Probe<'a, R> {
    pub(super) fn new(subject: &'a Subject<'_, R>) -> Self {
        Self {
            subject,
            places_left: Cell::new(PLACES),
            readings_left: Cell::new((VALUES / subject.tree.size()).clamp(FEWEST_READINGS, PLACES)),
            taken: RefCell::default(),
        }
    }

    /// Whether the type takes the value at `path`, or one around it; the root is not asked.
    pub(super) fn is_within_taken(&self, path: &[Segment]) -> bool {
        (1..=path.len()).any(|end| self.takes(&path[..end]) == Some(true))
    }

    pub(super) fn takes(&self, path: &[Segment]) -> Option<bool> {
        if let Some(known) = self.taken.borrow().get(path) {
            return *known;
        }
        self.subject.tree.at(path)?;
        let answer = spend(&self.readings_left).and_then(|()| self.decision(path));
        self.taken.borrow_mut().insert(path.to_vec(), answer);
        answer
    }

    /// Whether the type takes the value at `path`; nothing where it is not the type that looks at it.
    fn decision(&self, path: &[Segment]) -> Option<bool> {
        match self.verdict(path, Goal::Value)? {
            Verdict::Typed { taken } => Some(taken),
            Verdict::Any { taken: false } => Some(false),
            Verdict::Any { taken: true } => (!self.is_buffer(path)).then_some(true),
        }
    }

    /// What takes any value at all keeps it for later.
    pub(super) fn is_buffer(&self, path: &[Segment]) -> bool {
        let takes = |sample: &Tree<'_>| {
            let verdict = spend(&self.places_left).and_then(|()| self.verdict(path, Goal::Sample(sample)));
            verdict.is_none_or(|verdict| verdict == Verdict::Any { taken: true })
        };
        SAMPLES.iter().all(takes)
    }

    /// What becomes of a value at `path`.
    pub(super) fn verdict(&self, path: &[Segment], goal: Goal<'_>) -> Option<Verdict> {
        let run = Run::new(Directions { goal, ..Directions::default() });
        let _ = self.look(&run, path);
        run.verdict()
    }

    /// What is read is of no use here: on the way all fails that is not shown.
    fn look<'r>(&'r self, run: &'r Run<'r>, path: &'r [Segment]) -> serde_json::Result<R> {
        (self.subject.read)(Reader::focused(self.subject.tree, run, path))
    }

    fn key(&self, path: &[Segment], key: &str) -> Option<KeyIdentity> {
        spend(&self.places_left)?;
        let run = Run::new(Directions { goal: Goal::Key(key), ..Directions::default() });
        let _ = self.look(&run, path);
        run.key()
    }

    /// Whether the object at `path` is known to have a field for `key`.
    pub(super) fn knows(&self, path: &[Segment], key: &str) -> bool {
        match (self.key(path, NOBODY), self.key(path, key)) {
            (Some(nobody), Some(found)) => nobody.identity != found.identity,
            _ => false,
        }
    }

    /// The one of the `absent` names of the object at `path` that its `key` stands for.
    pub(super) fn name_of(&self, path: &[Segment], key: &str, absent: &[String]) -> Option<usize> {
        match (self.key(path, NOBODY), self.key(path, key)) {
            (Some(nobody), Some(found)) if nobody.identity != found.identity => {
                let same = |name: &String| self.key(path, name).is_some_and(|other| other.identity == found.identity);
                absent.iter().position(same)
            }
            // All fields of a struct are its own; any other type may hand the key on to a part of it.
            (_, Some(found)) if found.of_struct => None,
            _ => absent.iter().position(|name| self.are_one_field(path, key, name)),
        }
    }

    /// Whether the type, shown both keys with a value that the field takes, complains that it is there twice.
    fn are_one_field(&self, path: &[Segment], key: &str, name: &str) -> bool {
        let Some((object, value)) = self.subject.tree.at(path).and_then(|object| Some((object, object.field(key)?)))
        else {
            return false;
        };
        let says_so = |value: &Tree<'_>| {
            let twin = Twin { object: address(object), key, second: name, value };
            let run = Run::new(Directions { twin: Some(twin), last_entries: true, ..Directions::default() });
            let read = spend(&self.readings_left).map(|()| self.look(&run, path));
            read.and_then(Result::err).is_some_and(|error| error.to_string() == format!("duplicate field `{name}`"))
        };
        says_so(value) || SAMPLES.iter().any(says_so)
    }
}

fn spend(left: &Cell<usize>) -> Option<()> {
    left.set(left.get().checked_sub(1)?);
    Some(())
}
