//! A configuration while it is checked: what is sound of it, and everything that is wrong.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::components::{self, Reading};
use super::finding::{Known, place_of};
use super::{ComponentKind, ComponentSettings, ComponentTypes, Config, General, general, sections};
use crate::kind::Role;
use nat_config::{Aim, ConfigError, ConfigWarning, Edit, keys};
use nat_schema::text::list_of_names;
use nat_schema::{Reference, nearest};

/// What is known of a configuration, with or without mistakes.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) general: Option<General>,
    /// The functions that `general` names; paths begin in that section.
    pub(crate) endpoints: Vec<Reference>,
    /// What is a mistake in a file that is served.
    pub(crate) exposed: Option<ConfigError>,
    pub(crate) functions: Vec<ComponentSettings>,
    pub(crate) function_groups: Vec<ComponentSettings>,
    pub(crate) workflow: Option<ComponentSettings>,
    pub(crate) objects: Vec<ComponentSettings>,
    /// Components of which nothing is known but the name.
    pub(crate) unsound: Vec<(ComponentKind, String)>,
    pub(crate) sections: Vec<(&'static str, usize)>,
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) warnings: Vec<ConfigWarning>,
}

impl Draft {
    pub(crate) fn of(mut content: Map<String, Value>, types: &dyn ComponentTypes) -> Self {
        let (mut errors, mut warnings, mut unsound) = (Vec::new(), Vec::new(), Vec::new());
        let kinds = types.kinds();
        let known: Vec<&'static str> = sections::all(&kinds).collect();
        let sections = counts(&content, &known);
        let general = general::read(content.shift_remove(sections::GENERAL), &mut errors, &mut warnings);
        let repeated = repeated_names(&content);
        let mut reading = Reading { types, errors: &mut errors, warnings: &mut warnings, unsound: &mut unsound };
        let functions = reading.section(ComponentKind::FUNCTION, content.shift_remove(sections::FUNCTIONS));
        let function_groups =
            reading.section(ComponentKind::FUNCTION_GROUP, content.shift_remove(sections::FUNCTION_GROUPS));
        let workflow = reading.workflow(content.shift_remove(sections::WORKFLOW));
        let of_objects = kinds.iter().filter(|kind| kind.role() == Role::Object);
        let objects =
            of_objects.flat_map(|kind| reading.section(*kind, content.shift_remove(kind.section()))).collect();
        errors.extend(repeated);
        unsound.extend(in_misspelled_sections(&content, &kinds, &known));
        other_sections(content, &known, &mut errors, &mut warnings);
        Self {
            general: general.general,
            endpoints: general.references,
            exposed: general.exposed,
            functions,
            function_groups,
            workflow,
            objects,
            unsound,
            sections,
            errors,
            warnings,
        }
    }

    /// The configuration, if nothing is wrong with it.
    pub(crate) fn finish(self) -> Result<Config, Vec<ConfigError>> {
        match (self.general, self.errors.is_empty()) {
            (Some(general), true) => Ok(Config {
                general,
                functions: self.functions,
                function_groups: self.function_groups,
                workflow: self.workflow,
                objects: self.objects,
                warnings: self.warnings,
                sections: self.sections,
            }),
            _ => Err(self.errors),
        }
    }
}

fn counts(content: &Map<String, Value>, known: &[&'static str]) -> Vec<(&'static str, usize)> {
    let count = |name: &&'static str| match content.get(*name) {
        Some(Value::Object(entries)) => Some((*name, entries.len())),
        _ => None,
    };
    known.iter().filter_map(count).collect()
}

/// A function and a group of one name would be one name for two things.
fn repeated_names(content: &Map<String, Value>) -> Vec<ConfigError> {
    let names = |section: &str| content.get(section).and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let functions: HashSet<&String> = names(sections::FUNCTIONS).collect();
    let repeated = names(sections::FUNCTION_GROUPS).filter(|name| functions.contains(name));
    let error = |name: &String| {
        let message = format!("Function `{name}` already exists in the list of functions or function groups");
        ConfigError::section(sections::FUNCTION_GROUPS, message)
            .at(keys([name.as_str()]))
            .aim(Aim::Key)
            .related(keys([sections::FUNCTIONS, name]), Aim::Key, "a function has that name")
            .mend("give one of them another name")
            .edit(Edit::Rename(keys([sections::FUNCTION_GROUPS, name]), format!("{name}_group")))
    };
    repeated.map(error).collect()
}

fn other_sections(
    content: Map<String, Value>,
    known_sections: &[&str],
    errors: &mut Vec<ConfigError>,
    warnings: &mut Vec<ConfigWarning>,
) {
    for (section, value) in content {
        let is_empty = match &value {
            Value::Null => true,
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        };
        let here = || keys([section.as_str()]);
        match section.as_str() {
            // The reader of files has followed it.
            sections::BASE => {}
            sections::MIDDLEWARE if !is_empty => errors.push(components::middleware(&section, here())),
            known if known == sections::MIDDLEWARE || sections::UNUSED.contains(&known) => {
                if !is_empty && !value.is_object() {
                    let error = ConfigError::section(&section, "Input should be a valid dictionary");
                    let error = error.expected("a mapping of names to components");
                    errors.push(error.mend("write a mapping, or leave the section empty"));
                } else if !is_empty {
                    // The file may be one that is served elsewhere, too: nothing in it is to be removed.
                    let message = "this section of the Python toolkit is not read: no crate that is linked into this \
                                   program defines its kind of components";
                    let warning = ConfigError::section(&section, message).aim(Aim::Key);
                    warnings.push(ConfigWarning(
                        warning.mend("see docs/compatibility.md; components that need it will say so"),
                    ));
                }
            }
            unknown => errors.push(unknown_section(unknown, known_sections)),
        }
    }
}

/// The names under a section whose own name is misspelled: they exist, and that one mistake is enough.
fn in_misspelled_sections(
    content: &Map<String, Value>,
    kinds: &[ComponentKind],
    known: &[&str],
) -> Vec<(ComponentKind, String)> {
    let mut found = Vec::new();
    for (section, value) in content.iter().filter(|(section, _)| !known.contains(&section.as_str())) {
        let Some(meant) = nearest(section, known.iter().copied()) else { continue };
        let named = |kind: &&ComponentKind| kind.section() == meant && kind.role() != Role::Workflow;
        let Some(kind) = kinds.iter().find(named) else { continue };
        found.extend(value.as_object().into_iter().flat_map(Map::keys).map(|name| (*kind, name.clone())));
    }
    found
}

fn unknown_section(name: &str, known: &[&str]) -> ConfigError {
    let error = ConfigError::section(name, "Extra inputs are not permitted").aim(Aim::Key);
    if name.contains('\u{a0}') {
        let plain = name.replace('\u{a0}', " ");
        let mend = "there is a no-break space in the indentation: put a plain space there";
        return error.mend(mend).edit(Edit::Rename(keys([name]), plain.trim_start().to_owned()));
    }
    if let "_type" | "type" = name {
        return error.mend("it belongs to a component, such as the `workflow`: indent it below that");
    }
    if let Some(place) = place_of(name, Known::AtTop) {
        return error.mend(format!("it belongs {place}"));
    }
    match nearest(name, known.iter().copied()) {
        Some(meant) => {
            let edit = Edit::Rename(keys([name]), meant.to_owned());
            error.mend(format!("did you mean `{meant}`?")).edit(edit)
        }
        None => error
            .expected(format!("one of the sections {}", list_of_names(known.iter().copied())))
            .mend(format!("the sections are: {}", known.join(", ")))
            .edit(Edit::Remove(keys([name]))),
    }
}
