//! The functions that a call is inside of.
//!
//! A context carries them by number, so that a call inside another one allocates nothing: how many they are, and the
//! first and the last few of them for the error that ends a recursion.

use std::num::NonZeroU16;
use std::sync::Arc;

/// Functions that are named at either end of a path that is too long to be shown whole.
const SHOWN: usize = 4;

/// A function's number in its plan; see [`Plan::name`](crate::graph::Plan::name).
pub(crate) type FunctionNumber = u32;

/// The way from the function that the request called to the one whose call this is.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    depth: u16,
    limit: NonZeroU16,
    first: [FunctionNumber; SHOWN],
    /// Those after the first, each at the place of the one it displaced.
    last: [FunctionNumber; SHOWN],
}

impl Trail {
    /// No function yet, and so many at most.
    pub(crate) fn new(limit: NonZeroU16) -> Self {
        Self { depth: 0, limit, first: [0; SHOWN], last: [0; SHOWN] }
    }

    pub(crate) fn limit(self) -> NonZeroU16 {
        self.limit
    }

    /// Whether there may be one more.
    pub(crate) fn has_room(self) -> bool {
        self.depth < self.limit.get()
    }

    /// The way on into `function`.
    pub(crate) fn then(mut self, function: FunctionNumber) -> Self {
        let at = usize::from(self.depth);
        match self.first.get_mut(at) {
            Some(place) => *place = function,
            None => self.last[at % SHOWN] = function,
        }
        self.depth = self.depth.saturating_add(1);
        self
    }

    /// The path to `next`, shortened in the middle: `a -> b -> ... -> z`.
    pub(crate) fn shown(self, name: impl Fn(FunctionNumber) -> Option<Arc<str>>, next: &str) -> String {
        let depth = usize::from(self.depth);
        let shown = |number| name(number).unwrap_or_else(|| "?".into());
        let mut path: Vec<Arc<str>> = self.first[..depth.min(SHOWN)].iter().copied().map(shown).collect();
        if depth > 2 * SHOWN {
            path.push("...".into());
        }
        let last = depth.saturating_sub(SHOWN).max(SHOWN)..depth;
        path.extend(last.map(|at| shown(self.last[at % SHOWN])));
        path.push(next.into());
        path.join(" -> ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shortened_in_the_middle() {
        let path = |depth: u32| {
            let trail = (0..depth).fold(Trail::new(NonZeroU16::MIN), Trail::then);
            trail.shown(|number| Some(number.to_string().into()), "z")
        };
        for (depth, expected) in [
            (0, "z"),
            (1, "0 -> z"),
            (4, "0 -> 1 -> 2 -> 3 -> z"),
            (5, "0 -> 1 -> 2 -> 3 -> 4 -> z"),
            (8, "0 -> 1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> z"),
            (9, "0 -> 1 -> 2 -> 3 -> ... -> 5 -> 6 -> 7 -> 8 -> z"),
            (64, "0 -> 1 -> 2 -> 3 -> ... -> 60 -> 61 -> 62 -> 63 -> z"),
        ] {
            assert_eq!(path(depth), expected);
        }
    }

    #[test]
    fn functions_of_another_plan_are_shown_all_the_same() {
        assert_eq!(Trail::new(NonZeroU16::MIN).then(7).shown(|_| None, "z"), "? -> z");
    }
}
