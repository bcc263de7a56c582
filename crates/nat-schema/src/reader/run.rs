//! What holds for one reading of a tree, and what the reading leaves behind.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use super::tree::Tree;
use crate::Segment;
use crate::coerce::Mismatch;

/// Identifies one value of a tree, in the tree's lifetime.
pub(crate) type Address = *const ();

pub(crate) fn address(tree: &Tree<'_>) -> Address {
    std::ptr::from_ref(tree).cast()
}

/// Values that are read in place of others, where a type asks for any value.
pub(crate) type Substitutes = HashMap<Address, Tree<'static>>;

/// How a tree is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Directions<'r> {
    pub(crate) substitutes: Option<&'r Substitutes>,
    /// Of a repeated key only the last entry is shown to maps too. Structs never see another one.
    pub(crate) last_entries: bool,
    pub(crate) twin: Option<Twin<'r>>,
    pub(crate) goal: Goal<'r>,
}

/// One reading.
#[derive(Debug, Default)]
pub struct Run<'r> {
    pub(super) directions: Directions<'r>,
    /// Lists that were read where a type asked for any value: whether it took one for a struct cannot be seen.
    lists: RefCell<HashSet<Address>>,
    /// Whether the value at the end of the focus was read where a type asked for any.
    by_any: Cell<bool>,
    verdict: Cell<Option<Verdict>>,
    whole: Cell<Option<Whole>>,
    key: Cell<Option<KeyIdentity>>,
    trace: RefCell<Trace>,
}

/// An entry that an object shows before its own, and the keys of its own that it does not show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Twin<'r> {
    pub(crate) object: Address,
    pub(crate) name: &'r str,
    pub(crate) value: &'r Tree<'r>,
    pub(crate) hidden: &'r [&'r str],
}

/// What happens at the end of a focus.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Goal<'r> {
    /// The value there is read.
    #[default]
    Value,
    /// This value is read in its place.
    Sample(&'r Tree<'r>),
    /// The object there shows this one key, and what the type makes of the key is noted.
    Key(&'r str),
}

/// What a type made of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct KeyIdentity {
    /// Equal for keys that lead to the same field.
    pub(crate) identity: u64,
    /// The keys that the type asked for, where it asked for a struct: no part of it looks at others.
    pub(crate) fields: Option<&'static [&'static str]>,
}

/// What became of the value at the end of a focus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The type asked for something certain, or ignored it.
    Typed { taken: bool },
    /// The type asked for any value: it decides by itself, or keeps the value for later.
    Any { taken: bool },
}

/// A value on the way to the end of the focus that was read whole, because the type asked for any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Whole {
    /// The steps from the root to it.
    pub(crate) depth: usize,
    /// What became of it; of the root the reading itself tells.
    pub(crate) taken: Option<bool>,
}

/// The way from the root to the failure, gathered while it is handed up.
#[derive(Debug, Default)]
struct Trace {
    /// The depth that the failure has been handed up to.
    depth: usize,
    /// From the inside.
    steps: Vec<Segment>,
    mismatch: Option<Mismatch>,
}

impl<'r> Run<'r> {
    pub(crate) fn new(directions: Directions<'r>) -> Self {
        Self { directions, ..Self::default() }
    }

    pub(crate) fn read_by_any(&self, list: &Tree<'_>) -> bool {
        self.lists.borrow().contains(&address(list))
    }

    /// Whether any list was read where a type asked for any value.
    pub(crate) fn has_lists_by_any(&self) -> bool {
        !self.lists.borrow().is_empty()
    }

    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.verdict.get()
    }

    pub(crate) fn whole(&self) -> Option<Whole> {
        self.whole.get()
    }

    /// What the type made of the one key that was shown.
    pub(crate) fn key(&self) -> Option<KeyIdentity> {
        self.key.get()
    }

    /// Where the reading failed, and the coercion that failed there, if it was one.
    pub(crate) fn failure(&self) -> (Vec<Segment>, Option<Mismatch>) {
        let trace = self.trace.borrow();
        (trace.steps.iter().rev().cloned().collect(), trace.mismatch)
    }

    pub(super) fn note_list(&self, list: &Tree<'_>) {
        self.lists.borrow_mut().insert(address(list));
    }

    pub(super) fn note_whole(&self, depth: usize) {
        self.whole.set(Some(Whole { depth, taken: None }));
    }

    /// The value at `depth` was read.
    pub(super) fn end_whole(&self, depth: usize, taken: bool) {
        if self.whole.get().is_some_and(|whole| whole.depth == depth) {
            self.whole.set(Some(Whole { depth, taken: Some(taken) }));
        }
    }

    pub(super) fn note_any(&self) {
        self.by_any.set(true);
    }

    pub(super) fn note_key(&self, key: KeyIdentity) {
        self.key.set(Some(key));
    }

    pub(super) fn note_mismatch(&self, mismatch: Mismatch) {
        self.trace.borrow_mut().mismatch = Some(mismatch);
    }

    pub(super) fn begin_child(&self, ends_focus: bool) {
        let mut trace = self.trace.borrow_mut();
        trace.depth = usize::MAX;
        trace.steps.clear();
        trace.mismatch = None;
        if ends_focus {
            self.by_any.set(false);
        }
    }

    pub(super) fn end_focus(&self, taken: bool) {
        let verdict = if self.by_any.get() { Verdict::Any { taken } } else { Verdict::Typed { taken } };
        self.verdict.set(Some(verdict));
    }

    /// A value at `depth` hands the failure of one of its own up.
    pub(super) fn hand_up(&self, depth: usize, step: Segment) {
        let mut trace = self.trace.borrow_mut();
        if trace.depth != depth + 1 {
            trace.steps.clear();
        }
        trace.depth = depth;
        trace.steps.push(step);
    }
}
