//! `anyOf` and `oneOf`: which branch is meant, and what to say when it is none of them.

use serde_json::{Value, json};

use super::change::Change;
use super::choice::expected;
use super::limits::Breach;
use super::node::{BranchChoice, NodeId, Union};
use super::notes::{Notes, Place};
use super::typed::not_an_object;
use super::walk::{View, Walk, admits};

impl<'v> Walk<'v> {
    pub(super) fn union(
        &mut self,
        union: &'v Union,
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        if value.is_null() && union.nullable {
            return None;
        }
        if let [only] = union.branches.as_slice() {
            return self.node(*only, value, place, view);
        }
        match &union.choice {
            BranchChoice::Tag { field, branches } => self.tagged(field, branches, value, place, view),
            BranchChoice::Variant { texts, branches } => self.variant(texts, branches, value, place, view),
            BranchChoice::Trial => self.tried(&union.branches, value, place, view),
        }
    }

    fn tagged(
        &mut self,
        field: &str,
        branches: &[(String, NodeId)],
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        let Value::Object(fields) = value else {
            self.report(place, value, not_an_object(value));
            return None;
        };
        let Some(tag) = fields.get(field) else {
            let message = format!("Unable to extract tag using discriminator '{field}'");
            let context = json!({ "discriminator": format!("'{field}'") });
            self.report(place, value, Breach::new("union_tag_not_found", message, context));
            return None;
        };
        match branches.iter().find(|(name, _)| tag == name) {
            Some((_, branch)) => self.node(*branch, value, place, view),
            None => {
                self.report(place, value, unknown_tag(field, tag, branches));
                None
            }
        }
    }

    fn variant(
        &mut self,
        texts: &[String],
        branches: &[(String, NodeId)],
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        match value {
            Value::String(text) if texts.contains(text) => None,
            Value::Object(fields) if fields.len() == 1 && !branches.is_empty() => {
                let (name, _) = fields.iter().next()?;
                match branches.iter().find(|(branch, _)| branch == name) {
                    Some((_, branch)) => self.node(*branch, value, place, view),
                    None => {
                        self.report(place, value, unknown_tag("variant", &Value::from(name.as_str()), branches));
                        None
                    }
                }
            }
            _ if texts.is_empty() && !value.is_object() => {
                self.report(place, value, not_an_object(value));
                None
            }
            _ if value.is_object() && !branches.is_empty() => {
                let names = expected(branches.iter().map(|(name, _)| name));
                let message = format!("Value error, exactly one of {names} must be given");
                self.report(place, value, Breach::new("value_error", message, Value::Null));
                None
            }
            _ => {
                let expected = expected(texts);
                let message = format!("Input should be {expected}");
                self.report(place, value, Breach::new("enum", message, json!({ "expected": expected })));
                None
            }
        }
    }

    /// The first branch that takes the value as it stands; else the first that takes it coerced; else the
    /// mistakes of the branch that has the fewest. Where several miss one field each, all of these are named.
    fn tried(
        &mut self,
        branches: &[NodeId],
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        let mut best: Option<Attempt<'v>> = None;
        let mut missed: Vec<&'v str> = Vec::new();
        for branch in branches {
            let admission = match admits(&self.schema.nodes, *branch, value, 0) {
                true => Admission::Admitted,
                false => Admission::Refused,
            };
            if self.is_exhausted() || (admission == Admission::Refused && best.is_some()) {
                continue;
            }
            let attempt = self.attempt(*branch, admission, value, place, view);
            let rank = attempt.rank();
            missed.extend(attempt.missed(place));
            if best.as_ref().is_none_or(|best| rank < best.rank()) {
                best = Some(attempt);
            }
            if rank == PERFECT {
                break;
            }
        }
        let mut best = best?;
        if let Some(first) = best.missed(place)
            && let Some(note) = best.notes.findings.first_mut()
        {
            missed.retain(|field| *field != first);
            if !missed.is_empty() {
                note.breach.message = format!("Field required, or {} in its place", expected_fields(&missed)).into();
            }
        }
        self.adopt(best.notes);
        best.change
    }

    fn attempt(
        &mut self,
        branch: NodeId,
        admission: Admission,
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Attempt<'v> {
        let outside = std::mem::take(&mut self.notes);
        self.trials += 1;
        let change = self.node(branch, value, place, view);
        self.trials -= 1;
        let notes = std::mem::replace(&mut self.notes, outside);
        Attempt { admission, change, notes }
    }
}

/// Whether the type of a value could fit a branch at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Admission {
    Admitted,
    Refused,
}

/// What one branch made of the value.
struct Attempt<'v> {
    admission: Admission,
    change: Option<Change>,
    notes: Notes<'v>,
}

/// Smaller is better: whether the type could fit at all, then missing fields (which branch is meant shows
/// in the fields that are there), then all mistakes, then how much was coerced.
type Rank = (Admission, usize, usize, usize);
const PERFECT: Rank = (Admission::Admitted, 0, 0, 0);

impl<'v> Attempt<'v> {
    /// The field of the value that is all that is missing.
    fn missed(&self, place: &Place<'_, 'v>) -> Option<&'v str> {
        match self.notes.findings.as_slice() {
            [only] => only.missed_in(place),
            _ => None,
        }
    }

    fn rank(&self) -> Rank {
        let findings = &self.notes.findings;
        let missing = findings.iter().filter(|note| note.breach.kind == "missing").count();
        (self.admission, missing, findings.len(), self.notes.coercions.min(1))
    }
}

fn expected_fields(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn unknown_tag(field: &str, tag: &Value, branches: &[(String, NodeId)]) -> Breach {
    let tag = match tag {
        Value::String(text) => text.chars().take(100).collect(),
        other => super::echo::bounded(other).to_string(),
    };
    let expected = branches.iter().map(|(name, _)| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let message =
        format!("Input tag '{tag}' found using '{field}' does not match any of the expected tags: {expected}");
    let context = json!({ "discriminator": format!("'{field}'"), "tag": tag, "expected_tags": expected });
    Breach::new("union_tag_invalid", message, context)
}
