//! Who is asking, as far as the runtime knows: an id derived from a credential, never the credential.

use std::fmt;
use std::sync::{Arc, LazyLock};

use uuid::Uuid;

/// The namespace of all derived ids, as the Python toolkit has it: `uuid5(NAMESPACE_DNS, "nemo-agent-toolkit")`.
static NAMESPACE: LazyLock<Uuid> = LazyLock::new(|| Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"nemo-agent-toolkit"));

/// A user. Equal ids are the same user; nothing else of a user is known here.
///
/// ```
/// use nat_core::UserId;
///
/// assert_eq!(UserId::derived("alice").to_string(), "7b031fd4-714b-598e-b755-a517d069edc5");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Repr);

// A request derives the id and forgets it: a UUID is copied, where text would be allocated.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    Derived(Uuid),
    Named(Arc<str>),
}

impl UserId {
    /// The id of whoever presents the identity key `key`: UUID version 5 in the toolkit's namespace.
    pub fn derived(key: &str) -> Self {
        Self(Repr::Derived(Uuid::new_v5(&NAMESPACE, key.as_bytes())))
    }

    /// The users whose id is shown as exactly `text`.
    pub(crate) fn shown_as(text: &str) -> Vec<Self> {
        let derived = Uuid::parse_str(text).ok().map(|id| Self(Repr::Derived(id)));
        let derived = derived.filter(|id| id.to_string() == text);
        derived.into_iter().chain([Self::named(text)]).collect()
    }

    /// A user named outright, as `nat run --user_id bob` does. Never equal to a derived id.
    pub fn named(name: &str) -> Self {
        Self(Repr::Named(name.into()))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Derived(id) => id.as_hyphenated().fmt(f),
            Repr::Named(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserId({self})")
    }
}

impl serde::Serialize for UserId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::UserId;

    /// The known values of the contract.
    #[test]
    fn ids_are_those_of_the_python_toolkit() {
        for (key, id) in [
            ("alice", "7b031fd4-714b-598e-b755-a517d069edc5"),
            ("bob", "e0d43398-5fc8-5c1d-95d5-d39399e69f51"),
            ("YWxpY2U6cHc=", "20db5020-a6aa-58cb-b9ad-1fcc1cf18078"),
            ("YWxpY2U6", "50ac5b4a-743b-50e3-86e6-28479fa9f272"),
        ] {
            assert_eq!(UserId::derived(key).to_string(), id);
        }
    }

    #[test]
    fn a_name_is_never_a_derived_id() {
        let id = UserId::derived("alice");
        assert_ne!(UserId::named(&id.to_string()), id);
        assert_eq!(UserId::named("bob").to_string(), "bob");
    }
}
