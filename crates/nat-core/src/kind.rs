//! Kinds of components: each has a section of the file, and its components have something in common that others use.
//!
//! Functions, function groups and the workflow are the kinds of this crate. Further ones are registered by the crate that
//! defines what their components are, with [`component_kind!`](crate::component_kind): everything that is said of
//! components in general (the file, its schema, the graph, the build, the listings) goes through the kinds that are
//! linked in.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::Result;
use crate::function::CloseReason;

/// A kind of components. A value names one that is linked into the process; it is compared by its section.
#[derive(Clone, Copy)]
pub struct ComponentKind(&'static Kind);

/// The definition of a kind, as [`component_kind!`](crate::component_kind) writes it.
pub struct Kind {
    section: &'static str,
    noun: &'static str,
    reference: &'static str,
    object: &'static str,
    role: Role,
}

/// The way in which components of a kind are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Function,
    Group,
    Workflow,
    /// Other components hold them as objects of a trait.
    Object,
}

/// The `x-nat-ref` of a setting that names a function or a group.
pub(crate) const TOOL: &str = "tool";

/// A kind that a crate has registered.
#[doc(hidden)]
#[derive(Debug)]
pub struct KindRegistration(pub ComponentKind);

inventory::collect!(KindRegistration);

static FUNCTION: Kind =
    Kind { section: "functions", noun: "function", reference: "function", object: "Function", role: Role::Function };
static FUNCTION_GROUP: Kind = Kind {
    section: "function_groups",
    noun: "function group",
    reference: "function_group",
    object: "FunctionGroup",
    role: Role::Group,
};
static WORKFLOW: Kind =
    Kind { section: "workflow", noun: "workflow", reference: "workflow", object: "Function", role: Role::Workflow };

impl Kind {
    /// A kind whose components stand under `section`. `noun` is one component of it in messages, such as `object store`;
    /// `reference` is the value of `x-nat-ref` by which settings name one; `object` is the trait.
    pub const fn new(section: &'static str, noun: &'static str, reference: &'static str, object: &'static str) -> Self {
        Self { section, noun, reference, object, role: Role::Object }
    }
}

impl ComponentKind {
    /// Functions, under `functions`.
    pub const FUNCTION: Self = Self(&FUNCTION);
    /// Function groups, under `function_groups`.
    pub const FUNCTION_GROUP: Self = Self(&FUNCTION_GROUP);
    /// The workflow; its types are those of functions.
    pub const WORKFLOW: Self = Self(&WORKFLOW);

    /// The kind of a definition.
    pub const fn of(kind: &'static Kind) -> Self {
        Self(kind)
    }

    /// The top-level key of the file under which its components stand.
    pub fn section(self) -> &'static str {
        self.0.section
    }

    /// One component of it in messages: `function`, `object store`.
    pub fn noun(self) -> &'static str {
        self.0.noun
    }

    /// The value of `x-nat-ref` in the schema of a setting that names a component of it.
    pub fn reference(self) -> &'static str {
        self.0.reference
    }

    /// The trait of its components, as it is written in the definition.
    pub fn object(self) -> &'static str {
        self.0.object
    }

    /// Whether others hold its components as objects: a kind that a crate has registered.
    pub fn is_registered_kind(self) -> bool {
        self.0.role == Role::Object
    }

    pub(crate) fn role(self) -> Role {
        self.0.role
    }

    /// The noun at the beginning of a sentence.
    pub(crate) fn capitalized(self) -> String {
        let mut letters = self.noun().chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// The noun with its article: `a function`, `an LLM`.
    pub(crate) fn one(self) -> String {
        let noun = self.noun();
        let first = noun.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        // Letters that are read out one by one: an LLM, an MCP server, but a UI.
        let is_spelled = first.len() > 1 && first.chars().all(|letter| letter.is_ascii_uppercase());
        let vowels = if is_spelled { "AEFHILMNORSX" } else { "aeioAEIO" };
        let article = if first.starts_with(|letter| vowels.contains(letter)) { "an" } else { "a" };
        format!("{article} {noun}")
    }
}

impl PartialEq for ComponentKind {
    fn eq(&self, other: &Self) -> bool {
        self.section() == other.section()
    }
}

impl Eq for ComponentKind {}

impl Hash for ComponentKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.section().hash(state);
    }
}

impl fmt::Debug for ComponentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ComponentKind").field(&self.section()).finish()
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("section", &self.section).field("noun", &self.noun).finish_non_exhaustive()
    }
}

/// A reference in settings to a component of a kind: the type of a field, such as `LlmRef`. The graph sees it before
/// anything is built. Written by [`component_kind!`](crate::component_kind).
pub trait ComponentRef: AsRef<str> {
    /// The trait object that such a component is for others.
    type Object: ?Sized + Send + Sync + 'static;

    /// The kind.
    const KIND: ComponentKind;

    /// Closes a component, after all that were built with it. By default there is nothing to close.
    fn close(object: Arc<Self::Object>, reason: CloseReason) -> BoxFuture<'static, Result<()>> {
        let _ = (object, reason);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Defines a kind of components: a section of the file, the trait of its components, and the type by which settings name
/// one.
///
/// ```
/// use nat_core as nat;
///
/// /// Remembers texts.
/// pub trait Archive: Send + Sync + 'static {
///     fn store(&self, text: &str);
///     fn count(&self) -> usize;
/// }
///
/// nat_core::component_kind! {
///     /// The name of an archive under `archives:`.
///     pub struct ArchiveRef for dyn Archive;
///     section = "archives";
///     noun = "archive";
///     reference = "archive";
/// }
/// assert_eq!(<ArchiveRef as nat::ComponentRef>::KIND.section(), "archives");
/// ```
///
/// Components of it are registered with `#[register_component(kind = ArchiveRef)]`, in any crate, and used through
/// [`Builder::get_component`](crate::Builder::get_component). A last line `close = method;` names an async method
/// `fn method(&self, reason: CloseReason) -> BoxFuture<'_, Result<()>>` of the trait that is called when a component is
/// closed: once, after everything that was built with it.
#[macro_export]
macro_rules! component_kind {
    (
        $(#[$documentation:meta])*
        $visibility:vis struct $name:ident for dyn $object:path;
        section = $section:literal;
        noun = $noun:literal;
        reference = $reference:literal;
        $(close = $close:ident;)?
    ) => {
        $crate::__reference! { $(#[$documentation])* $visibility $name, $reference }

        impl $crate::ComponentRef for $name {
            type Object = dyn $object;

            const KIND: $crate::ComponentKind = {
                static KIND: $crate::__private::Kind =
                    $crate::__private::Kind::new($section, $noun, $reference, stringify!($object));
                $crate::ComponentKind::of(&KIND)
            };

            $(
                fn close(
                    object: ::std::sync::Arc<Self::Object>,
                    reason: $crate::CloseReason,
                ) -> $crate::__private::BoxFuture<'static, $crate::Result<()>> {
                    ::std::boxed::Box::pin(async move { object.$close(reason).await })
                }
            )?
        }

        impl $name {
            /// The component as the object that others hold.
            #[doc(hidden)]
            pub fn __object<T: $object + 'static>(
                component: T,
            ) -> ::std::sync::Arc<<Self as $crate::ComponentRef>::Object> {
                ::std::sync::Arc::new(component)
            }
        }

        $crate::__private::inventory::submit! {
            $crate::__private::KindRegistration(<$name as $crate::ComponentRef>::KIND)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_their_article() {
        for (noun, one) in [
            ("function", "a function"),
            ("LLM", "an LLM"),
            ("object store", "an object store"),
            ("UI", "a UI"),
            ("MCP server", "an MCP server"),
            ("memory", "a memory"),
            ("embedder", "an embedder"),
        ] {
            let kind: &'static Kind = Box::leak(Box::new(Kind::new("s", noun, "r", "T")));
            assert_eq!(ComponentKind::of(kind).one(), one);
        }
        assert_eq!(ComponentKind::FUNCTION_GROUP.capitalized(), "Function group");
    }
}
