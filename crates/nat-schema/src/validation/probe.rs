//! Questions to a type about one place of a value, whatever stands elsewhere.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::Subject;
use super::names::Found;
use crate::Segment;
use crate::reader::{Directions, Goal, KeyIdentity, Numeral, Reader, Run, Tree, Verdict};

/// What all questions about one value may cost together: so much, and so much for each part of it.
const COST: usize = 200_000;
const COST_PER_PART: usize = 16;
/// A key that no type declares.
pub(super) const NOBODY: &str = "\u{0}";
/// A value of each kind.
pub(super) static SAMPLES: [Tree<'static>; 6] = [
    Tree::Text(Cow::Borrowed("x")),
    Tree::Number(Numeral::Unsigned(1)),
    Tree::Bool(true),
    Tree::Null,
    Tree::List(Vec::new()),
    Tree::Fields(Vec::new()),
];

/// The parts of a value that a question looks at, about.
#[derive(Clone, Copy)]
pub(super) struct Cost(pub(super) usize);

/// What a type makes of the places of one value. A type whose parts are buffered by serde (`untagged`,
/// `flatten`, internally tagged) answers for these parts as a whole only. A question that would cost too much is
/// not answered.
pub(super) struct Probe<'a, R> {
    pub(super) subject: &'a Subject<'a, R>,
    pub(super) found: Found,
    left: Cell<usize>,
    taken: RefCell<HashMap<Vec<Segment>, Option<bool>>>,
}

impl<'a, R> Probe<'a, R> {
    pub(super) fn new(subject: &'a Subject<'_, R>) -> Self {
        let left = Cell::new(COST + COST_PER_PART * subject.tree.size());
        Self { subject, found: Found::default(), left, taken: RefCell::default() }
    }

    /// Whether the type takes the value at `path`, or one around it; the root is not asked.
    pub(super) fn is_within_taken(&self, path: &[Segment]) -> bool {
        (1..=path.len()).any(|end| self.takes(&path[..end]) == Some(true))
    }

    /// Whether the type asks for what stands at `path`, and takes it.
    pub(super) fn asks_for(&self, path: &[Segment]) -> bool {
        self.verdict(path, Goal::Value) == Some(Verdict::Typed { taken: true })
    }

    fn takes(&self, path: &[Segment]) -> Option<bool> {
        if let Some(known) = self.taken.borrow().get(path) {
            return *known;
        }
        let answer = self.decision(path);
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
            self.verdict(path, Goal::Sample(sample)).is_none_or(|verdict| verdict == Verdict::Any { taken: true })
        };
        SAMPLES.iter().all(takes)
    }

    /// What becomes of a value at `path`, where there is one.
    pub(super) fn verdict(&self, path: &[Segment], goal: Goal<'_>) -> Option<Verdict> {
        let size = self.subject.tree.at(path)?.size();
        self.spend(Cost(size + path.len()))?;
        let run = Run::new(Directions { goal, ..Directions::default() });
        let _ = self.look(&run, path);
        run.verdict()
    }

    pub(super) fn key_at(&self, path: &[Segment], key: &str) -> Option<KeyIdentity> {
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

    /// What is read is of no use here: on the way all fails that is not shown.
    pub(super) fn look<'r>(&'r self, run: &'r Run<'r>, path: &'r [Segment]) -> serde_json::Result<R> {
        (self.subject.read)(Reader::focused(self.subject.tree, run, path))
    }

    pub(super) fn spend(&self, Cost(cost): Cost) -> Option<()> {
        self.left.set(self.left.get().checked_sub(cost)?);
        Some(())
    }
}
