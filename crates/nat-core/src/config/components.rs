//! Functions, groups and the workflow: a type, reserved keys, and the settings of that type.

use std::collections::HashSet;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::finding::Around;
use super::{ComponentKind, ComponentSettings, ComponentTypes, SettingsReader};
use crate::kind::Role;
use nat_config::{Aim, ConfigError, ConfigWarning, Edit, keys};
use nat_schema::reader::Tree;
use nat_schema::text::{list_of_names, some_names};
use nat_schema::validation::{Settled, Subject};
use nat_schema::{CompiledSchema, Segment, nearest};

/// The name of the workflow, in graphs and traces.
pub const WORKFLOW_NAME: &str = "<workflow>";

const TYPE_KEYS: [&str; 2] = ["_type", "type"];
pub(super) const NO_TYPE: &str = "Unable to extract tag using discriminator discriminator()";

/// What every function may say about itself.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "read through its schema")]
struct FunctionKeys {
    /// The name in traces.
    name: Option<String>,
    /// Not available in this version: an error when filled.
    middleware: Option<Vec<Value>>,
}

/// What every group may say about itself.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "read through its schema")]
struct GroupKeys {
    /// The name in traces.
    name: Option<String>,
    /// Not available in this version: an error when filled.
    middleware: Option<Vec<Value>>,
    /// The functions of the group that become functions of the file, as `GROUP__FUNCTION`. Not together with `exclude`.
    include: Option<Vec<String>>,
    /// The functions of the group that cannot be reached. Not together with `include`.
    exclude: Option<Vec<String>>,
}

fn reserved(kind: ComponentKind) -> &'static CompiledSchema {
    static FUNCTION: OnceLock<CompiledSchema> = OnceLock::new();
    static GROUP: OnceLock<CompiledSchema> = OnceLock::new();
    static OBJECT: OnceLock<CompiledSchema> = OnceLock::new();
    match kind.role() {
        Role::Group => GROUP.get_or_init(|| CompiledSchema::new(schemars::schema_for!(GroupKeys).to_value())),
        Role::Function | Role::Workflow => {
            FUNCTION.get_or_init(|| CompiledSchema::new(schemars::schema_for!(FunctionKeys).to_value()))
        }
        Role::Object => OBJECT.get_or_init(|| CompiledSchema::new(serde_json::json!({ "type": "object" }))),
    }
}

/// The schema of the keys that every component of a kind has.
pub fn reserved_schema(kind: ComponentKind) -> &'static Value {
    reserved(kind).as_value()
}

/// Reads one component after the other, and keeps what is wrong with all of them. A component whose type is
/// known is given also when its settings are wrong, for the checks of how components fit together.
pub(super) struct Reading<'t> {
    pub(super) types: &'t dyn ComponentTypes,
    pub(super) errors: &'t mut Vec<ConfigError>,
    pub(super) warnings: &'t mut Vec<ConfigWarning>,
    /// Components whose type is not known: their names are, and may be referred to.
    pub(super) unsound: &'t mut Vec<(ComponentKind, String)>,
}

impl Reading<'_> {
    /// A section that maps names to components. A section without content is as none.
    pub(super) fn section(&mut self, kind: ComponentKind, section: Option<Value>) -> Vec<ComponentSettings> {
        let name = kind.section();
        match section {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(components)) => {
                components.into_iter().filter_map(|(key, value)| self.named(kind, key, value)).collect()
            }
            Some(_) => {
                let mend = "write a mapping: on each line below a name, and below that the `_type` and settings";
                let error = ConfigError::section(name, "Input should be a valid dictionary");
                self.errors.push(error.mend(mend).expected("a mapping of names to components"));
                Vec::new()
            }
        }
    }

    /// The workflow, which has no name of its own.
    pub(super) fn workflow(&mut self, value: Option<Value>) -> Option<ComponentSettings> {
        match value {
            None | Some(Value::Null) => None,
            Some(value) => self.component(ComponentKind::WORKFLOW, WORKFLOW_NAME.to_owned(), &[], value),
        }
    }

    fn named(&mut self, kind: ComponentKind, name: String, value: Value) -> Option<ComponentSettings> {
        let place = keys([name.as_str()]);
        let refused = match name.as_str() {
            "" => Some("Value error, a name must not be empty"),
            WORKFLOW_NAME => Some("Value error, this name is the workflow's own"),
            _ => None,
        };
        if let Some(message) = refused {
            let error = ConfigError::section(kind.section(), message).at(place.clone()).aim(Aim::Key);
            self.errors
                .push(error.mend("give it another name").edit(Edit::Rename(full(kind, &place), "unnamed".into())));
        }
        self.component(kind, name, &place, value).filter(|_| refused.is_none())
    }

    fn component(
        &mut self,
        kind: ComponentKind,
        name: String,
        place: &[Segment],
        value: Value,
    ) -> Option<ComponentSettings> {
        let section = kind.section();
        let Value::Object(mut settings) = value else {
            let message = if value.is_null() { NO_TYPE } else { "Input should be a valid dictionary" };
            let mend = "a component is a mapping that begins with its `_type`";
            let error = ConfigError::section(section, message).at(place.to_vec()).mend(mend).expected("a mapping");
            let known = value.as_str().is_some_and(|name| self.types.settings_schema(kind, name).is_some());
            self.errors.push(match value {
                Value::String(text) if spaced(&text).is_some() => {
                    let form = spaced(&text).unwrap_or_default();
                    error.mend("put a space behind the colon").edit(Edit::Write(full(kind, place), form))
                }
                Value::String(name) if known => {
                    let form = format!("{{_type: {name}}}");
                    error.mend(format!("write `{form}`")).edit(Edit::Replace(full(kind, place), form))
                }
                _ => error,
            });
            self.unsound.push((kind, name));
            return None;
        };
        let Some(type_name) = self.type_name(kind, place, &mut settings) else {
            self.unsound.push((kind, name));
            return None;
        };
        let own = self.reserved_keys(kind, place, &mut settings);
        let types = self.types;
        let Some(schema) = types.settings_schema(kind, &type_name) else {
            self.errors.push(self.unknown_type(kind, &type_name, place));
            self.unsound.push((kind, name));
            return None;
        };
        let settled = self.settings(kind, &type_name, place, schema, settings);
        let texts = |key: &str| {
            let list = own.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        Some(ComponentSettings {
            kind,
            name,
            type_name,
            display_name: own.get("name").and_then(Value::as_str).map(str::to_owned),
            settings: settled.value,
            references: settled.references,
            include: texts("include"),
            exclude: texts("exclude"),
        })
    }

    fn type_name(
        &mut self,
        kind: ComponentKind,
        place: &[Segment],
        settings: &mut Map<String, Value>,
    ) -> Option<String> {
        let key = TYPE_KEYS.into_iter().find(|key| settings.contains_key(*key));
        match key.and_then(|key| settings.shift_remove(key)) {
            Some(Value::String(name)) => Some(name),
            Some(_) => {
                let place = place.iter().cloned().chain(keys(key));
                let error = ConfigError::section(kind.section(), "Input should be a valid string").at(place);
                let mend = format!("write the name of a type: {}", self.some_types(kind));
                self.errors.push(error.mend(mend).expected("the name of a type"));
                None
            }
            None => {
                let error = ConfigError::section(kind.section(), NO_TYPE).at(place.to_vec()).aim(Aim::Key);
                let similar = settings.keys().find(|key| nearest(key, TYPE_KEYS).is_some());
                self.errors.push(match similar {
                    Some(key) => {
                        let mend = format!("`_type` is missing; is `{key}` a misspelling of it?");
                        let mut written = full(kind, place);
                        written.push(Segment::Key(key.clone()));
                        let mut error = error.mend(mend).edit(Edit::Rename(written.clone(), "_type".to_owned()));
                        error.detail.at = Some(written);
                        error
                    }
                    None => {
                        let error = error.expected(format!("`_type`, one of {}", self.some_types(kind)));
                        error.mend("add `_type: NAME`, the type of this component")
                    }
                });
                None
            }
        }
    }

    /// Takes the keys that every component has out of its settings.
    fn reserved_keys(
        &mut self,
        kind: ComponentKind,
        place: &[Segment],
        settings: &mut Map<String, Value>,
    ) -> Map<String, Value> {
        let section = kind.section();
        let names: &[&str] = match kind.role() {
            Role::Group => &["name", "middleware", "include", "exclude"],
            Role::Function | Role::Workflow => &["name", "middleware"],
            Role::Object => &[],
        };
        let take = |name: &&str| settings.shift_remove(*name).map(|value| ((*name).to_owned(), value));
        let own: Map<String, Value> = names.iter().filter_map(take).collect();
        let checked = reserved(kind).check(Value::Object(own));
        let around = Around { section, place, schema: reserved(kind).as_value(), unknown: &[] };
        self.errors.extend(checked.findings.into_iter().map(|found| around.error(found)));
        let own = match checked.value {
            Value::Object(own) => own,
            _ => Map::new(),
        };
        let is_filled = |key: &str| own.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        if is_filled("middleware") {
            let place: Vec<_> = place.iter().cloned().chain(keys(["middleware"])).collect();
            self.errors.push(middleware(section, full(kind, &place)).at(place));
        }
        for key in ["include", "exclude"] {
            let entries = own.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let mut seen = HashSet::new();
            for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| !seen.insert(*entry)) {
                let message = format!("Value error, {entry} stands in the list already");
                let entry = place.iter().cloned().chain(keys([key])).chain([Segment::Index(index)]).collect::<Vec<_>>();
                let error = ConfigError::section(section, message).at(entry.clone());
                let first = entries.iter().position(|other| other == entry_value(entries, index)).unwrap_or(index);
                let mut first_place = full(kind, &entry);
                first_place.pop();
                first_place.push(Segment::Index(first));
                let error = error.related(first_place, Aim::Value, "it stands here first");
                self.errors.push(error.mend("remove the repetition").edit(Edit::Remove(full(kind, &entry))));
            }
        }
        if is_filled("include") && is_filled("exclude") {
            let message = "Value error, include and exclude cannot be used together";
            let side = |key: &str| [full(kind, place), keys([key])].concat();
            let mut error = ConfigError::section(section, message).at(place.to_vec()).aim(Aim::Key);
            error.detail.at = Some(side("exclude"));
            let error = error.related(side("include"), Aim::Key, "and this");
            let mend = "`include` alone already leaves out what it does not name: remove `exclude`";
            self.errors.push(error.mend(mend).edit(Edit::Remove(side("exclude"))));
        }
        own
    }

    /// Findings become errors, unknown keys warnings.
    fn settings(
        &mut self,
        kind: ComponentKind,
        type_name: &str,
        place: &[Segment],
        schema: &CompiledSchema,
        settings: Map<String, Value>,
    ) -> Settled {
        let section = kind.section();
        let settings = Value::Object(settings);
        let mut settled = match self.types.settings_reader(kind, type_name) {
            Some(SettingsReader(read)) => {
                let tree = Tree::from(&settings);
                Subject { schema, read, tree: &tree, value: &settings }.settle()
            }
            None => Settled::from(schema.check(settings)),
        };
        if let Some((path, reason)) = settled.reason.take() {
            let error = ConfigError::section(section, format!("Value error, {reason}"));
            let error = if path.is_empty() { error.aim(Aim::Key) } else { error };
            let at = place.iter().cloned().chain(path);
            self.errors.push(error.at(at).mend("change its settings as the message says"));
        }
        let unknown = std::mem::take(&mut settled.unknown_keys);
        let around = Around { section, place, schema: schema.as_value(), unknown: &unknown };
        let findings = std::mem::take(&mut settled.findings);
        let explained = |key: &nat_schema::UnknownKey| {
            findings.iter().any(|finding| match (finding.kind, finding.path.split_last()) {
                ("missing", Some((Segment::Key(missed), object))) => {
                    object == key.path && key.suggestion.as_ref() == Some(missed)
                }
                ("extra_forbidden", Some((Segment::Key(extra), object))) => object == key.path && *extra == key.key,
                _ => false,
            })
        };
        self.warnings.extend(unknown.iter().filter(|key| !explained(key)).map(|key| around.unknown_key(key)));
        self.errors.extend(findings.into_iter().map(|finding| around.error(finding)));
        settled
    }

    /// The names of the types of a kind, for a mend.
    fn some_types(&self, kind: ComponentKind) -> String {
        let mut known = self.types.type_names(kind);
        known.sort_unstable();
        some_names(known)
    }

    fn unknown_type(&self, kind: ComponentKind, type_name: &str, place: &[Segment]) -> ConfigError {
        let mut known = self.types.type_names(kind);
        known.sort_unstable();
        let expected = match known.is_empty() {
            true => "none is linked in".to_owned(),
            false => known.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "),
        };
        let message = format!(
            "Input tag '{type_name}' found using discriminator() does not match any of the expected tags: {expected}"
        );
        let at = [full(kind, place), keys(["_type"])].concat();
        let mut error = ConfigError::section(kind.section(), message).at(place.to_vec());
        error.detail.at = Some(at.clone());
        let error = error.expected(match known.is_empty() {
            true => "a type that is linked into this program; there is none".to_owned(),
            false => format!("one of {}", list_of_names(known.iter().copied())),
        });
        let is_workflow = kind.role() == Role::Workflow;
        let mut others = self.types.kinds();
        others.retain(|other| *other != kind && !matches!(other.role(), Role::Workflow));
        others.retain(|other| !(is_workflow && other.role() == Role::Function));
        if let Some(other) = others.into_iter().find(|other| self.types.settings_schema(*other, type_name).is_some()) {
            return error.mend(format!("`{type_name}` is {}: it belongs under `{}`", other.one(), other.section()));
        }
        let qualified = self.types.qualified_names(kind);
        let candidates: Vec<&str> = match type_name.contains('/') {
            true => qualified.iter().map(String::as_str).chain(known).collect(),
            false => known,
        };
        match nearest(type_name, candidates).map(str::to_owned) {
            Some(similar) => error.mend(format!("did you mean `{similar}`?")).edit(Edit::Replace(at, similar)),
            None => error.mend("if another crate registers this type, link it into the binary: `use that_crate as _;`"),
        }
    }
}

/// `key:value` with a space, where all that is missing is that.
fn spaced(text: &str) -> Option<String> {
    let (key, value) = text.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (is_key && !value.is_empty() && !value.starts_with(['/', ' ']) && !text.contains('\n'))
        .then(|| format!("{key}: {value}"))
}

fn entry_value(entries: &[Value], index: usize) -> &Value {
    entries.get(index).unwrap_or(&Value::Null)
}

/// A path in the section of `kind`, from the top of the file.
fn full(kind: ComponentKind, path: &[Segment]) -> Vec<Segment> {
    keys([kind.section()]).into_iter().chain(path.iter().cloned()).collect()
}

/// Filled middleware, of a component or as a section.
pub(super) fn middleware(section: &str, at: Vec<Segment>) -> ConfigError {
    ConfigError::section(section, "Value error, middleware is not available in this version")
        .mend("a guard that is not there must not look as if it were: remove it from the configuration")
        .aim(Aim::Key)
        .edit(Edit::Remove(at))
}
