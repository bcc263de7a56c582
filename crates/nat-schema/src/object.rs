//! Objects: declared fields in declaration order, then whatever else is there.

use serde_json::{Map, Value};

use super::change::Change;
use super::limits::{self, Breach};
use super::names::Nameless;
use super::node::{Additional, Composite, ObjectRules, Presence};
use super::notes::Place;
use super::walk::{View, Walk, missing};

/// The entries of an object as they are written.
struct Written<'v> {
    fields: &'v Map<String, Value>,
    /// Keys that stand for declared ones: the key, and the name it stands for.
    aliases: Vec<(&'v str, &'v str)>,
}

impl<'v> Written<'v> {
    /// The value of a declared name, and the key under which it is written.
    fn field(&self, name: &'v str) -> Option<(&'v str, &'v Value)> {
        if let Some(field) = self.fields.get(name) {
            return Some((name, field));
        }
        let (key, _) = self.aliases.iter().find(|(_, own)| *own == name)?;
        Some((key, self.fields.get(*key)?))
    }

    /// The entries that stand for no declared name.
    fn others(&self, rules: &'v ObjectRules) -> impl Iterator<Item = (&'v String, &'v Value)> {
        let is_alias = |key: &String| self.aliases.iter().any(|(alias, _)| alias == key);
        self.fields.iter().filter(move |(key, _)| !rules.index.contains_key(*key) && !is_alias(key))
    }
}

impl<'v> Walk<'v> {
    pub(super) fn object(
        &mut self,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
        fields: &'v Map<String, Value>,
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Option<Change> {
        let before = self.notes.findings.len();
        let written = Written { fields, aliases: self.aliases(rules, composite, fields, place, view) };
        let mut changes = Vec::new();
        let mut present = 0;
        for property in &rules.properties {
            match (written.field(&property.name), property.presence) {
                (Some((key, field)), _) => {
                    present += 1;
                    if let Some(change) = self.node(property.node, field, &place.key(key), View::Whole) {
                        changes.push((key.to_owned(), change));
                    }
                }
                (None, Presence::Required) => self.report(&place.key(&property.name), value, missing()),
                (None, Presence::Optional) => {
                    if let Some(default) = &property.default {
                        self.references_of_default(property.node, default, &place.key(&property.name));
                    }
                }
            }
        }
        for name in rules.bare_required.iter().filter(|name| written.field(name).is_none()) {
            self.report(&place.key(name), value, missing().limit());
        }
        if present < fields.len() {
            self.other_fields(rules, composite, &written, place, view, &mut changes);
        }
        if self.notes.findings.len() == before {
            let length = fields.len();
            let breach = limits::too_short("Dictionary", rules.fewest, length)
                .or_else(|| limits::too_long("Dictionary", rules.most, length));
            if let Some(breach) = breach {
                self.report(place, value, breach.limit());
            }
        }
        Change::fields(changes)
    }

    /// Where properties are without a key and keys without a property, the type may know them as the same.
    fn aliases(
        &mut self,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
        fields: &'v Map<String, Value>,
        place: &Place<'_, 'v>,
        view: View<'v>,
    ) -> Vec<(&'v str, &'v str)> {
        let names = rules.properties.iter().map(|property| &property.name).chain(&rules.bare_required);
        let absent: Vec<&'v str> = names.filter(|name| !fields.contains_key(*name)).map(String::as_str).collect();
        if absent.is_empty() {
            return Vec::new();
        }
        let around = match view {
            View::Part(around) => around,
            View::Whole => None,
        };
        let is_known = |key: &str| {
            let by = |composite: Option<&Composite>| composite.is_some_and(|all| all.known.contains(key));
            rules.index.contains_key(key) || by(composite) || by(around)
        };
        let keys: Vec<&'v str> = fields.keys().map(String::as_str).filter(|key| !is_known(key)).collect();
        if keys.is_empty() {
            return Vec::new();
        }
        self.notes.has_strangers = true;
        match self.names {
            Some(names) => names.names(&Nameless { rules, path: place.path(), keys: &keys, absent: &absent }),
            None => Vec::new(),
        }
    }

    fn other_fields(
        &mut self,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
        written: &Written<'v>,
        place: &Place<'_, 'v>,
        view: View<'v>,
        changes: &mut Vec<(String, Change)>,
    ) {
        for (key, field) in written.others(rules) {
            if composite.is_some_and(|composite| composite.known.contains(key)) {
                continue;
            }
            let here = place.key(key);
            let mut matched = false;
            for (_, node) in rules.patterns.iter().filter(|(pattern, _)| pattern.is_match(key)) {
                matched = true;
                if let Some(change) = self.node(*node, field, &here, View::Whole) {
                    changes.push((key.clone(), change));
                }
            }
            if matched {
                continue;
            }
            match rules.additional {
                Additional::Allowed => return,
                Additional::Schema(node) => {
                    if let Some(change) = self.node(node, field, &here, View::Whole) {
                        changes.push((key.clone(), change));
                    }
                }
                Additional::Forbidden => {
                    self.notes.unknown_key(place, key, rules, composite);
                    self.report(&here, field, Breach::plain("extra_forbidden", "Extra inputs are not permitted"));
                }
                Additional::Unspecified if matches!(view, View::Part(_)) => return,
                Additional::Unspecified => self.notes.unknown_key(place, key, rules, composite),
            }
        }
    }
}
