//! The section `general`: what holds for the process as a whole.

use std::num::NonZeroU16;
use std::sync::OnceLock;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::finding::Around;
use super::front_end::{FrontEndSettings, FrontEndType};
use super::sections::GENERAL;
use super::telemetry::{self, Telemetry};
use super::unsupported;
use nat_config::Mistake;
use nat_config::{Aim, ConfigError, ConfigWarning, Pointer, keys};
use nat_schema::duration::{self, TimeSpan};
use nat_schema::{CompiledSchema, Reference, Segment, explain};

/// What `max_call_depth` is where no file says otherwise.
pub(crate) const DEFAULT_CALL_DEPTH: NonZeroU16 = NonZeroU16::new(64).expect("it is not zero");

/// The section `general`. Keys that it does not know are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct General {
    /// How long a user's instance may be idle before it is closed. Default: 30 minutes.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub per_user_workflow_timeout: Duration,
    /// How often idle instances are looked for. Default: 5 minutes.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub per_user_workflow_cleanup_interval: Duration,
    /// Whether `/monitor/users` is served. Default: no.
    pub enable_per_user_monitoring: bool,
    /// How requests come in. Default: `fastapi` with its defaults.
    pub front_end: FrontEndSettings,
    /// Logging and tracing.
    pub telemetry: Telemetry,
    /// Deprecated, and without effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_uvloop: Option<bool>,
    /// How long one user's components may take to build. Default: 60 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub build_timeout: Duration,
    /// How long all components of one instance together may take to close. Default: 4 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub close_timeout: Duration,
    /// How long running requests may take to end once the server is told to stop. Default: 5 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub shutdown_timeout: Duration,
    /// Calls that run at once: of one user, or in all for a shared workflow. Default: 8.
    #[schemars(range(min = 1))]
    pub max_running_calls: usize,
    /// Calls that wait for one of those places before further ones are refused. Default: 1024.
    #[schemars(range(min = 1))]
    pub max_waiting_calls: usize,
    /// Users with a live instance. Default: 100,000.
    #[schemars(range(min = 1))]
    pub max_users: usize,
    /// Users' instances that are being built at once. Default: 1024.
    #[schemars(range(min = 1))]
    pub max_concurrent_builds: usize,
    /// Users' instances that are being closed at once. Default: 1024.
    #[schemars(range(min = 1))]
    pub max_concurrent_closes: usize,
    /// How long a call may wait for one of `max_running_calls` before it is refused. Default: 5 minutes.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub queue_timeout: Duration,
    /// Functions that may be inside each other's calls, the first one included; each takes stack. Default: 64.
    #[schemars(range(min = 1, max = 128))]
    pub max_call_depth: u16,
    /// How builds that fail again and again are paced.
    pub build_retry: BuildRetry,
}

/// How builds that fail again and again are paced. Keys that it does not know are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BuildRetry {
    /// Failures in a row before the next build is delayed. Default: 3.
    #[schemars(range(min = 1))]
    pub after: u32,
    /// The first delay; it doubles with every further failure. Default: 0.1 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub first_delay: Duration,
    /// The delay at which doubling ends. Default: 30 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub max_delay: Duration,
}

impl Default for General {
    fn default() -> Self {
        Self {
            per_user_workflow_timeout: Duration::from_secs(30 * 60),
            per_user_workflow_cleanup_interval: Duration::from_secs(5 * 60),
            enable_per_user_monitoring: false,
            front_end: FrontEndSettings::default(),
            telemetry: Telemetry::default(),
            use_uvloop: None,
            build_timeout: Duration::from_secs(60),
            close_timeout: Duration::from_secs(4),
            shutdown_timeout: Duration::from_secs(5),
            max_running_calls: 8,
            max_waiting_calls: 1024,
            max_users: 100_000,
            max_concurrent_builds: 1024,
            max_concurrent_closes: 1024,
            queue_timeout: Duration::from_secs(5 * 60),
            max_call_depth: DEFAULT_CALL_DEPTH.get(),
            build_retry: BuildRetry::default(),
        }
    }
}

impl Default for BuildRetry {
    fn default() -> Self {
        Self { after: 3, first_delay: Duration::from_millis(100), max_delay: Duration::from_secs(30) }
    }
}

impl General {
    /// What no schema can say: mistakes that show only when settings are seen together.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.build_retry.first_delay > self.build_retry.max_delay {
            let message = "Value error, first_delay must not be longer than max_delay";
            mistakes.push(Mistake::new(["build_retry", "first_delay"], message));
        }
        mistakes.extend(self.front_end.mistakes().into_iter().map(of_front_end));
        mistakes
    }
}

/// The schema of the section `general`, for checks and for documentation.
pub fn general_schema() -> &'static CompiledSchema {
    static SCHEMA: OnceLock<CompiledSchema> = OnceLock::new();
    SCHEMA.get_or_init(|| CompiledSchema::new(schemars::schema_for!(General).to_value()))
}

/// What the section says: nothing if it cannot be used, and the functions that it names all the same.
pub(super) struct Read {
    pub(super) general: Option<General>,
    pub(super) references: Vec<Reference>,
    /// A mistake only where it is served: see [`super::Validation::of_served`].
    pub(super) exposed: Option<ConfigError>,
}

impl Read {
    fn unusable(references: Vec<Reference>) -> Self {
        Self { general: None, references, exposed: None }
    }
}

/// Reads the section. One without content is as none.
pub(super) fn read(section: Option<Value>, errors: &mut Vec<ConfigError>, warnings: &mut Vec<ConfigWarning>) -> Read {
    let Some(section) = section.filter(|section| !section.is_null()) else {
        return Read { general: Some(General::default()), references: Vec::new(), exposed: None };
    };
    let errors_before = errors.len();
    let section = canonical(section);
    warnings.extend(unsupported::as_written(&section));
    let mut checked = general_schema().check(section);
    let unknown = std::mem::take(&mut checked.unknown_keys);
    let around = Around { section: GENERAL, place: &[], schema: general_schema().as_value(), unknown: &unknown };
    for finding in &checked.findings {
        without(&mut checked.value, &finding.path);
        errors.push(around.error(finding.clone()));
    }
    let is_error = |key: &nat_schema::UnknownKey| {
        let path = [key.path.clone(), keys([key.key.as_str()])].concat();
        checked.findings.iter().any(|finding| finding.path == path)
    };
    warnings.extend(unknown.iter().filter(|key| !is_error(key)).map(|key| around.unknown_key(key)));
    let references = checked.references;
    let general = match serde_json::from_value::<General>(checked.value) {
        Ok(general) => general,
        Err(_) if errors.len() > errors_before => return Read::unusable(references),
        Err(error) => {
            let error = ConfigError::section(GENERAL, format!("Value error, {error}"));
            errors.push(error.mend("change it as the message says"));
            return Read::unusable(references);
        }
    };
    errors.extend(general.mistakes().into_iter().map(mistaken));
    warnings.extend(unsupported::as_read(&general));
    let exposed = general.front_end.mistake_when_started().map(of_front_end).map(mistaken);
    Read { general: (errors.len() == errors_before).then_some(general), references, exposed }
}

/// A mistake of the front end, from the beginning of `general`.
pub(crate) fn of_front_end(mistake: Mistake) -> Mistake {
    mistake.under(&Segment::Key("front_end".to_owned()))
}

/// A mistake in settings that are seen together.
pub(crate) fn mistaken(mistake: Mistake) -> ConfigError {
    let schema = general_schema().as_value();
    let general = || keys([GENERAL]);
    let mut error = ConfigError::section(GENERAL, mistake.message).at(mistake.path);
    let words = || explain::at(schema, &error.path).map(|found| explain::words(schema, found));
    error.detail.expected = mistake.expected.or_else(words);
    error.mend = Some(mistake.mend.unwrap_or_else(|| match &error.detail.expected {
        Some(expected) => format!("write {expected}"),
        None => "change it as the message says".to_owned(),
    }));
    error.detail.edit = mistake.edit.map(|mut edit| {
        if let Some(path) = edit.path_mut() {
            path.splice(0..0, general());
        }
        edit
    });
    let pointer = |(path, label)| Pointer { path: [general(), path].concat(), aim: Aim::Value, label };
    error.detail.related = mistake.related.map(pointer).into_iter().collect();
    error
}

/// `type` for `_type`, and keys without content left out: they are as good as not there.
fn canonical(mut section: Value) -> Value {
    let Some(general) = section.as_object_mut() else {
        return section;
    };
    for key in ["front_end", "telemetry", "build_retry"] {
        if general.get(key).is_some_and(Value::is_null) {
            general.shift_remove(key);
        }
    }
    if let Some(Value::Object(front_end)) = general.get_mut("front_end") {
        canonical_tag(front_end);
        if let Some(Value::String(tag)) = front_end.get_mut("_type")
            && let Some(known) = FrontEndType::find(tag)
        {
            known.name().clone_into(tag);
        }
    }
    if let Some(telemetry) = general.get_mut("telemetry") {
        telemetry::canonical(telemetry);
    }
    section
}

/// `type` where `_type` is absent means the same.
pub(super) fn canonical_tag(component: &mut Map<String, Value>) {
    if !component.contains_key("_type")
        && let Some(tag) = component.shift_remove("type")
    {
        component.insert("_type".to_owned(), tag);
    }
}

/// Takes out the setting that a finding is about, so that the rules for settings that are seen together
/// can be checked on what is left.
fn without(value: &mut Value, path: &[Segment]) {
    let inside = match path {
        [Segment::Key(section), Segment::Key(_), ..] if section == "front_end" => 1,
        _ => 0,
    };
    let around = match inside {
        1 => value.get_mut("front_end"),
        _ => Some(value),
    };
    if let (Some(Value::Object(around)), Some(Segment::Key(key))) = (around, path.get(inside)) {
        around.shift_remove(key);
    }
}
