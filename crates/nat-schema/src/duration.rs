//! Time spans as people write them: seconds (`5`, `0.5`), ISO 8601 (`PT1H`, `P1DT12H`), clock form
//! (`00:30:00`, `1 days, 00:00:10`), and a number with a unit (`30m`, `5s`, `2h`, `1d`, `500ms`).

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

const SECONDS_PER_DAY: f64 = 86_400.0;
/// No timer needs more, and clocks overflow beyond it.
const LONGEST: f64 = 100.0 * 365.0 * SECONDS_PER_DAY;

/// A time span of a configuration: not negative, 100 years at most. Serialized as seconds.
///
/// In a settings type it may stand for a field's type, or lend its form to a [`Duration`] field:
/// `#[serde(with = "nat_schema::duration")]` and `#[schemars(with = "TimeSpan")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeSpan(Duration);

impl TimeSpan {
    /// A span of `milliseconds`.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// A span of `seconds`.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// As the standard library's type.
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<TimeSpan> for Duration {
    fn from(span: TimeSpan) -> Duration {
        span.0
    }
}

impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_nanos() {
            0 => serializer.serialize_u64(self.0.as_secs()),
            _ => serializer.serialize_f64(self.0.as_secs_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        from_value(&value).map(TimeSpan).map_err(|mistake| {
            let reason = match mistake {
                Mistake::Type => String::new(),
                Mistake::Text(reason) => format!(", {reason}"),
            };
            de::Error::custom(format!("Input should be a valid timedelta{reason}"))
        })
    }
}

/// For `#[serde(with = …)]`: seconds.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    TimeSpan(*duration).serialize(serializer)
}

/// For `#[serde(with = …)]`: any of the written forms.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    TimeSpan::deserialize(deserializer).map(TimeSpan::get)
}

impl JsonSchema for TimeSpan {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "string"], "format": "duration" })
    }
}

/// Why a value is no time span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mistake {
    /// Neither a number nor a text.
    Type,
    /// The reason, as the end of a sentence.
    Text(String),
}

/// Reads a time span from a number of seconds or a text.
pub fn from_value(value: &Value) -> Result<Duration, Mistake> {
    let seconds = match value {
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => from_text(text.trim())?,
        _ => return Err(Mistake::Type),
    };
    let refused = |reason: &str| Err(Mistake::Text(reason.to_owned()));
    if seconds.is_nan() {
        refused("NaN values not permitted")
    } else if seconds < 0.0 {
        refused("negative durations are not permitted")
    } else if seconds > LONGEST {
        refused("durations may not exceed 100 years")
    } else {
        Ok(Duration::from_secs_f64(seconds))
    }
}

fn from_text(text: &str) -> Result<f64, Mistake> {
    if text.is_empty() {
        return Err(Mistake::Text("input is too short".to_owned()));
    }
    let unreadable = || {
        Mistake::Text(format!(
            "`{}` is none of: seconds (90, 0.5), ISO 8601 (PT1H30M), [D days, ]HH:MM:SS, or a number with one of \
             ms, s, m, h, d (30m)",
            text.chars().take(40).collect::<String>()
        ))
    };
    let (negative, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let seconds = iso(unsigned).or_else(|| with_unit(unsigned)).or_else(|| clock(unsigned)).ok_or_else(unreadable)?;
    Ok(if negative { -seconds } else { seconds })
}

/// `P1DT2H3M4.5S`, also with weeks, months of 30 and years of 365 days.
fn iso(text: &str) -> Option<f64> {
    const DATE: [(char, f64); 4] = [('Y', 365.0), ('M', 30.0), ('W', 7.0), ('D', 1.0)];
    const TIME: [(char, f64); 3] = [('H', 3600.0), ('M', 60.0), ('S', 1.0)];
    let text = text.strip_prefix(['P', 'p'])?.to_ascii_uppercase();
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text.as_str(), None),
    };
    if date.is_empty() && time.is_none_or(str::is_empty) {
        return None;
    }
    Some(designated(date, &DATE)? * SECONDS_PER_DAY + designated(time.unwrap_or_default(), &TIME)?)
}

/// Numbers with designators, each at most once, in the given order.
fn designated(text: &str, designators: &[(char, f64)]) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    let mut allowed = designators;
    while let Some(end) = rest.find(|letter: char| letter.is_ascii_alphabetic()) {
        let position = allowed.iter().position(|(designator, _)| rest[end..].starts_with(*designator))?;
        total += number(&rest[..end])? * allowed[position].1;
        allowed = &allowed[position + 1..];
        rest = &rest[end + 1..];
    }
    rest.is_empty().then_some(total)
}

/// `90`, `30m`, `500ms`, `3 days`.
fn with_unit(text: &str) -> Option<f64> {
    let end = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let factor = match text[end..].to_ascii_lowercase().as_str() {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        "d" | "day" | "days" => SECONDS_PER_DAY,
        _ => return None,
    };
    Some(number(text[..end].trim_end())? * factor)
}

/// `HH:MM`, `HH:MM:SS`, `HH:MM:SS.5`, each also after `D days,`.
fn clock(text: &str) -> Option<f64> {
    let (days, time) = match text.to_ascii_lowercase().split_once('d') {
        Some((days, rest)) => {
            let rest = rest.strip_prefix("ays").or(rest.strip_prefix("ay")).unwrap_or(rest);
            (number(days.trim_end())?, rest.trim_start_matches(',').trim_start().to_owned())
        }
        None => (0.0, text.to_owned()),
    };
    let mut parts = time.split(':');
    let (hours, minutes) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    let whole = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| number(digits))?;
    let (hours, minutes, seconds) = (whole(hours)?, whole(minutes)?, number(seconds)?);
    let is_time = parts.next().is_none() && minutes < 60.0 && seconds < 60.0;
    is_time.then_some(days * SECONDS_PER_DAY + hours * 3600.0 + minutes * 60.0 + seconds)
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// A plain decimal number: digits, perhaps in groups (`1_000`), and perhaps a fraction.
fn number(text: &str) -> Option<f64> {
    let grouped = text.split('_').count() > 1;
    if grouped {
        let is_group = |group: &str| group.starts_with(is_digit) && group.ends_with(is_digit);
        return text.split('_').all(is_group).then(|| number(&text.replace('_', "")))?;
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (plain && text.starts_with(|first: char| first.is_ascii_digit())).then(|| text.parse().ok())?
}
