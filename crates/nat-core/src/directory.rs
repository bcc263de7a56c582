//! Which functions can be reached from where.

use std::sync::Arc;

use crate::context::FunctionNumber;
use crate::function::{ErasedFunction, ErasedGroup, ObjectCell};
use crate::kind::ComponentKind;

/// A set of built components that can be looked up by name.
pub(crate) trait Directory: Send + Sync {
    /// A function, or an included function of a group, by its full name.
    fn function(&self, name: &str) -> Option<Arc<dyn ErasedFunction>>;

    /// A function group by its name.
    fn group(&self, name: &str) -> Option<Arc<dyn ErasedGroup>>;

    /// A component of a further kind by its name.
    fn object(&self, kind: ComponentKind, name: &str) -> Option<Arc<ObjectCell>>;

    /// The name of a function by its number, in reach or not.
    fn name_of(&self, function: FunctionNumber) -> Option<Arc<str>>;

    /// The shared part of this directory, when it holds anything else.
    fn shared(&self) -> Option<Arc<dyn Directory>>;
}

/// Nothing in reach.
pub(crate) struct Empty;

impl Directory for Empty {
    fn function(&self, _name: &str) -> Option<Arc<dyn ErasedFunction>> {
        None
    }

    fn group(&self, _name: &str) -> Option<Arc<dyn ErasedGroup>> {
        None
    }

    fn object(&self, _kind: ComponentKind, _name: &str) -> Option<Arc<ObjectCell>> {
        None
    }

    fn name_of(&self, _function: FunctionNumber) -> Option<Arc<str>> {
        None
    }

    fn shared(&self) -> Option<Arc<dyn Directory>> {
        None
    }
}
