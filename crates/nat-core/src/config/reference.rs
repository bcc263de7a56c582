//! Names of other components as types, so that the graph sees them before anything is built.

use schemars::{Schema, json_schema};

/// The schema of a text that names a component.
#[doc(hidden)]
pub fn reference_schema(kind: &str) -> Schema {
    json_schema!({ "type": "string", "x-nat-ref": kind })
}

/// A type that names a component: for settings.
#[doc(hidden)]
#[macro_export]
macro_rules! __reference {
    ($(#[$documentation:meta])* $visibility:vis $name:ident, $kind:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $visibility struct $name(::std::string::String);

        impl $name {
            /// A reference to the component of this name.
            pub fn new(name: impl ::std::convert::Into<::std::string::String>) -> Self {
                Self(name.into())
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(::std::string::String::from(name))
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(name: ::std::string::String) -> Self {
                Self(name)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::__private::serde::Deserialize::deserialize(deserializer).map(Self)
            }
        }

        impl $crate::__private::schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::convert::Into::into(stringify!($name))
            }

            fn json_schema(_: &mut $crate::__private::schemars::SchemaGenerator) -> $crate::__private::schemars::Schema {
                $crate::__private::reference_schema($kind)
            }
        }
    };
}

crate::__reference! {
    /// The name of a function under `functions:`, or of a group's function (`group__function`).
    ///
    /// A setting of this type makes an edge in the dependency graph: the function it names is built first.
    pub FunctionRef, "function"
}

crate::__reference! {
    /// The name of a group under `function_groups:`.
    ///
    /// A setting of this type makes an edge in the dependency graph: the group it names is built first.
    pub FunctionGroupRef, "function_group"
}

crate::__reference! {
    /// The name of a function or of a group: a tool, or several.
    ///
    /// A setting of this type makes an edge in the dependency graph, as [`FunctionRef`] and [`FunctionGroupRef`] do.
    pub ToolRef, "tool"
}
