//! The configuration file, read whole and checked whole: every mistake of every section is reported at once.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::kind::ComponentKind;
use nat_config::{ConfigErrors, ConfigWarning};
use nat_schema::reader::Read;
use nat_schema::{CompiledSchema, Reference};

mod components;
mod draft;
mod file_schema;
mod finding;
mod front_end;
mod general;
pub mod reference;
mod sections;
mod telemetry;
mod unsupported;
mod validation;

#[cfg(test)]
mod tests;

pub use components::{WORKFLOW_NAME, reserved_schema};
pub use file_schema::file_schema;
pub use front_end::{FrontEnd, FrontEndSettings, FrontEndType, Started, linked_front_ends};
pub(crate) use general::DEFAULT_CALL_DEPTH;
pub use general::{BuildRetry, General, general_schema};
pub(crate) use general::{mistaken, of_front_end};
pub use reference::{FunctionGroupRef, FunctionRef, ToolRef};
pub use telemetry::{LogLevel, Logger, Telemetry};
pub use validation::Validation;

pub(crate) use draft::Draft;

/// A configuration without mistakes.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What holds for the process as a whole.
    pub general: General,
    /// Under `functions`, in the order of the file.
    pub functions: Vec<ComponentSettings>,
    /// Under `function_groups`, in the order of the file.
    pub function_groups: Vec<ComponentSettings>,
    /// The workflow; a configuration without one is valid but cannot be served.
    pub workflow: Option<ComponentSettings>,
    /// Components of further kinds, in the order of the kinds and of the file.
    pub objects: Vec<ComponentSettings>,
    /// What is probably not meant as it stands.
    pub warnings: Vec<ConfigWarning>,
    /// Every section that the file may have and does have, with the number of its entries.
    pub sections: Vec<(&'static str, usize)>,
}

/// One component of a configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentSettings {
    /// Where it stands.
    pub kind: ComponentKind,
    /// Its key in the file; [`WORKFLOW_NAME`] for the workflow.
    pub name: String,
    /// Its `_type`, as written.
    pub type_name: String,
    /// Its `name`, for traces.
    pub display_name: Option<String>,
    /// Its settings without the reserved keys, checked and coerced.
    pub settings: Value,
    /// The components that its settings name; paths begin in the settings.
    pub references: Vec<Reference>,
    /// Of a group: the functions that become functions of the file. Empty for none in particular.
    pub include: Vec<String>,
    /// Of a group: the functions that do not. Not together with `include`.
    pub exclude: Vec<String>,
}

/// The component types that a program knows.
pub trait ComponentTypes {
    /// The schema of a type's settings, or nothing if there is no such type.
    fn settings_schema(&self, kind: ComponentKind, type_name: &str) -> Option<&CompiledSchema>;

    /// All kinds, in the order in which their sections are read.
    fn kinds(&self) -> Vec<ComponentKind> {
        vec![ComponentKind::FUNCTION, ComponentKind::FUNCTION_GROUP, ComponentKind::WORKFLOW]
    }

    /// The names of all types of a kind, in any order.
    fn type_names(&self, kind: ComponentKind) -> Vec<&str>;

    /// The same as `package/name`, where packages are known.
    fn qualified_names(&self, _kind: ComponentKind) -> Vec<String> {
        Vec::new()
    }

    /// How a type reads its settings; where nothing is given, their schema alone decides.
    fn settings_reader(&self, kind: ComponentKind, type_name: &str) -> Option<SettingsReader>;
}

/// Reads settings as one type, to see whether it takes them.
#[derive(Debug, Clone, Copy)]
pub struct SettingsReader(Read<()>);

impl SettingsReader {
    /// The reader of a settings type.
    pub const fn of<C: DeserializeOwned>() -> Self {
        Self(|reader| C::deserialize(reader).map(drop))
    }
}

impl Config {
    /// Checks what a file says. `file` is only named in errors.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn from_value(
        content: Map<String, Value>,
        file: Option<&Path>,
        types: &dyn ComponentTypes,
    ) -> Result<Config, ConfigErrors> {
        let draft = Draft::of(content, types);
        draft.finish().map_err(|errors| ConfigErrors { file: file.map(Path::to_owned), errors })
    }

    /// How many entries a section has.
    pub fn count(&self, section: &str) -> usize {
        self.sections.iter().find(|(name, _)| *name == section).map_or(0, |(_, count)| *count)
    }
}
