//! All component types that are linked into the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::config::{ComponentTypes, FrontEndType, SettingsReader, linked_front_ends};
use crate::interface::Interface;
use crate::kind::{ComponentKind, KindRegistration, Role};
use crate::registration::{Form, Registration};
use nat_schema::CompiledSchema;

/// Keys that every component has, so that no settings type may have a field of that name.
const RESERVED: [&str; 3] = ["_type", "name", "middleware"];
const RESERVED_IN_OBJECTS: [&str; 1] = ["_type"];
/// Sections that no kind may have.
const KEPT_SECTIONS: [&str; 4] = ["general", "workflow", "middleware", "base"];
const RESERVED_IN_GROUPS: [&str; 2] = ["include", "exclude"];

/// The component types by name, sorted.
#[derive(Debug)]
pub struct Registry {
    /// In the order in which their sections are read.
    kinds: Vec<Table>,
}

/// The types of one kind, by name.
#[derive(Debug)]
struct Table {
    kind: ComponentKind,
    types: BTreeMap<&'static str, Arc<Registered>>,
}

/// One component type, with what is drawn from its registration once and on demand.
#[derive(Debug)]
pub struct Registered {
    registration: &'static Registration,
    settings: OnceLock<CompiledSchema>,
    interfaces: OnceLock<Vec<(&'static str, &'static str, Arc<Interface>)>>,
}

/// Registrations that cannot be used together, or at all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two types of one kind have the same name.
    Duplicate {
        /// The name.
        type_name: &'static str,
        /// The two places, as `file:line (package)`.
        sites: [String; 2],
    },
    /// Two front ends have the same name or alias.
    DuplicateFrontEnd {
        /// The name.
        type_name: &'static str,
        /// The two places, as `file:line (package)`.
        sites: [String; 2],
    },
    /// Two front ends are the one of files that name none.
    DefaultFrontEnds {
        /// Their names.
        names: [&'static str; 2],
        /// The two places, as `file:line (package)`.
        sites: [String; 2],
    },
    /// A settings type has a field that the file format keeps for itself.
    ReservedField {
        /// The component type.
        type_name: &'static str,
        /// The field.
        field: &'static str,
        /// The settings type.
        settings: &'static str,
        /// Where it is registered.
        site: String,
    },
    /// Two kinds of components claim the same section of the file, or the same `x-nat-ref`.
    Kind {
        /// What both claim.
        claimed: &'static str,
    },
    /// A type is of a kind that nobody registered.
    NoKind {
        /// The component type.
        type_name: &'static str,
        /// The section of that kind.
        section: &'static str,
        /// Where it is registered.
        site: String,
    },
    /// A schema says something that cannot be checked.
    Schema {
        /// The component type.
        type_name: &'static str,
        /// What it is.
        problem: String,
        /// Where it is registered.
        site: String,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { type_name, sites: [first, second] } => write!(
                f,
                "type `{type_name}` is registered twice: at {first} and at {second}; \
                 give one of them another name with `name = \"…\"`"
            ),
            Self::DuplicateFrontEnd { type_name, sites: [first, second] } => write!(
                f,
                "front end `{type_name}` is registered twice: at {first} and at {second}; \
                 give one of them another `TYPE_NAME` or alias"
            ),
            Self::DefaultFrontEnds { names: [one, other], sites: [first, second] } => write!(
                f,
                "the front ends `{one}` (registered at {first}) and `{other}` (at {second}) are both the default; \
                 leave `IS_DEFAULT` out of one of them"
            ),
            Self::ReservedField { type_name, field, settings, site } => write!(
                f,
                "the settings of `{type_name}` ({settings}, registered at {site}) have a field `{field}`, \
                 which every component of a workflow file has already; rename the field"
            ),
            Self::Kind { claimed } => write!(
                f,
                "two kinds of components claim `{claimed}`, as the section of the file or as `reference`: \
                 rename one of them in its `component_kind!`"
            ),
            Self::NoKind { type_name, section, site } => write!(
                f,
                "type `{type_name}` (registered at {site}) is of the kind that stands under `{section}`, \
                 which is not registered: define the kind with `component_kind!`"
            ),
            Self::Schema { type_name, problem, site } => {
                write!(f, "the schemas of `{type_name}` (registered at {site}) cannot be enforced: {problem}")
            }
        }
    }
}

impl std::error::Error for RegistryError {}

impl Registry {
    /// All types that are linked into this process.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with them, at once.
    pub fn linked() -> Result<Self, Vec<RegistryError>> {
        Self::linked_with([])
    }

    /// All types that are linked into this process, and some more.
    ///
    /// # Errors
    ///
    /// As [`Registry::linked`].
    pub fn linked_with(more: impl IntoIterator<Item = &'static Registration>) -> Result<Self, Vec<RegistryError>> {
        let kinds = inventory::iter::<KindRegistration>.into_iter().map(|registered| registered.0);
        let registry = Self::with_kinds(kinds, inventory::iter::<Registration>.into_iter().chain(more));
        let repeated = repeated_front_ends(linked_front_ends());
        match registry {
            Ok(registry) if repeated.is_empty() => Ok(registry),
            Ok(_) => Err(repeated),
            Err(errors) => Err(errors.into_iter().chain(repeated).collect()),
        }
    }

    /// The given types, which are functions and groups.
    ///
    /// # Errors
    ///
    /// As [`Registry::linked`].
    pub fn new(registrations: impl IntoIterator<Item = &'static Registration>) -> Result<Self, Vec<RegistryError>> {
        Self::with_kinds([], registrations)
    }

    /// The given types, with further kinds.
    ///
    /// # Errors
    ///
    /// As [`Registry::linked`].
    pub fn with_kinds(
        kinds: impl IntoIterator<Item = ComponentKind>,
        registrations: impl IntoIterator<Item = &'static Registration>,
    ) -> Result<Self, Vec<RegistryError>> {
        let mut errors = Vec::new();
        let mut registry = Self { kinds: tables(kinds, &mut errors) };
        let mut registrations: Vec<_> = registrations.into_iter().collect();
        // Link order is no order: the same binary must complain in the same words.
        registrations.sort_by_key(|one| (one.type_name, one.site.package, one.site.file, one.site.line));
        for registration in registrations {
            let registered = Arc::new(Registered::new(registration));
            errors.extend(registered.reserved_fields());
            errors.extend(registered.schema_problems());
            let kind = registration.form.kind();
            let Some(table) = registry.kinds.iter_mut().find(|table| table.kind == kind) else {
                errors.push(RegistryError::NoKind {
                    type_name: registration.type_name,
                    section: kind.section(),
                    site: registration.site.to_string(),
                });
                continue;
            };
            if let Some(earlier) = table.types.insert(registration.type_name, registered) {
                let site = |of: &Registration| format!("{} ({})", of.site, of.site.package);
                errors.push(RegistryError::Duplicate {
                    type_name: registration.type_name,
                    sites: [site(earlier.registration), site(registration)],
                });
            }
        }
        if errors.is_empty() { Ok(registry) } else { Err(errors) }
    }

    /// All kinds of components, in the order in which their sections are read; the workflow, whose types are those of
    /// functions, among them.
    pub fn kinds(&self) -> Vec<ComponentKind> {
        let own = self.kinds.iter().map(|table| table.kind);
        let before_objects = own.clone().position(|kind| kind.role() == Role::Object).unwrap_or(self.kinds.len());
        let mut kinds: Vec<_> = own.collect();
        kinds.insert(before_objects, ComponentKind::WORKFLOW);
        kinds
    }

    /// The kind whose components a setting with this `x-nat-ref` names.
    pub(crate) fn kind_of_reference(&self, reference: &str) -> Option<ComponentKind> {
        self.kinds.iter().map(|table| table.kind).find(|kind| kind.reference() == reference)
    }

    /// The type behind `_type: type_name`, which may be short or `package/name`.
    pub fn find(&self, kind: ComponentKind, type_name: &str) -> Option<&Arc<Registered>> {
        let (package, short) = match type_name.split_once('/') {
            Some((package, short)) => (Some(package), short),
            None => (None, type_name),
        };
        let found = self.table(kind)?.get(short)?;
        package.is_none_or(|package| package == found.registration.site.package).then_some(found)
    }

    /// All types of a kind, sorted by name.
    pub fn types(&self, kind: ComponentKind) -> impl Iterator<Item = &Arc<Registered>> {
        self.table(kind).into_iter().flat_map(BTreeMap::values)
    }

    fn table(&self, kind: ComponentKind) -> Option<&BTreeMap<&'static str, Arc<Registered>>> {
        let kind = if kind.role() == Role::Workflow { ComponentKind::FUNCTION } else { kind };
        self.kinds.iter().find(|table| table.kind == kind).map(|table| &table.types)
    }
}

/// Front ends of which one would hide the other: names and aliases used twice, and two that are the default.
fn repeated_front_ends(types: &[&'static FrontEndType]) -> Vec<RegistryError> {
    let mut errors = Vec::new();
    for (at, one) in types.iter().enumerate() {
        let names = |one: &FrontEndType| -> Vec<&'static str> {
            std::iter::once(one.name()).chain(one.aliases().iter().copied()).collect()
        };
        for earlier in &types[..at] {
            let site = |of: &FrontEndType| format!("{} ({})", of.site(), of.site().package);
            let sites = || [site(earlier), site(one)];
            let shared = names(one).into_iter().find(|name| names(earlier).contains(name));
            if let Some(type_name) = shared {
                errors.push(RegistryError::DuplicateFrontEnd { type_name, sites: sites() });
            } else if one.is_default() && earlier.is_default() {
                errors.push(RegistryError::DefaultFrontEnds { names: [earlier.name(), one.name()], sites: sites() });
            }
        }
    }
    errors
}

/// An empty table for each kind: functions, groups, then the others by their sections.
fn tables(kinds: impl IntoIterator<Item = ComponentKind>, errors: &mut Vec<RegistryError>) -> Vec<Table> {
    let mut others: Vec<_> = kinds.into_iter().collect();
    others.sort_by_key(|kind| kind.section());
    let mut tables: Vec<Table> = Vec::new();
    for kind in [ComponentKind::FUNCTION, ComponentKind::FUNCTION_GROUP].into_iter().chain(others) {
        let section = kind.section();
        let is_taken = KEPT_SECTIONS.contains(&section) || tables.iter().any(|table| table.kind == kind);
        if is_taken {
            errors.push(RegistryError::Kind { claimed: section });
        } else if tables.iter().any(|table| table.kind.reference() == kind.reference()) {
            errors.push(RegistryError::Kind { claimed: kind.reference() });
        } else {
            tables.push(Table { kind, types: BTreeMap::new() });
        }
    }
    tables
}

impl ComponentTypes for Registry {
    fn kinds(&self) -> Vec<ComponentKind> {
        Registry::kinds(self)
    }

    fn settings_schema(&self, kind: ComponentKind, type_name: &str) -> Option<&CompiledSchema> {
        self.find(kind, type_name).map(|registered| registered.settings_schema())
    }

    fn type_names(&self, kind: ComponentKind) -> Vec<&str> {
        self.table(kind).into_iter().flat_map(BTreeMap::keys).copied().collect()
    }

    fn qualified_names(&self, kind: ComponentKind) -> Vec<String> {
        let name = |one: &Arc<Registered>| format!("{}/{}", one.registration.site.package, one.registration.type_name);
        self.types(kind).map(name).collect()
    }

    fn settings_reader(&self, kind: ComponentKind, type_name: &str) -> Option<SettingsReader> {
        self.find(kind, type_name).map(|registered| registered.registration.settings.reader)
    }
}

impl Registered {
    fn new(registration: &'static Registration) -> Self {
        Self { registration, settings: OnceLock::new(), interfaces: OnceLock::new() }
    }

    /// What the attribute macro left behind.
    pub fn registration(&self) -> &'static Registration {
        self.registration
    }

    /// The schema of its settings.
    pub fn settings_schema(&self) -> &CompiledSchema {
        self.settings.get_or_init(|| {
            let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
            CompiledSchema::new((self.registration.settings.schema)(&mut generator).to_value())
        })
    }

    /// Its functions as (name, description, interface): one without a name for a function type, all
    /// of them for a group type.
    pub fn interfaces(&self) -> &[(&'static str, &'static str, Arc<Interface>)] {
        self.interfaces.get_or_init(|| match &self.registration.form {
            Form::Function { input, gives, input_name } => {
                vec![("", self.registration.description, Interface::new(*input, input_name, *gives))]
            }
            Form::Group { functions } => functions()
                .into_iter()
                .map(|one| (one.name, one.description, Interface::new(one.input, one.input_name, one.gives)))
                .collect(),
            Form::Object { .. } => Vec::new(),
        })
    }

    fn reserved_fields(&self) -> Vec<RegistryError> {
        let properties = self.settings_schema().as_value().get("properties").and_then(Value::as_object);
        let (own, in_groups): (&[&str], &[&str]) = match self.registration.form {
            Form::Function { .. } => (&RESERVED, &[]),
            Form::Group { .. } => (&RESERVED, &RESERVED_IN_GROUPS),
            Form::Object { .. } => (&RESERVED_IN_OBJECTS, &[]),
        };
        let reserved = own.iter().chain(in_groups);
        let taken = reserved.filter(|field| properties.is_some_and(|properties| properties.contains_key(**field)));
        let error = |field: &&'static str| RegistryError::ReservedField {
            type_name: self.registration.type_name,
            field,
            settings: (self.registration.settings.type_name)(),
            site: self.registration.site.to_string(),
        };
        taken.map(error).collect()
    }

    /// A pattern that is no regular expression would silently let everything pass.
    fn schema_problems(&self) -> Vec<RegistryError> {
        let sides = self.interfaces().iter().map(|(_, _, interface)| interface.input_schema());
        let problems = sides.chain([self.settings_schema()]).flat_map(|schema| schema.problems().iter().cloned());
        let error = |problem| RegistryError::Schema {
            type_name: self.registration.type_name,
            problem,
            site: self.registration.site.to_string(),
        };
        problems.map(error).collect()
    }
}
