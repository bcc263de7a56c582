//! From what the schema walker finds to what a person reads: what would be right, and the mend.

use serde_json::Value;

use super::general;
use super::sections::{self, GENERAL};
use nat_config::{Aim, ConfigError, ConfigWarning, DEFAULT_AGAIN, Edit, keys};
use nat_schema::text::list_of_names;
use nat_schema::{Finding, Segment, UnknownKey, explain, nearest};

/// Where findings of one check belong, and the schema that was checked against.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) section: &'a str,
    /// Of the checked value, in the section.
    pub(super) place: &'a [Segment],
    pub(super) schema: &'a Value,
    pub(super) unknown: &'a [UnknownKey],
}

impl Around<'_> {
    /// One finding as an error.
    pub(super) fn error(&self, finding: Finding) -> ConfigError {
        let path: Vec<_> = self.place.iter().chain(&finding.path).cloned().collect();
        let mut error = ConfigError::section(self.section, finding.message.clone()).at(path);
        error.detail.expected = self.expected(&finding);
        self.mended(error, &finding)
    }

    /// A key that nobody declared, as a warning.
    pub(super) fn unknown_key(&self, unknown: &UnknownKey) -> ConfigWarning {
        let path: Vec<_> = self.place.iter().chain(&unknown.path).cloned().collect();
        let mut key = path.clone();
        key.push(Segment::Key(unknown.key.clone()));
        let key = self.full(&key);
        let message = format!("unknown key `{}` is ignored", unknown.key);
        let mut warning = ConfigError::section(self.section, message).at(path).aim(Aim::Key);
        warning.detail.at = Some(key.clone());
        let is_component =
            unknown.path.is_empty() && matches!(self.section, "functions" | "function_groups" | "workflow");
        let reserved: &[&str] = match (is_component, self.section) {
            (true, "function_groups") => &["_type", "name", "middleware", "include", "exclude"],
            (true, _) => &["_type", "name", "middleware"],
            (false, _) => &[],
        };
        let suggestion = unknown.suggestion.clone();
        let suggestion = suggestion.or_else(|| nearest(&unknown.key, reserved.iter().copied()).map(str::to_owned));
        ConfigWarning(match &suggestion {
            Some(meant) => warning.mend(format!("did you mean `{meant}`?")).edit(Edit::Rename(key, meant.clone())),
            None => {
                let warning = warning.expected(self.known_keys(&unknown.path));
                match self.belongs(&[unknown.path.as_slice(), &keys([unknown.key.as_str()])].concat()) {
                    Some(place) => warning.mend(format!("it belongs {place}")),
                    None => warning.mend("remove it").edit(Edit::Remove(key)),
                }
            }
        })
    }

    /// Where a key of `general` or of its front end belongs that is known, but not there.
    fn belongs(&self, path: &[Segment]) -> Option<String> {
        let (Segment::Key(key), around) = path.split_last()? else { return None };
        let is_front_end = match around {
            [] => false,
            [Segment::Key(front_end)] => front_end == "front_end",
            _ => return None,
        };
        if self.section != GENERAL {
            return None;
        }
        place_of(key, if is_front_end { Known::InFrontEnd } else { Known::InGeneral })
    }

    /// A path in the section, from the top of the file.
    fn full(&self, path: &[Segment]) -> Vec<Segment> {
        keys([self.section]).into_iter().chain(path.iter().cloned()).collect()
    }

    fn known_keys(&self, object: &[Segment]) -> String {
        let known = explain::at(self.schema, object).map(|schema| explain::known_keys(self.schema, schema));
        match known.filter(|known| !known.is_empty()) {
            Some(known) => format!("one of the keys {}", list_of_names(known)),
            None => "no further keys".to_owned(),
        }
    }

    fn expected(&self, finding: &Finding) -> Option<String> {
        match (finding.kind, finding.path.split_last()) {
            ("extra_forbidden", Some((_, object))) => Some(self.known_keys(object)),
            ("union_tag_invalid", _) => {
                let tags = finding.context.as_ref()?.get("expected_tags")?.as_str()?;
                Some(format!("one of {}", tags.replace('\'', "`")))
            }
            ("union_tag_not_found" | "value_error", _) => None,
            ("too_short", _) => {
                let fewest = finding.context.as_ref()?.get("min_length")?.as_u64()?;
                Some(format!("at least {fewest} {}", if fewest == 1 { "entry" } else { "entries" }))
            }
            _ => explain::at(self.schema, &finding.path).map(|schema| explain::words(self.schema, schema)),
        }
    }

    fn mended(&self, error: ConfigError, finding: &Finding) -> ConfigError {
        let path = error.full_path();
        let key = match finding.path.last() {
            Some(Segment::Key(key)) => key.as_str(),
            _ => "",
        };
        let expected = error.detail.expected.clone().unwrap_or_else(|| "a value of the right form".to_owned());
        match finding.kind {
            "extra_forbidden" => {
                let error = error.aim(Aim::Key);
                match self.beside(finding).find(|unknown| unknown.key == key).and_then(|one| one.suggestion.clone()) {
                    Some(meant) => error.mend(format!("did you mean `{meant}`?")).edit(Edit::Rename(path, meant)),
                    None => match self.belongs(&finding.path) {
                        Some(place) => error.mend(format!("it belongs {place}")),
                        None => error.mend("remove it").edit(Edit::Remove(path)),
                    },
                }
            }
            "missing" => match self.beside(finding).find(|unknown| unknown.suggestion.as_deref() == Some(key)) {
                Some(written) => {
                    let mut misspelled = path.clone();
                    misspelled.pop();
                    misspelled.push(Segment::Key(written.key.clone()));
                    let mut error = error.aim(Aim::Key);
                    error.detail.at = Some(misspelled.clone());
                    error
                        .mend(format!("is `{}` a misspelling of it?", written.key))
                        .edit(Edit::Rename(misspelled, key.to_owned()))
                }
                None => error.mend(format!("add `{key}`: {expected}")),
            },
            "union_tag_invalid" | "union_tag_not_found" => tag(error, finding),
            "enum" | "literal_error" | "bool_parsing" => {
                let written = finding.input.as_str().unwrap_or_default();
                match nearest(written, choices(&expected)) {
                    Some(meant) => {
                        let meant = meant.to_owned();
                        error.mend(format!("did you mean `{meant}`?")).edit(Edit::Replace(path, meant))
                    }
                    None => error.mend(format!("write {expected}")),
                }
            }
            "model_attributes_type" | "dict_type" if self.key_and_value(finding).is_some() => {
                let entry = self.key_and_value(finding).unwrap_or_default();
                error.mend("put a colon behind the key").edit(Edit::Write(path, entry))
            }
            "model_attributes_type" | "dict_type" if self.is_tag(finding) => {
                let form = format!("{{_type: {}}}", finding.input.as_str().unwrap_or_default());
                error.mend(format!("write `{form}`")).edit(Edit::Replace(path, form))
            }
            "int_from_float" => match finding.input.as_f64() {
                Some(number) => {
                    let whole = format!("{:.0}", number.trunc());
                    error.mend(format!("write a whole number, such as `{whole}`")).edit(Edit::Replace(path, whole))
                }
                None => error.mend(format!("write {expected}")),
            },
            "string_type" if matches!(finding.input, Value::Number(_) | Value::Bool(_)) => {
                error.mend("put it in quotes to make it a text").edit(Edit::Quote(path))
            }
            "list_type" | "set_type" if dashed(&finding.input).is_some() => {
                let error = error.mend("put a space behind the dash of each entry");
                match dashed(&finding.input).filter(|entry| !entry.contains(char::is_whitespace)) {
                    Some(entry) => error.edit(Edit::Write(path, format!("- {entry}"))),
                    None => error,
                }
            }
            "list_type" | "set_type" if is_scalar(&finding.input) => {
                error.mend("put it in brackets to make it a list of one").edit(Edit::Enlist(path))
            }
            "time_delta_parsing" => match finding.input.as_str().and_then(time_span) {
                Some(span) => error.mend(format!("did you mean `{span}`?")).edit(Edit::Replace(path, span)),
                None => error.mend("write seconds (`90`), a number with a unit (`30m`), or ISO 8601 (`PT1H30M`)"),
            },
            _ if finding.input.is_null() && explain::may_be_absent(self.schema, &finding.path) => {
                error.mend(DEFAULT_AGAIN).edit(Edit::Remove(path))
            }
            "too_short" if explain::may_be_absent(self.schema, &finding.path) => {
                let mend = format!("write {expected}, or leave the key out: it then has its default");
                match finding.input.as_array().is_some_and(Vec::is_empty) {
                    true => error.mend(mend).edit(Edit::Remove(path)),
                    false => error.mend(mend),
                }
            }
            "value_error" if finding.message.ends_with("must not repeat") => {
                error.mend("remove the repetition").edit(Edit::Remove(path))
            }
            _ => error.mend(format!("write {expected}")),
        }
    }

    /// `key: value`, where a text `key value` stands in place of an object that has the key.
    fn key_and_value(&self, finding: &Finding) -> Option<String> {
        let (key, value) = finding.input.as_str()?.split_once(' ')?;
        let known = explain::known_keys(self.schema, explain::at(self.schema, &finding.path)?);
        (known.contains(&key) && !value.contains([':', '\n'])).then(|| format!("{key}: {value}"))
    }

    /// Whether a text stands where an object is wanted that it would be the `_type` of.
    fn is_tag(&self, finding: &Finding) -> bool {
        let Some(text) = finding.input.as_str() else { return false };
        let path: Vec<_> = finding.path.iter().cloned().chain([Segment::Key("_type".to_owned())]).collect();
        explain::all_at(self.schema, &path).iter().any(|tag| tag.get("const").is_some_and(|name| name == text))
    }

    /// Unknown keys of the object that a finding's key belongs to.
    fn beside<'f>(&'f self, finding: &'f Finding) -> impl Iterator<Item = &'f UnknownKey> {
        let around = finding.path.split_last().map(|(_, around)| around);
        self.unknown.iter().filter(move |unknown| around == Some(unknown.path.as_slice()))
    }
}

/// A tag that is wrong or missing: the place is the tag's, and the mend the nearest one.
fn tag(mut error: ConfigError, finding: &Finding) -> ConfigError {
    let of = |name: &str| finding.context.as_ref().and_then(|context| context.get(name)).and_then(Value::as_str);
    let field = of("discriminator").unwrap_or_default().trim_matches('\'').to_owned();
    let mut place = error.full_path();
    if finding.kind == "union_tag_not_found" {
        let fields = finding.input.as_object();
        let similar =
            fields.and_then(|fields| fields.keys().find(|key| nearest(key, [field.as_str(), "type"]).is_some()));
        return match similar {
            Some(key) => {
                let mend = format!("`{field}` is missing; is `{key}` a misspelling of it?");
                place.push(Segment::Key(key.clone()));
                error.mend(mend).edit(Edit::Rename(place, field))
            }
            None => error.mend(format!("add `{field}: NAME`")),
        };
    }
    let tags: Vec<_> = of("expected_tags").unwrap_or_default().split(", ").map(|tag| tag.trim_matches('\'')).collect();
    let meant = nearest(of("tag").unwrap_or_default(), tags.iter().copied()).map(str::to_owned);
    place.push(Segment::Key(field));
    error.detail.at = Some(place.clone());
    match meant {
        Some(meant) => error.mend(format!("did you mean `{meant}`?")).edit(Edit::Replace(place, meant)),
        None => error.mend(format!("write one of {}", list_of_names(tags))),
    }
}

/// Where a key was looked for in vain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    AtTop,
    InGeneral,
    InFrontEnd,
}

/// Where a key belongs that is known elsewhere: the end of a sentence.
pub(super) fn place_of(key: &str, not: Known) -> Option<String> {
    let schema = general::general_schema().as_value();
    let has = |path: &[Segment]| {
        explain::at(schema, path).is_some_and(|schema_there| explain::known_keys(schema, schema_there).contains(&key))
    };
    if not != Known::AtTop && sections::all(&[]).any(|section| section == key) {
        return Some(format!("at the beginning of a line, as a section: `{key}:`"));
    }
    if not != Known::InGeneral && has(&[]) {
        return Some(format!("under `{GENERAL}`"));
    }
    (not != Known::InFrontEnd && has(&keys(["front_end"]))).then(|| format!("under `front_end` in `{GENERAL}`"))
}

/// The first text behind a dash where a list was meant: `-x` is a text, `- x` an entry.
fn dashed(value: &Value) -> Option<&str> {
    value.as_str()?.strip_prefix('-').filter(|rest| !rest.is_empty())
}

/// The words in backticks.
fn choices(expected: &str) -> impl Iterator<Item = &str> {
    expected.split('`').skip(1).step_by(2)
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

/// A time span whose unit is written out: `5 minutes` means `5m`.
fn time_span(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (number, unit) = (&text[..end], text[end..].trim().to_ascii_lowercase());
    let unit = match unit.trim_end_matches('s').trim_end_matches('.') {
        "sec" | "second" => "s",
        "min" | "minute" => "m",
        "hr" | "hour" => "h",
        "milli" | "msec" | "millisecond" => "ms",
        "day" => "d",
        _ => return None,
    };
    (!number.is_empty()).then(|| format!("{number}{unit}"))
}
