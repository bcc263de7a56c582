//! Keys of `general` that a file for the Python toolkit may have and that change nothing here.

use serde_json::{Map, Value};

use super::front_end::{FrontEndType, unlinked_names};
use super::general::General;
use super::sections::GENERAL;
use nat_config::{Aim, ConfigError, ConfigWarning, Edit, Mistake, keys};
use nat_schema::Segment;

/// A warning for each key that is given and changes nothing. `general` is the section in its canonical form.
pub(super) fn as_written(general: &Value) -> Vec<ConfigWarning> {
    let entries = |key: &str| general.get(key).and_then(Value::as_object);
    let mut warnings = Vec::new();
    if general.get("use_uvloop").is_some_and(|value| !value.is_null()) {
        warnings.push(warning(&["use_uvloop"], "deprecated, and without effect"));
    }
    warnings.extend(entries("front_end").into_iter().flat_map(of_front_end));
    if entries("telemetry").and_then(|telemetry| telemetry.get("tracing")).is_some_and(is_filled) {
        let message = "exporters of traces have no effect in this version";
        warnings.push(warning(&["telemetry", "tracing"], message));
    }
    warnings
}

/// Warnings of the front end about its keys as they are written.
fn of_front_end(section: &Map<String, Value>) -> Vec<ConfigWarning> {
    let tag = section.get("_type").and_then(Value::as_str);
    if let Some(name) = tag.and_then(|tag| unlinked_names().find(|name| *name == tag)) {
        let message = format!("the front end `{name}` is not linked into this program: this section is not used");
        let mend = "link the crate that brings it, or leave the section for the programs that do";
        return vec![front_end_warning(Mistake::new(["_type"], message).mend(mend))];
    }
    let found = tag.and_then(FrontEndType::find);
    found.into_iter().flat_map(|found| found.warnings_as_written(section)).map(front_end_warning).collect()
}

/// Warnings about settings that were read.
pub(super) fn as_read(general: &General) -> Vec<ConfigWarning> {
    general.front_end.warnings().into_iter().map(front_end_warning).collect()
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|entries| !entries.is_empty())
}

fn warning(path: &[&str], message: &str) -> ConfigWarning {
    told(Mistake::new(path.iter().copied(), message))
}

fn front_end_warning(warning: Mistake) -> ConfigWarning {
    told(warning.under(&Segment::Key("front_end".to_owned())))
}

/// A warning without a suggestion suggests to remove its key.
fn told(warning: Mistake) -> ConfigWarning {
    let full = |path: Vec<Segment>| [keys([GENERAL]), path].concat();
    let mut told = ConfigError::section(GENERAL, warning.message).at(warning.path);
    told.detail.expected = warning.expected;
    told.detail.at = warning.shown_at.map(full);
    ConfigWarning(match warning.mend {
        Some(mend) => {
            let edit = warning.edit.map(|mut edit| {
                if let Some(path) = edit.path_mut() {
                    path.splice(0..0, keys([GENERAL]));
                }
                edit
            });
            told.detail.edit = edit;
            told.mend(mend)
        }
        None => {
            let key = told.full_path();
            told.aim(Aim::Key).mend("remove it").edit(Edit::Remove(key))
        }
    })
}
