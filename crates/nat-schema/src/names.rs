//! Names that a type takes for its fields and that its schema does not show (`#[serde(alias)]`).

use super::Segment;
use super::node::{Additional, ObjectRules};

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

impl<'v> Nameless<'_, 'v> {
    /// The absent names that are a part's and not the object's own. `is_of_part` tells of one name, and is asked
    /// once for all of them and all values; of a name that it cannot tell of it is asked again.
    pub(crate) fn absent_of_parts(&self, is_of_part: impl Fn(&str) -> Option<bool>) -> Vec<&'v str> {
        let rules = self.rules;
        if let Some(of_parts) = rules.names_of_parts.get() {
            return self.absent.iter().copied().filter(|name| of_parts.iter().any(|other| other == name)).collect();
        }
        let names = rules.properties.iter().map(|property| &property.name).chain(&rules.bare_required);
        let told: Vec<_> = names.map(|name| (name.as_str(), is_of_part(name))).collect();
        if told.iter().all(|(_, is_of_part)| is_of_part.is_some()) {
            let of_parts = told.iter().filter(|(_, is_of_part)| *is_of_part == Some(true));
            // Another request may have been first, with the same answer.
            let _ = rules.names_of_parts.set(of_parts.map(|(name, _)| (*name).to_owned()).collect());
        }
        let may_be = |name: &&str| told.iter().any(|(other, is_of_part)| other == name && *is_of_part != Some(false));
        self.absent.iter().copied().filter(may_be).collect()
    }

    /// Whether the schema refuses keys that nobody declares.
    pub(crate) fn is_closed(&self) -> bool {
        self.rules.additional == Additional::Forbidden
    }

    /// Equal for objects of one place in the schema.
    pub(crate) fn kind(&self) -> usize {
        std::ptr::from_ref(self.rules).addr()
    }
}
