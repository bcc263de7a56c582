//! One walk over one value: types first, then limits, then what lies inside.
//!
//! The walk only reads. What it would change it hands up as [`Change`], and what it has to say it keeps as
//! Notes that borrow from value and schema, so that a branch of a union can be tried and forgotten cheaply.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::change::Change;
use super::coerce;
use super::limits::{self, Breach, Force};
use super::names::Names;
use super::node::{ChoiceSource, Composite, Node, NodeId, Repeats};
use super::notes::{Notes, Place};
use super::{CompiledSchema, MAX_FINDINGS, References, Shape, Trials, typed};

/// Nested calls of [`Walk::node`]. Values are at most 128 deep and a level takes up to three calls, so only
/// a schema that refers to itself without going into the value comes here.
const MAX_NESTING: usize = 400;
/// Steps of trying branches, in all: this many, and so many for each part of the value. Unions inside
/// unions can multiply; no honest value comes near.
const TRIAL_STEPS: usize = 100_000;
const TRIAL_STEPS_PER_PART: usize = 16;
/// Defaults inside defaults that are searched for references.
const MAX_DEFAULT_NESTING: usize = 8;

/// Whether a node sees the object whole, or is one of several parts that describe it together.
#[derive(Debug, Clone, Copy)]
pub(super) enum View<'v> {
    Whole,
    /// With what all the parts know.
    Part(Option<&'v Composite>),
}

/// What a walk looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everything that the schema has to say.
    Whole,
    /// What holds for a value that its type takes: no finding of another kind counts, so that none of them
    /// hides one that does.
    Limits,
}

pub(super) struct Walk<'v> {
    mode: Mode,
    pub(super) names: Option<&'v dyn Names>,
    pub(super) schema: &'v CompiledSchema,
    pub(super) notes: Notes<'v>,
    /// Unions being tried around the present node.
    pub(super) trials: usize,
    trial_steps_left: usize,
    nesting: usize,
    default_nesting: usize,
}

impl<'v> Walk<'v> {
    pub(super) fn new(schema: &'v CompiledSchema) -> Self {
        Self::with_mode(schema, Mode::Whole)
    }

    pub(super) fn with_mode(schema: &'v CompiledSchema, mode: Mode) -> Self {
        Self {
            mode,
            names: None,
            schema,
            notes: Notes::default(),
            trials: 0,
            trial_steps_left: TRIAL_STEPS,
            nesting: 0,
            default_nesting: 0,
        }
    }

    pub(super) fn root(&mut self, value: &'v Value) -> Option<Change> {
        self.allow_trials_for(value);
        if self.schema.shape == Shape::Structured && !value.is_object() {
            self.report(&Place::ROOT, value, typed::not_an_object(value));
            return None;
        }
        self.node(self.schema.root, value, &Place::ROOT, View::Whole)
    }

    pub(super) fn wrapped(&mut self, field: &'v str, body: &'v Value) -> Option<Change> {
        self.allow_trials_for(body);
        let Value::Object(fields) = body else {
            self.report(&Place::ROOT, body, typed::not_an_object(body));
            return None;
        };
        let root = Place::ROOT;
        let place = root.key(field);
        match fields.get(field) {
            Some(value) => self.node(self.schema.root, value, &place, View::Whole),
            None => {
                self.report(&place, body, missing());
                None
            }
        }
    }

    /// What was found; of a walk that was given up, only that.
    pub(super) fn finish(mut self, value: &'v Value) -> Notes<'v> {
        if self.is_exhausted() {
            self.notes = Notes::default();
            self.report(&Place::ROOT, value, too_intricate());
        }
        self.notes
    }

    pub(super) fn node(
        &mut self,
        id: NodeId,
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        if self.is_full() || self.is_exhausted() {
            return None;
        }
        if self.trials > 0 {
            self.trial_steps_left -= 1;
        }
        if self.nesting >= MAX_NESTING {
            self.report(place, value, too_intricate());
            return None;
        }
        let schema = self.schema;
        let node = &schema.nodes[id.0];
        self.nesting += 1;
        let change = match self.settle(node, value) {
            Ok(coerced) => self.settled(node, value, coerced, place, view),
            Err(breach) => {
                self.report(place, value, breach);
                None
            }
        };
        self.nesting -= 1;
        change
    }

    fn allow_trials_for(&mut self, value: &Value) {
        if self.schema.trials == Trials::Some {
            self.trial_steps_left += TRIAL_STEPS_PER_PART.saturating_mul(parts(value));
        }
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.trial_steps_left == 0
    }

    /// The value in the right type, if it must be coerced for that; or what rules it out as a whole.
    fn settle(&mut self, node: &Node, value: &Value) -> Result<Option<Value>, Breach> {
        if node.refuses_all {
            return Err(Breach::plain("value_error", "Value error, no value is allowed here").limit());
        }
        if let Some(choices) = &node.choices
            && !choices.values.contains(value)
        {
            let kind = match choices.source {
                ChoiceSource::Enum => "enum",
                ChoiceSource::Const => "literal_error",
            };
            let message = format!("Input should be {}", choices.expected);
            let force = if choices.are_names() { Force::Form } else { Force::Limit };
            return Err(Breach::new(kind, message, json!({ "expected": choices.expected })).with(force));
        }
        let coerced = typed::typed(node, value)?;
        if coerced.is_some() {
            self.notes.coercions += 1;
        }
        if !value.is_object()
            && let Some(breach) = self.refused(node, coerced.as_ref().unwrap_or(value))
        {
            return Err(breach);
        }
        Ok(coerced)
    }

    fn refused(&mut self, node: &Node, value: &Value) -> Option<Breach> {
        let refused = node.not.as_ref()?;
        let breach = || Breach::new("value_error", refused.message.clone(), Value::Null).limit();
        self.fits(refused.node, value).then(breach)
    }

    fn settled(
        &mut self,
        node: &'v Node,
        value: &'v Value,
        coerced: Option<Value>,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        let before = self.notes.findings.len();
        let mut change = match coerced {
            Some(coerced) => {
                self.scalar(node, &coerced, value, place);
                Some(Change::Replace(coerced))
            }
            None => self.content(node, value, place, view),
        };
        if self.notes.findings.len() > before && !value.is_object() {
            return change;
        }
        let part = match (view, &node.composite) {
            (View::Whole, Some(composite)) => View::Part(Some(composite)),
            _ => view,
        };
        for part_of_all in &node.all_of {
            change = Change::merge(change, self.node(*part_of_all, value, place, part));
        }
        if let Some(union) = &node.union {
            change = Change::merge(change, self.union(union, value, place, part));
        }
        // What is wrong with the fields says more than that the whole is refused.
        if value.is_object()
            && self.notes.findings.len() == before
            && let Some(breach) = self.refused(node, value)
        {
            self.report(place, value, breach);
        }
        change
    }

    fn content(&mut self, node: &'v Node, value: &'v Value, place: &Place<'_, 'v>, view: View<'v>) -> Option<Change> {
        match value {
            Value::Array(items) => self.list(node, items, value, place),
            Value::Object(fields) => {
                let rules = node.object.as_ref()?;
                self.object(rules, node.composite.as_ref(), fields, value, place, view)
            }
            scalar => {
                self.scalar(node, scalar, value, place);
                None
            }
        }
    }

    /// Limits of a value that holds no others; `written` is what it was before coercion.
    fn scalar(&mut self, node: &Node, value: &Value, written: &'v Value, place: &Place<'_, 'v>) {
        let breach = match value {
            Value::Number(number) => limits::number(node, number),
            Value::String(text) => {
                if let Some(kind) = &node.reference {
                    self.notes.reference(kind.clone(), place, text);
                }
                limits::text(&node.text, text)
            }
            _ => None,
        };
        if let Some(breach) = breach {
            self.report(place, written, breach);
        }
    }

    fn list(&mut self, node: &'v Node, items: &'v [Value], value: &'v Value, place: &Place<'_, 'v>) -> Option<Change> {
        let rules = &node.list;
        let what = if rules.prefix.is_empty() { "List" } else { "Tuple" };
        let force = if rules.is_tuple() { Force::Form } else { Force::Limit };
        if let Some(breach) = limits::too_long(what, rules.most, items.len()) {
            self.report(place, value, breach.with(force));
            return None;
        }
        let before = self.notes.findings.len();
        let mut changes = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Some(rule) = rules.prefix.get(index).copied().or(rules.items) else {
                break;
            };
            if let Some(change) = self.node(rule, item, &place.index(index), View::Whole) {
                changes.push((index, change));
            }
        }
        for index in items.len()..rules.prefix.len() {
            self.report(&place.index(index), value, missing());
        }
        let change = Change::items(changes);
        if self.notes.findings.len() > before {
            return change;
        }
        if let Some(breach) = limits::too_short(what, rules.fewest, items.len()) {
            self.report(place, value, breach.with(force));
        }
        match rules.repeats {
            Repeats::Allowed => change,
            Repeats::Refused => self.without_repeats(items, value, change, place),
        }
    }

    /// Items are compared as they will be after coercion, by hash, so that a long list costs its length.
    fn without_repeats(
        &mut self,
        items: &'v [Value],
        value: &'v Value,
        change: Option<Change>,
        place: &Place<'_, 'v>,
    ) -> Option<Change> {
        let Some(change) = change else {
            self.report_repeats(items, items, place);
            return None;
        };
        let mut coerced = value.clone();
        change.apply(&mut coerced);
        let coerced_items = coerced.as_array().map(Vec::as_slice).unwrap_or_default();
        self.report_repeats(coerced_items, items, place);
        Some(Change::Replace(coerced))
    }

    fn report_repeats(&mut self, items: &[Value], written: &'v [Value], place: &Place<'_, 'v>) {
        let mut seen = HashSet::with_capacity(items.len());
        for (index, (item, written)) in items.iter().zip(written).enumerate() {
            if !seen.insert(item) {
                let context = json!({ "error": "items must not repeat" });
                let breach = Breach::new("value_error", "Value error, items must not repeat", context);
                self.report(&place.index(index), written, breach.limit());
            }
        }
    }

    pub(super) fn report(&mut self, place: &Place<'_, 'v>, input: &'v Value, breach: Breach) {
        if self.counts(&breach) {
            self.notes.finding(place, input, breach, self.mode);
        }
    }

    /// What one branch of a union has to say.
    pub(super) fn adopt(&mut self, mut notes: Notes<'v>) {
        notes.findings.retain(|note| self.counts(&note.breach));
        self.notes.append(notes, self.mode);
    }

    /// While branches are tried, every finding tells which one is meant.
    fn counts(&self, breach: &Breach) -> bool {
        self.mode == Mode::Whole || self.trials > 0 || breach.force != Force::Form
    }

    fn is_full(&self) -> bool {
        match self.mode {
            Mode::Whole => self.notes.findings.len() >= MAX_FINDINGS,
            Mode::Limits => self.notes.limits >= MAX_FINDINGS,
        }
    }

    /// Whether `value` fits a schema as it stands.
    fn fits(&self, id: NodeId, value: &Value) -> bool {
        let mut walk = Walk::new(self.schema);
        walk.nesting = self.nesting;
        walk.node(id, value, &Place::ROOT, View::Part(None));
        walk.notes.findings.is_empty() && walk.notes.coercions == 0
    }

    /// The references of a default, which takes effect where a key is absent. Its mistakes are not the
    /// writer's, so only the references are kept.
    pub(super) fn references_of_default(&mut self, id: NodeId, default: &'v Value, place: &Place<'_, 'v>) {
        if self.schema.references == References::None || self.default_nesting >= MAX_DEFAULT_NESTING {
            return;
        }
        let mut walk = Walk::new(self.schema);
        walk.default_nesting = self.default_nesting + 1;
        walk.nesting = self.nesting;
        walk.node(id, default, place, View::Whole);
        self.notes.references.append(&mut walk.notes.references);
    }
}

fn parts(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(parts).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(parts).sum::<usize>() + 1,
        _ => 1,
    }
}

fn too_intricate() -> Breach {
    Breach::plain("value_error", "Value error, too intricate to check").limit()
}

pub(super) fn missing() -> Breach {
    Breach::plain("missing", "Field required")
}

/// Whether a value of this JSON type could fit the node at all: what cannot is not worth a trial.
pub(super) fn admits(nodes: &[Node], id: NodeId, value: &Value, depth: usize) -> bool {
    const DEEPEST: usize = 8;
    let node = &nodes[id.0];
    if depth > DEEPEST {
        return true;
    }
    let by_type = node.types.is_empty() || node.types.iter().any(|wanted| coerce::may_become(value, *wanted));
    let by_union = node.union.as_ref().is_none_or(|union| {
        (value.is_null() && union.nullable)
            || union.branches.iter().any(|branch| admits(nodes, *branch, value, depth + 1))
    });
    by_type && by_union && node.all_of.iter().all(|part| admits(nodes, *part, value, depth + 1))
}
