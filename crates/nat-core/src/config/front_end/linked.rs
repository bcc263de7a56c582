//! The front ends that are linked into the process.

use std::sync::OnceLock;

use nat_config::Mistake;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::{FrontEnd, FrontEndSettings};
use crate::registration::Site;

inventory::collect!(FrontEndType);

/// Front ends that files name, and that a program which embeds the runtime may do without. A section of one that is not
/// linked in is kept as it is.
const OF_FILES: [&str; 2] = ["fastapi", "console"];

/// A registered kind of front end.
#[derive(Debug)]
pub struct FrontEndType {
    name: &'static str,
    aliases: &'static [&'static str],
    description: &'static str,
    is_default: bool,
    site: Site,
    schema: fn(&mut SchemaGenerator) -> Schema,
    reference: fn(&mut SchemaGenerator) -> Schema,
    default: fn() -> FrontEndSettings,
    read: fn(Map<String, Value>) -> serde_json::Result<FrontEndSettings>,
    warnings_as_written: fn(&Map<String, Value>) -> Vec<Mistake>,
}

/// Makes a [`FrontEnd`] known to the programs that link this crate: `register_front_end!(Lines);`.
#[macro_export]
macro_rules! register_front_end {
    ($settings:ty) => {
        $crate::__private::inventory::submit! {
            $crate::config::FrontEndType::of::<$settings>($crate::Site {
                package: ::core::env!("CARGO_PKG_NAME"),
                version: ::core::env!("CARGO_PKG_VERSION"),
                file: ::core::file!(),
                line: ::core::line!(),
            })
        }
    };
}

/// The linked kinds: the default one first, the others by name. Of two with one name the registry complains.
pub fn linked_front_ends() -> &'static [&'static FrontEndType] {
    static LINKED: OnceLock<Box<[&'static FrontEndType]>> = OnceLock::new();
    LINKED.get_or_init(|| {
        let mut all: Vec<_> = inventory::iter::<FrontEndType>.into_iter().collect();
        all.sort_by_key(|one| (!one.is_default, one.name, one.site.package, one.site.file, one.site.line));
        all.into_boxed_slice()
    })
}

/// The names that files may have and that no linked crate registers.
pub(in crate::config) fn unlinked_names() -> impl Iterator<Item = &'static str> {
    OF_FILES.into_iter().filter(|name| FrontEndType::find(name).is_none())
}

impl FrontEndType {
    /// The kind whose settings are `F`, registered at `site`.
    pub const fn of<F: FrontEnd>(site: Site) -> Self {
        Self {
            name: F::TYPE_NAME,
            aliases: F::ALIASES,
            description: F::DESCRIPTION,
            is_default: F::IS_DEFAULT,
            site,
            schema: F::json_schema,
            reference: <SchemaGenerator>::subschema_for::<F>,
            default: || FrontEndSettings::of(F::default()),
            read: |section| serde_json::from_value::<F>(Value::Object(section)).map(FrontEndSettings::of),
            warnings_as_written: F::warnings_as_written,
        }
    }

    /// The linked kind with this name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        linked_front_ends().iter().copied().find(|one| one.name == name || one.aliases.contains(&name))
    }

    /// The `_type` in files.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Other names that files may use.
    pub fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    /// One line about it.
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// True for the front end of files that name none.
    pub fn is_default(&self) -> bool {
        self.is_default
    }

    /// The place of its registration.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Its settings where a file sets none.
    pub fn default_settings(&self) -> FrontEndSettings {
        (self.default)()
    }

    pub(super) fn read(&self, section: Map<String, Value>) -> serde_json::Result<FrontEndSettings> {
        (self.read)(section)
    }

    pub(in crate::config) fn warnings_as_written(&self, section: &Map<String, Value>) -> Vec<Mistake> {
        (self.warnings_as_written)(section)
    }

    /// The schema of the settings themselves.
    pub(super) fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }

    /// A reference to that schema.
    pub(super) fn reference(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.reference)(generator)
    }
}
