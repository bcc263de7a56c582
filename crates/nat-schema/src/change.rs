//! Coercions as a tree of changes: values are read only while walking, so that a branch of a union can
//! be tried without a copy, and an unchanged value costs nothing.

use serde_json::Value;

/// What to change in a value.
#[derive(Debug)]
pub(super) enum Change {
    Replace(Value),
    Fields(Vec<(String, Change)>),
    Items(Vec<(usize, Change)>),
}

impl Change {
    pub(super) fn fields(fields: Vec<(String, Change)>) -> Option<Change> {
        (!fields.is_empty()).then_some(Change::Fields(fields))
    }

    pub(super) fn items(items: Vec<(usize, Change)>) -> Option<Change> {
        (!items.is_empty()).then_some(Change::Items(items))
    }

    /// Both changes of the same value; where they touch the same spot the first one stays.
    pub(super) fn merge(first: Option<Change>, second: Option<Change>) -> Option<Change> {
        match (first, second) {
            (None, only) | (only, None) => only,
            (Some(Change::Fields(mut fields)), Some(Change::Fields(more))) => {
                fields.extend(more);
                Some(Change::Fields(fields))
            }
            (Some(Change::Items(mut items)), Some(Change::Items(more))) => {
                items.extend(more);
                Some(Change::Items(items))
            }
            (first, Some(_)) => first,
        }
    }

    pub(super) fn apply(self, value: &mut Value) {
        match self {
            Change::Replace(replacement) => *value = replacement,
            Change::Fields(changes) => {
                for (key, change) in changes {
                    if let Some(field) = value.get_mut(&key) {
                        change.apply(field);
                    }
                }
            }
            Change::Items(changes) => {
                for (index, change) in changes {
                    if let Some(item) = value.get_mut(index) {
                        change.apply(item);
                    }
                }
            }
        }
    }
}
