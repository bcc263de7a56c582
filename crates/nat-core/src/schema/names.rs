//! Names that a type takes for its fields and that its schema does not show (`#[serde(alias)]`).

use super::Segment;
use super::node::ObjectRules;

/// Knows them, because it can ask the type.
pub(crate) trait Names {
    /// Pairs of a key and the absent name that it stands for.
    fn names<'v>(&self, object: &Nameless<'_, 'v>) -> Vec<(&'v str, &'v str)>;
}

/// An object with keys that its schema does not know, where it lacks others.
pub(crate) struct Nameless<'n, 'v> {
    pub(super) rules: &'v ObjectRules,
    pub(crate) path: Vec<Segment>,
    /// The keys that are not known.
    pub(crate) keys: &'n [&'v str],
    /// The declared names that are not there.
    pub(crate) absent: &'n [&'v str],
}

impl Nameless<'_, '_> {
    /// Equal for objects of one place in the schema.
    pub(crate) fn kind(&self) -> usize {
        std::ptr::from_ref(self.rules).addr()
    }
}
