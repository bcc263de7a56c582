//! Names that a type takes for its fields and that its schema does not show (`#[serde(alias)]`).

use serde_json::Value;

use super::probe::Probe;
use crate::schema::{Examined, Finding, Segment};

/// Aliases inside what stands under an alias are followed so far.
const ROUNDS: usize = 4;

/// The aliases that one value uses.
#[derive(Default)]
pub(super) struct Aliases(Vec<Alias>);

struct Alias {
    /// The object, where it is written.
    written: Vec<Segment>,
    /// The object, once the aliases around it are renamed.
    renamed: Vec<Segment>,
    key: String,
    name: String,
}

impl Aliases {
    /// Examines a value with every alias under its field's own name. Paths of what is found are renamed with it;
    /// the changed value is as it was written.
    pub(super) fn examine<R>(
        probe: &Probe<'_, R>,
        value: &Value,
        examine: impl Fn(&Value) -> Examined,
    ) -> (Examined, Self) {
        let mut aliases = Self::default();
        let mut examined = examine(value);
        let mut renamed = None;
        for _ in 0..ROUNDS {
            let found = aliases.found(probe, &examined);
            if found.is_empty() {
                break;
            }
            let value = renamed.get_or_insert_with(|| value.clone());
            for alias in &found {
                rename(value, &alias.renamed, &alias.key, &alias.name);
            }
            aliases.0.extend(found);
            examined = examine(value);
        }
        if let Some(changed) = &mut examined.changed {
            for alias in aliases.0.iter().rev() {
                rename(changed, &alias.renamed, &alias.name, &alias.key);
            }
        }
        (examined, aliases)
    }

    fn found<R>(&self, probe: &Probe<'_, R>, examined: &Examined) -> Vec<Alias> {
        let mut found: Vec<Alias> = Vec::new();
        for stranger in &examined.strangers {
            let is_free =
                |name: &&String| !found.iter().any(|other| other.renamed == stranger.object && other.name == **name);
            let absent: Vec<String> = stranger.absent.iter().filter(is_free).cloned().collect();
            let is_known = |other: &Alias| other.renamed == stranger.object && other.key == stranger.key;
            if found.iter().any(is_known) {
                continue;
            }
            let written = self.original(&stranger.object);
            if let Some(at) = probe.name_of(&written, &stranger.key, &absent) {
                let (key, name) = (stranger.key.clone(), absent[at].clone());
                found.push(Alias { written, renamed: stranger.object.clone(), key, name });
            }
        }
        found
    }

    /// A path of the renamed value, as it is written.
    pub(super) fn original(&self, path: &[Segment]) -> Vec<Segment> {
        let mut written: Vec<Segment> = Vec::with_capacity(path.len());
        for segment in path {
            let is_here =
                |alias: &&Alias| matches!(segment, Segment::Key(key) if *key == alias.name) && alias.written == written;
            let step = self.0.iter().find(is_here).map(|alias| Segment::Key(alias.key.clone()));
            written.push(step.unwrap_or_else(|| segment.clone()));
        }
        written
    }

    /// The finding, at the place where it is written.
    pub(super) fn restored(&self, finding: Finding) -> Finding {
        if self.0.is_empty() {
            return finding;
        }
        Finding { path: self.original(&finding.path), ..finding }
    }
}

fn rename(value: &mut Value, object: &[Segment], from: &str, to: &str) {
    let found = object.iter().try_fold(value, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
    });
    if let Some(Value::Object(fields)) = found
        && let Some(moved) = fields.shift_remove(from)
    {
        fields.insert(to.to_owned(), moved);
    }
}
