//! Objects: declared fields in declaration order, then whatever else is there.

use serde_json::{Map, Value};

use super::change::Change;
use super::limits::{self, Breach};
use super::node::{Additional, Composite, ObjectRules, Presence};
use super::notes::Place;
use super::walk::{View, Walk, missing};

impl<'v> Walk<'v> {
    pub(super) fn object(
        &mut self,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
        fields: &'v Map<String, Value>,
        value: &'v Value,
        place: &Place<'_, 'v>,
        view: View,
    ) -> Option<Change> {
        let before = self.notes.findings.len();
        let mut changes = Vec::new();
        let mut present = 0;
        for property in &rules.properties {
            let here = place.key(&property.name);
            match (fields.get(&property.name), property.presence) {
                (Some(field), _) => {
                    present += 1;
                    if let Some(change) = self.node(property.node, field, &here, View::Whole) {
                        changes.push((property.name.clone(), change));
                    }
                }
                (None, Presence::Required) => self.report(&here, value, missing()),
                (None, Presence::Optional) => {
                    if let Some(default) = &property.default {
                        self.references_of_default(property.node, default, &here);
                    }
                }
            }
        }
        for name in rules.bare_required.iter().filter(|name| !fields.contains_key(*name)) {
            self.report(&place.key(name), value, missing().limit());
        }
        self.strangers(rules, composite, fields, place);
        if present < fields.len() {
            self.other_fields(rules, composite, fields, place, view, &mut changes);
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

    /// Keys without a property where properties are without a key: an alias is of this kind.
    fn strangers(
        &mut self,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
        fields: &'v Map<String, Value>,
        place: &Place<'_, 'v>,
    ) {
        if !self.notes.takes_strangers() {
            return;
        }
        let names = rules.properties.iter().map(|property| &property.name).chain(&rules.bare_required);
        let absent: Vec<&'v str> = names.filter(|name| !fields.contains_key(*name)).map(String::as_str).collect();
        if absent.is_empty() {
            return;
        }
        for key in fields.keys() {
            let is_known = |composite: &Composite| composite.known.contains(key);
            if !rules.index.contains_key(key) && !composite.is_some_and(is_known) {
                self.notes.stranger(place, key, &absent);
            }
        }
    }

    fn other_fields(
        &mut self,
        rules: &'v ObjectRules,
        composite: Option<&'v Composite>,
        fields: &'v Map<String, Value>,
        place: &Place<'_, 'v>,
        view: View,
        changes: &mut Vec<(String, Change)>,
    ) {
        for (key, field) in fields {
            let is_known = |composite: &Composite| composite.known.contains(key);
            if rules.index.contains_key(key) || composite.is_some_and(is_known) {
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
                Additional::Unspecified if view == View::Part => return,
                Additional::Unspecified => self.notes.unknown_key(place, key, rules, composite),
            }
        }
    }
}
