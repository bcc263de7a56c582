//! Mends as they are right in the file that has the mistake: what its mapping holds already, and what a base gives.

use super::Document;
use super::locate::Locator;
use crate::DEFAULT_AGAIN;
use crate::error::{ConfigError, Edit};
use nat_schema::Segment;
use serde_json::Value;

/// The mend of a mistake and its change, for the file that the mistake is in.
pub(super) fn mend(document: &Document, locator: &Locator<'_>, error: &ConfigError) -> (Option<String>, Option<Edit>) {
    let as_it_is = || (error.mend.clone(), error.detail.edit.clone());
    let Some(edit) = &error.detail.edit else { return as_it_is() };
    match edit {
        Edit::Rename(path, name) => match renamed_onto(document, locator, path, name, error.detail.layer) {
            None => as_it_is(),
            // What is below it is somebody's work.
            Some(Value::Object(entries)) if !entries.is_empty() => {
                let text = format!("`{name}` is there already: put what stands below this key there, or remove it");
                (Some(text), None)
            }
            Some(_) => {
                let text = format!("remove it: `{name}` is there already");
                (Some(text), Some(Edit::Remove(path.clone())))
            }
        },
        Edit::Remove(path) if error.mend.as_deref() == Some(DEFAULT_AGAIN) => {
            match given_below(document, locator, path) {
                Some(base) => (Some(format!("remove the key: it then has the value of {base}")), Some(edit.clone())),
                None => as_it_is(),
            }
        }
        _ => as_it_is(),
    }
}

/// The value of the key at `path`, if a key `name` stands beside it.
fn renamed_onto<'d>(
    document: &'d Document,
    locator: &Locator<'_>,
    path: &[Segment],
    name: &str,
    layer: Option<usize>,
) -> Option<&'d Value> {
    let (index, ..) = locator.spot(path, layer)?;
    let (Segment::Key(key), around) = path.split_last()? else { return None };
    let mapping = at(&document.layers.get(index)?.value, around)?;
    mapping.get(name).filter(|_| key != name)?;
    mapping.get(key)
}

/// The nearest base that has a path, too.
fn given_below<'d>(document: &'d Document, locator: &Locator<'_>, path: &[Segment]) -> Option<&'d str> {
    let (index, ..) = locator.spot(path, None)?;
    let mut bases = document.layers.iter().skip(index + 1);
    bases.find(|base| at(&base.value, path).is_some_and(|value| !value.is_null())).map(|base| base.name.as_str())
}

pub(super) fn at<'v>(value: &'v Value, path: &[Segment]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get(key),
        Segment::Index(at) => value.get(at),
    })
}
