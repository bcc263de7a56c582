//! Whether a value is accepted, and why not: one rule, whichever way the value came.
//!
//! The *type* decides about form: what its `Deserialize` takes, with the coercions of the contract, is never
//! refused for a name, type or choice that its schema does not know. The *schema* decides about limits (ranges,
//! lengths, patterns), which serde does not look at. And where the type refuses, the schema explains: all that
//! is wrong, in the words that clients know, without what the type would take at its place.

mod names;
mod probe;
mod substitutes;

use serde_json::Value;

use crate::coerce::Mismatch;
use crate::reader::{Directions, Read, Reader, Run, Tree};
use crate::{Checked, CompiledSchema, Enforcement, Examined, Finding, Force, Reference, Segment, UnknownKey, echo};
use probe::Probe;

/// One value, and what it is to be read as.
#[derive(Debug)]
pub struct Subject<'a, R> {
    pub schema: &'a CompiledSchema,
    pub read: Read<R>,
    pub tree: &'a Tree<'a>,
    /// The same value, as the schema's walker sees it.
    pub value: &'a Value,
}

/// What there is to say of settings, whether or not they are accepted.
#[derive(Debug)]
pub struct Settled {
    /// The settings with all coercions that their type bears.
    pub value: Value,
    pub findings: Vec<Finding>,
    /// Why the type refuses them and where, if no finding says so.
    pub reason: Option<(Vec<Segment>, String)>,
    /// Keys that neither the schema nor the type knows.
    pub unknown_keys: Vec<UnknownKey>,
    pub references: Vec<Reference>,
}

impl From<Checked> for Settled {
    fn from(checked: Checked) -> Self {
        let Checked { value, findings, unknown_keys, references } = checked;
        Self { value, findings, reason: None, unknown_keys, references }
    }
}

/// Why a value is refused.
enum Refusal {
    Findings(Vec<Finding>),
    /// The type's own reason, of which the schema knows nothing.
    Reason {
        path: Vec<Segment>,
        mismatch: Option<Mismatch>,
        error: serde_json::Error,
    },
}

impl<R> Subject<'_, R> {
    /// The input.
    ///
    /// # Errors
    ///
    /// All that is wrong with the value, in schema order.
    pub fn validate(&self) -> Result<R, Vec<Finding>> {
        self.decide().map_err(|refusal| match refusal {
            Refusal::Findings(findings) => findings,
            Refusal::Reason { path, mismatch, error } => {
                let (kind, message) = match mismatch {
                    Some((kind, message)) => (kind, message.to_owned()),
                    None => ("value_error", format!("Value error, {error}")),
                };
                let input = self.tree.at(&path).map(|found| echo::bounded(&found.to_value())).unwrap_or_default();
                vec![Finding { kind, path, message, input, context: None }]
            }
        })
    }

    fn decide(&self) -> Result<R, Refusal> {
        let first = Run::default();
        let mut failed = match self.read_with(&first) {
            Ok(input) => return self.within_limits(input, &first),
            Err(error) => (error, first.failure()),
        };
        let last_entries = self.tree.has_repeats();
        if last_entries {
            let second = Run::new(Directions { last_entries, ..Directions::default() });
            match self.read_with(&second) {
                Ok(input) => return self.within_limits(input, &second),
                Err(error) => failed = (error, second.failure()),
            }
        }
        let probe = Probe::new(self);
        // The findings of an examination end after so many, and with them the coercions.
        let limits = self.schema.limits(self.value, &probe);
        let substitutes = probe.substitutes(limits.changed.as_ref());
        if !substitutes.is_empty() {
            let third = Run::new(Directions { last_entries, substitutes: Some(&substitutes), ..Directions::default() });
            match self.read_with(&third) {
                Ok(input) => return self.within_limits(input, &third),
                Err(error) => failed = (error, third.failure()),
            }
        }
        let findings = explained(&probe, self.schema.examine(self.value, Some(&probe)).findings);
        if !findings.is_empty() {
            return Err(Refusal::Findings(findings));
        }
        let (error, (path, mismatch)) = failed;
        Err(Refusal::Reason { path, mismatch, error })
    }

    fn read_with<'r>(&'r self, run: &'r Run<'r>) -> serde_json::Result<R> {
        (self.read)(Reader::new(self.tree, run))
    }

    fn within_limits(&self, input: R, run: &Run<'_>) -> Result<R, Refusal> {
        let enforcement = self.schema.serde_enforces();
        let is_seen = match enforcement {
            Enforcement::Full => false,
            Enforcement::ExceptArrays => run.has_lists_by_any(),
            Enforcement::Partial => true,
        };
        if !is_seen {
            return Ok(input);
        }
        let probe = Probe::new(self);
        let examined = self.schema.limits(self.value, &probe);
        let holds = |(force, finding): &(Force, Finding)| match force {
            Force::Form => false,
            Force::Limit => enforcement == Enforcement::Partial,
            // Where the type asked for a list or a struct, it has decided.
            Force::List => self.tree.at(&finding.path).is_some_and(|list| run.read_by_any(list)),
        };
        let mut findings: Vec<Finding> =
            examined.findings.into_iter().filter(holds).map(|(_, finding)| finding).collect();
        if findings.is_empty() && enforcement == Enforcement::Partial && probe.found.gave_up() {
            findings.push(too_intricate(self.value));
        }
        if findings.is_empty() { Ok(input) } else { Err(Refusal::Findings(findings)) }
    }
}

impl Subject<'_, ()> {
    /// What there is to say of settings.
    pub fn settle(&self) -> Settled {
        let (findings, reason) = match self.decide() {
            Ok(()) => (Vec::new(), None),
            Err(Refusal::Findings(findings)) => (findings, None),
            Err(Refusal::Reason { path, error, .. }) => (Vec::new(), Some((path, error.to_string()))),
        };
        let probe = Probe::new(self);
        let limits = self.schema.limits(self.value, &probe);
        let mut value = self.value.clone();
        probe.substitute(limits.changed.as_ref(), &mut value);
        let Examined { mut unknown_keys, references, .. } = self.schema.examine(self.value, Some(&probe));
        unknown_keys.retain(|unknown| !probe.found.is_alias(&unknown.key) && !probe.knows(&unknown.path, &unknown.key));
        Settled { value, findings, reason, unknown_keys, references }
    }
}

/// The findings, without those about what the type takes.
fn explained<R>(probe: &Probe<'_, R>, mut findings: Vec<(Force, Finding)>) -> Vec<Finding> {
    findings.retain(|(force, finding)| match force {
        Force::Form => !probe.is_within_taken(&finding.path),
        Force::List => !probe.asks_for(&finding.path),
        Force::Limit => true,
    });
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// What could not be checked cannot be accepted.
fn too_intricate(value: &Value) -> Finding {
    let message = "Value error, too intricate to check: it has too many fields that nobody declares".to_owned();
    Finding { kind: "value_error", path: Vec::new(), message, input: echo::bounded(value), context: None }
}
