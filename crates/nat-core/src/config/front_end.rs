//! Front ends: what can stand under `general.front_end`, each registered by the crate that acts on it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use nat_config::Mistake;
use nat_schema::Segment;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

mod linked;
mod schema;

pub(super) use linked::unlinked_names;
pub use linked::{FrontEndType, linked_front_ends};

use super::FunctionRef;
use crate::graph::EntryName;
use crate::interface::Interface;
use crate::{CancellationToken, Config, Error, Result, Runtime};

/// A kind of front end, by the type of its settings.
///
/// The settings stand in the file as `general.front_end`, with [`FrontEnd::TYPE_NAME`] as their `_type`. Their schema
/// checks the section, completes it in editors and documents it; a key that it does not know is a warning.
/// [`register_front_end!`](crate::register_front_end) makes a kind known to the programs that link its crate.
pub trait FrontEnd:
    fmt::Debug + Clone + PartialEq + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The `_type` in files, and the KIND of `nat start KIND`.
    const TYPE_NAME: &'static str;

    /// Other names that files may use for it.
    const ALIASES: &'static [&'static str] = &[];

    /// One line for lists of what is linked into a program.
    const DESCRIPTION: &'static str;

    /// True for the front end of files that name none. One kind of a program may say so.
    const IS_DEFAULT: bool = false;

    /// Warnings about keys as they were written, before they are read. Paths begin in the section of the front end. A
    /// warning without a suggestion suggests to remove its key.
    fn warnings_as_written(_section: &Map<String, Value>) -> Vec<Mistake> {
        Vec::new()
    }

    /// Warnings about settings that were read, such as keys that this version does not act on.
    fn warnings(&self) -> Vec<Mistake> {
        Vec::new()
    }

    /// Mistakes that no schema can describe. Paths begin in the section of the front end.
    fn mistakes(&self) -> Vec<Mistake> {
        Vec::new()
    }

    /// A setting that is a mistake only in a file that is about to be started: a reason not to listen at all.
    fn mistake_when_started(&self) -> Option<Mistake> {
        None
    }

    /// The functions that requests can call beside the workflow, each with the path of the setting that names it.
    fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)> {
        Vec::new()
    }

    /// Mistakes that show beside the interfaces of the functions that are called. `interface` gives nothing for a
    /// function that the file does not have, which is reported elsewhere.
    fn mistakes_beside<'i>(&self, _interface: &dyn Fn(&EntryName) -> Option<&'i Interface>) -> Vec<Mistake> {
        Vec::new()
    }

    /// Serves `started` until its `stop` is cancelled, or until there is nothing more to do. The caller shuts the
    /// runtime down afterwards.
    ///
    /// # Errors
    ///
    /// The reason for which it cannot serve, or stopped doing so.
    fn serve(self, started: Started) -> impl Future<Output = Result<()>> + Send;
}

/// A configuration with its runtime, for a front end to serve.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// The configuration that the runtime was started with.
    pub config: Config,
    /// The runtime.
    pub runtime: Runtime,
    /// Cancelled when the front end must end.
    pub stop: CancellationToken,
}

/// The settings of a front end, whatever its kind.
#[derive(Clone)]
pub struct FrontEndSettings(Arc<dyn Settings>);

/// The part of [`FrontEnd`] that needs no type.
trait Settings: Any + fmt::Debug + Send + Sync {
    fn type_name(&self) -> &str;
    fn equals(&self, other: &dyn Any) -> bool;
    fn to_value(&self) -> serde_json::Result<Value>;
    fn warnings(&self) -> Vec<Mistake>;
    fn mistakes(&self) -> Vec<Mistake>;
    fn mistake_when_started(&self) -> Option<Mistake>;
    fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)>;
    fn mistakes_beside<'i>(&self, interface: &dyn Fn(&EntryName) -> Option<&'i Interface>) -> Vec<Mistake>;
    fn serve(&self, started: Started) -> futures_util::future::BoxFuture<'static, Result<()>>;
}

impl<F: FrontEnd> Settings for F {
    fn type_name(&self) -> &str {
        F::TYPE_NAME
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<F>().is_some_and(|other| self == other)
    }

    fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }

    fn warnings(&self) -> Vec<Mistake> {
        FrontEnd::warnings(self)
    }

    fn mistakes(&self) -> Vec<Mistake> {
        FrontEnd::mistakes(self)
    }

    fn mistake_when_started(&self) -> Option<Mistake> {
        FrontEnd::mistake_when_started(self)
    }

    fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)> {
        FrontEnd::entry_points(self)
    }

    fn mistakes_beside<'i>(&self, interface: &dyn Fn(&EntryName) -> Option<&'i Interface>) -> Vec<Mistake> {
        FrontEnd::mistakes_beside(self, interface)
    }

    fn serve(&self, started: Started) -> futures_util::future::BoxFuture<'static, Result<()>> {
        Box::pin(FrontEnd::serve(self.clone(), started))
    }
}

/// The section of a front end that no linked crate registers, as it was written. Without a name: no section at all, in a
/// program without front ends.
#[derive(Debug, PartialEq)]
struct Unlinked {
    type_name: String,
    section: Map<String, Value>,
}

impl Settings for Unlinked {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self == other)
    }

    fn to_value(&self) -> serde_json::Result<Value> {
        Ok(Value::Object(self.section.clone()))
    }

    fn warnings(&self) -> Vec<Mistake> {
        Vec::new()
    }

    fn mistakes(&self) -> Vec<Mistake> {
        Vec::new()
    }

    fn mistake_when_started(&self) -> Option<Mistake> {
        None
    }

    fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)> {
        Vec::new()
    }

    fn mistakes_beside<'i>(&self, _: &dyn Fn(&EntryName) -> Option<&'i Interface>) -> Vec<Mistake> {
        Vec::new()
    }

    fn serve(&self, _: Started) -> futures_util::future::BoxFuture<'static, Result<()>> {
        let message = format!("the front end `{}` is not linked into this program", self.type_name);
        Box::pin(async move { Err(Error::runtime(message)) })
    }
}

impl FrontEndSettings {
    /// The settings of one kind.
    pub fn of<F: FrontEnd>(settings: F) -> Self {
        Self(Arc::new(settings))
    }

    /// The kind's [`FrontEnd::TYPE_NAME`]; empty where a program without front ends reads a file that names none.
    pub fn type_name(&self) -> &str {
        self.0.type_name()
    }

    /// The settings, if they are of the kind `F`.
    pub fn get<F: FrontEnd>(&self) -> Option<&F> {
        let settings: &dyn Any = &*self.0;
        settings.downcast_ref()
    }

    /// The settings to change, if they are of the kind `F`. Copies of the configuration keep theirs.
    pub fn get_mut<F: FrontEnd>(&mut self) -> Option<&mut F> {
        let settings = self.get::<F>()?;
        if Arc::strong_count(&self.0) > 1 {
            self.0 = Arc::new(settings.clone());
        }
        let settings: &mut dyn Any = Arc::get_mut(&mut self.0)?;
        settings.downcast_mut()
    }

    /// The functions that requests can call beside the workflow, each with the path of the setting that names it.
    pub fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)> {
        self.0.entry_points()
    }

    /// Starts `config` over `runtime`: see [`FrontEnd::serve`].
    ///
    /// # Errors
    ///
    /// The reason for which it cannot serve, or stopped doing so.
    pub async fn serve(&self, config: Config, runtime: Runtime, stop: CancellationToken) -> Result<()> {
        self.0.serve(Started { config, runtime, stop }).await
    }

    pub(crate) fn mistakes_beside<'i>(&self, interface: &dyn Fn(&EntryName) -> Option<&'i Interface>) -> Vec<Mistake> {
        self.0.mistakes_beside(interface)
    }

    pub(super) fn warnings(&self) -> Vec<Mistake> {
        self.0.warnings()
    }

    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        self.0.mistakes()
    }

    pub(super) fn mistake_when_started(&self) -> Option<Mistake> {
        self.0.mistake_when_started()
    }
}

/// The linked kind that says so is the front end of files that name none.
impl Default for FrontEndSettings {
    fn default() -> Self {
        let default = linked_front_ends().iter().find(|one| one.is_default());
        default.map_or_else(|| Self(Arc::new(Unlinked::none())), |found| found.default_settings())
    }
}

impl Unlinked {
    fn none() -> Self {
        Self { type_name: String::new(), section: Map::new() }
    }
}

impl fmt::Debug for FrontEndSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialEq for FrontEndSettings {
    fn eq(&self, other: &Self) -> bool {
        let other: &dyn Any = &*other.0;
        self.0.equals(other)
    }
}

impl Serialize for FrontEndSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0.to_value().map_err(serde::ser::Error::custom)?;
        let mut section = Map::new();
        if !self.type_name().is_empty() {
            section.insert("_type".to_owned(), self.type_name().into());
        }
        if let Value::Object(settings) = value {
            section.extend(settings);
        }
        section.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FrontEndSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut section = Map::deserialize(deserializer)?;
        let Some(Value::String(type_name)) = section.shift_remove("_type") else {
            return Err(serde::de::Error::missing_field("_type"));
        };
        match FrontEndType::find(&type_name) {
            Some(known) => known.read(section).map_err(serde::de::Error::custom),
            None if unlinked_names().any(|name| name == type_name) => {
                Ok(Self(Arc::new(Unlinked { type_name, section })))
            }
            None => Err(serde::de::Error::custom(format!("the front end `{type_name}` is not linked in"))),
        }
    }
}

impl JsonSchema for FrontEndSettings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FrontEnd".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::of(linked_front_ends(), generator)
    }
}
