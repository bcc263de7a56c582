//! The schema's coercions, for places where a type asks for any value and coerces nothing by itself.

use serde_json::Value;

use super::probe::Probe;
use crate::Segment;
use crate::reader::{Goal, Substitutes, Tree, Verdict, address};

/// So many coerced values are asked about one by one; of more of them all are substituted.
const ASKED: usize = 64;

/// One coerced value.
struct Coerced<'a> {
    path: Vec<Segment>,
    written: &'a Tree<'a>,
    coerced: Tree<'static>,
}

impl<R> Probe<'_, R> {
    /// What is read in place of what is written.
    pub(super) fn substitutes(&self, changed: Option<&Value>) -> Substitutes {
        self.coerced(changed).into_iter().map(|one| (address(one.written), one.coerced)).collect()
    }

    /// Puts the coerced values into `value`.
    pub(super) fn substitute(&self, changed: Option<&Value>, value: &mut Value) {
        for one in self.coerced(changed) {
            let found = one.path.iter().try_fold(&mut *value, |value, segment| match segment {
                Segment::Key(key) => value.get_mut(key),
                Segment::Index(index) => value.get_mut(index),
            });
            if let Some(found) = found {
                *found = one.coerced.to_value();
            }
        }
    }

    fn coerced(&self, changed: Option<&Value>) -> Vec<Coerced<'_>> {
        let mut found = Vec::new();
        if let Some(changed) = changed {
            difference(self.subject.tree, changed, &mut Vec::new(), &mut found);
        }
        if found.len() <= ASKED {
            found.retain(|one| !self.stands(one));
        }
        found
    }

    /// Whether the type takes the value as it is written in a way of its own, and not by the same coercion.
    fn stands(&self, one: &Coerced<'_>) -> bool {
        match self.verdict(&one.path, Goal::Value) {
            Some(Verdict::Any { taken: true }) => !self.is_buffer(&one.path),
            Some(Verdict::Typed { taken: true }) => {
                self.verdict(&one.path, Goal::Sample(&one.coerced)) == Some(Verdict::Typed { taken: false })
            }
            _ => false,
        }
    }
}

fn difference<'a>(tree: &'a Tree<'a>, changed: &Value, path: &mut Vec<Segment>, found: &mut Vec<Coerced<'a>>) {
    match (tree, changed) {
        (Tree::List(items), Value::Array(others)) => {
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                path.push(Segment::Index(index));
                difference(item, other, path, found);
                path.pop();
            }
        }
        (Tree::Fields(_), Value::Object(others)) => {
            for (key, other) in others {
                if let Some(field) = tree.field(key) {
                    path.push(Segment::Key(key.clone()));
                    difference(field, other, path, found);
                    path.pop();
                }
            }
        }
        (Tree::List(_) | Tree::Fields(_), _) => {}
        (scalar, other) => {
            if scalar.to_value() != *other {
                let coerced = Tree::from(other).into_owned();
                found.push(Coerced { path: path.clone(), written: tree, coerced });
            }
        }
    }
}
