//! Keys that a file for the Python toolkit may have and that change nothing here.

use serde_json::{Map, Value};

use super::front_end::{FastApi, FrontEnd};
use super::general::General;
use super::sections::GENERAL;
use nat_config::{Aim, ConfigError, ConfigWarning, Edit, keys};
use nat_schema::Segment;

/// What is said of a key that asks for something that is not there yet.
pub const NOT_SERVED: &str = "configured, but not served by this version";

/// Keys of the HTTP front end, each with what stands in its place here.
const FRONT_END: [(&str, &str); 9] = [
    ("scheduler_address", "jobs run in this process"),
    ("db_url", "jobs are kept in memory"),
    ("max_running_async_jobs", "background jobs are not served by this version"),
    ("dask_workers", "jobs run in this process"),
    ("dask_log_level", "there is no Dask here; `nat --log-level` sets the level of the log"),
    ("dask_worker_memory_limit", "jobs run in this process"),
    ("dask_threads_per_worker", "`workers` sets the number of threads"),
    ("use_gunicorn", "one process serves on all cores"),
    ("runner_class", "it names a Python class"),
];

/// A warning for each key that is given and changes nothing. `general` is the section in its canonical form.
pub(super) fn without_effect(general: &Value) -> Vec<ConfigWarning> {
    let entries = |key: &str| general.get(key).and_then(Value::as_object);
    let given = |entries: &Map<String, Value>, key: &str| entries.get(key).is_some_and(|value| !value.is_null());
    let mut warnings = Vec::new();
    if general.get("use_uvloop").is_some_and(|value| !value.is_null()) {
        warnings.push(warning(&["use_uvloop"], "deprecated, and without effect"));
    }
    if let Some(front_end) = entries("front_end")
        && front_end.get("_type").is_none_or(|tag| tag == "fastapi")
    {
        for (key, instead) in FRONT_END.into_iter().filter(|(key, _)| given(front_end, key)) {
            warnings.push(warning(&["front_end", key], &format!("`{key}` has no effect here: {instead}")));
        }
        warnings.extend(unreachable_endpoints(front_end));
    }
    if entries("telemetry").and_then(|telemetry| telemetry.get("tracing")).is_some_and(is_filled) {
        let message = "exporters of traces have no effect in this version";
        warnings.push(warning(&["telemetry", "tracing"], message));
    }
    warnings
}

/// A warning for each endpoint without any path.
fn unreachable_endpoints(front_end: &Map<String, Value>) -> Vec<ConfigWarning> {
    let legacy = front_end.get("disable_legacy_routes") != Some(&Value::Bool(true));
    let is_path = |key: &str| key.ends_with("path") && (legacy || !key.starts_with("legacy_"));
    let served = |endpoint: &Map<String, Value>| endpoint.iter().any(|(key, value)| is_path(key) && !value.is_null());
    let endpoints = front_end.get("endpoints").and_then(Value::as_array).into_iter().flatten().enumerate();
    let unserved = endpoints.filter(|(_, one)| one.as_object().is_some_and(|endpoint| !served(endpoint)));
    let warning = |(index, endpoint): (usize, &Value)| {
        let name = endpoint.get("function_name").and_then(Value::as_str).unwrap_or_default();
        let rest = [Segment::Key("endpoints".to_owned()), Segment::Index(index)];
        let path: Vec<_> = keys(["front_end"]).into_iter().chain(rest).collect();
        let has_legacy = endpoint
            .as_object()
            .is_some_and(|all| all.iter().any(|(key, value)| key.starts_with("legacy_") && !value.is_null()));
        let reason = match has_legacy {
            true => "`disable_legacy_routes` leaves none of its paths",
            false => "it has no path",
        };
        let message = format!("this endpoint serves nothing: {reason}");
        let mut warning = ConfigError::section(GENERAL, message).at(path).expected("a `path` beside it");
        // The whole entry would be a long way to point.
        warning.detail.at = Some([warning.full_path(), keys(["function_name"])].concat());
        ConfigWarning(warning.mend(format!("add `path: /{}`", name.replace(' ', "_"))))
    };
    unserved.map(warning).collect()
}

/// A warning for each key that asks for what this version does not have yet. Defaults are not asked for.
pub(super) fn unserved(general: &General) -> Vec<ConfigWarning> {
    let FrontEnd::FastApi(server) = &general.front_end else { return Vec::new() };
    let default = FastApi::default();
    let asked_for = [
        ("evaluate", server.evaluate != default.evaluate),
        ("evaluate_item", server.evaluate_item != default.evaluate_item),
        ("oauth2_callback_path", server.oauth2_callback_path != default.oauth2_callback_path),
        ("object_store", server.object_store.is_some()),
        ("enable_interactive_extensions", server.enable_interactive_extensions),
    ];
    let asked_for = asked_for.into_iter().filter(|(_, is_asked_for)| *is_asked_for);
    let mut places: Vec<Vec<Segment>> = asked_for.map(|(key, _)| keys(["front_end", key])).collect();
    if server.workflow != default.workflow && server.workflow.websocket_path.is_some() {
        places.push(keys(["front_end", "workflow", "websocket_path"]));
    }
    let endpoints = server.endpoints.iter().enumerate();
    for (index, _) in endpoints.filter(|(_, endpoint)| endpoint.endpoint.websocket_path.is_some()) {
        places.push([keys(["front_end", "endpoints"]), vec![Segment::Index(index)], keys(["websocket_path"])].concat());
    }
    places.into_iter().map(|place| warning_at(place, NOT_SERVED)).collect()
}

fn is_filled(value: &Value) -> bool {
    value.as_object().is_some_and(|entries| !entries.is_empty())
}

fn warning(path: &[&str], message: &str) -> ConfigWarning {
    warning_at(keys(path.iter().copied()), message)
}

fn warning_at(path: Vec<Segment>, message: &str) -> ConfigWarning {
    let full = [keys([GENERAL]), path.clone()].concat();
    let warning = ConfigError::section(GENERAL, message).at(path).aim(Aim::Key);
    ConfigWarning(warning.mend("remove it").edit(Edit::Remove(full)))
}
