//! What a walk has to say, borrowed until it is certain that it will be said.

use serde_json::{Map, Value};

use super::limits::{Breach, Force};
use super::node::{Composite, ObjectRules};
use super::walk::Mode;
use super::{Finding, MAX_FINDINGS, Reference, ReferenceKind, Segment, UnknownKey, echo, suggest};

/// The way from the root to where the walk stands: a list on the stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p, 'v> {
    parent: Option<&'p Place<'p, 'v>>,
    step: Step<'v>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'v> {
    Root,
    Key(&'v str),
    Index(usize),
}

impl<'p, 'v> Place<'p, 'v> {
    pub(super) const ROOT: Self = Place { parent: None, step: Step::Root };

    pub(super) fn key<'q>(&'q self, key: &'v str) -> Place<'q, 'v>
    where
        'p: 'q,
    {
        Place { parent: Some(self), step: Step::Key(key) }
    }

    pub(super) fn index<'q>(&'q self, index: usize) -> Place<'q, 'v>
    where
        'p: 'q,
    {
        Place { parent: Some(self), step: Step::Index(index) }
    }

    pub(super) fn path(&self) -> Vec<Segment> {
        path(self.steps())
    }

    fn steps(&self) -> Vec<Step<'v>> {
        let ancestors = std::iter::successors(Some(self), |place| place.parent);
        let mut steps: Vec<_> = ancestors.map(|place| place.step).collect();
        steps.reverse();
        steps
    }
}

/// Everything noted so far, or on one branch.
#[derive(Default)]
pub(super) struct Notes<'v> {
    pub(super) findings: Vec<Note<'v>>,
    /// Those of the findings that hold although the type takes the value.
    pub(super) limits: usize,
    /// Whether any object has both keys that are not known and declared ones that are not there.
    pub(super) has_strangers: bool,
    pub(super) unknown_keys: Vec<Unknown<'v>>,
    pub(super) references: Vec<Named<'v>>,
    /// Values that had to be coerced: a branch of a union that needs none is the better one.
    pub(super) coercions: usize,
}

pub(super) struct Note<'v> {
    steps: Vec<Step<'v>>,
    input: &'v Value,
    pub(super) breach: Breach,
}

pub(super) struct Unknown<'v> {
    steps: Vec<Step<'v>>,
    key: &'v str,
    rules: &'v ObjectRules,
    composite: Option<&'v Composite>,
}

pub(super) struct Named<'v> {
    steps: Vec<Step<'v>>,
    kind: ReferenceKind,
    name: String,
}

impl<'v> Notes<'v> {
    pub(super) fn finding(&mut self, place: &Place<'_, 'v>, input: &'v Value, breach: Breach, mode: Mode) {
        if self.has_room(&breach, mode) {
            self.push(Note { steps: place.steps(), input, breach });
        }
    }

    /// Where only limits are asked for, nothing else takes their room.
    fn has_room(&self, breach: &Breach, mode: Mode) -> bool {
        let taken = match (mode, breach.force) {
            (Mode::Whole, _) => self.findings.len(),
            (Mode::Limits, Force::Form) => self.findings.len() - self.limits,
            (Mode::Limits, Force::Limit | Force::List) => self.limits,
        };
        taken < MAX_FINDINGS
    }

    fn push(&mut self, note: Note<'v>) {
        self.limits += usize::from(note.breach.force != Force::Form);
        self.findings.push(note);
    }

    pub(super) fn unknown_key(
        &mut self,
        place: &Place<'_, 'v>,
        key: &'v str,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
    ) {
        if self.unknown_keys.len() < MAX_FINDINGS {
            self.unknown_keys.push(Unknown { steps: place.steps(), key, rules, composite });
        }
    }

    pub(super) fn reference(&mut self, kind: ReferenceKind, place: &Place<'_, 'v>, name: &str) {
        self.references.push(Named { steps: place.steps(), kind, name: name.to_owned() });
    }

    pub(super) fn append(&mut self, other: Notes<'v>, mode: Mode) {
        for note in other.findings {
            if self.has_room(&note.breach, mode) {
                self.push(note);
            }
        }
        self.has_strangers |= other.has_strangers;
        self.unknown_keys.extend(other.unknown_keys);
        self.references.extend(other.references);
        self.unknown_keys.truncate(MAX_FINDINGS);
        self.coercions += other.coercions;
    }

    pub(super) fn said(self) -> Said {
        Said {
            findings: self.findings.into_iter().map(|note| (note.breach.force, note.said())).collect(),
            unknown_keys: self.unknown_keys.into_iter().map(Unknown::said).collect(),
            references: self.references.into_iter().map(Named::said).collect(),
            has_strangers: self.has_strangers,
        }
    }
}

/// Everything noted, for keeps.
pub(super) struct Said {
    pub(super) findings: Vec<(Force, Finding)>,
    pub(super) unknown_keys: Vec<UnknownKey>,
    pub(super) references: Vec<Reference>,
    pub(super) has_strangers: bool,
}

impl<'v> Note<'v> {
    /// The field that is missed in the object at `place`, if that is what it says.
    pub(super) fn missed_in(&self, place: &Place<'_, 'v>) -> Option<&'v str> {
        match self.steps.split_last() {
            Some((Step::Key(key), object)) if self.breach.kind == "missing" && object.len() == place.steps().len() => {
                Some(key)
            }
            _ => None,
        }
    }
}

impl Note<'_> {
    fn said(self) -> Finding {
        let context: Option<Map<String, Value>> = self.breach.context;
        Finding {
            kind: self.breach.kind,
            path: path(self.steps),
            message: self.breach.message.into_owned(),
            input: echo::bounded(self.input),
            context,
        }
    }
}

impl Unknown<'_> {
    fn said(self) -> UnknownKey {
        let declared = self.rules.properties.iter().map(|property| property.name.as_str());
        let elsewhere = self.composite.iter().flat_map(|all| all.known.iter().map(String::as_str));
        let suggestion = suggest::nearest(self.key, declared.chain(elsewhere)).map(str::to_owned);
        UnknownKey { path: path(self.steps), key: self.key.to_owned(), suggestion }
    }
}

impl Named<'_> {
    fn said(self) -> Reference {
        Reference { kind: self.kind, path: path(self.steps), name: self.name }
    }
}

fn path(steps: Vec<Step<'_>>) -> Vec<Segment> {
    let segment = |step| match step {
        Step::Root => None,
        Step::Key(key) => Some(Segment::Key(key.to_owned())),
        Step::Index(index) => Some(Segment::Index(index)),
    };
    steps.into_iter().filter_map(segment).collect()
}
