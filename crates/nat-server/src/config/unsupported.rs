//! Keys of the HTTP front end that a file for the Python toolkit may have and that change nothing here.

use nat_config::{Mistake, keys};
use nat_schema::Segment;
use serde_json::{Map, Value};

use super::{Endpoint, HttpConfig};

/// What is said of a key that asks for something that is not there yet.
pub const NOT_SERVED: &str = "configured, but not served by this version";

/// Keys without effect, each with what stands in its place here.
const WITHOUT_EFFECT: [(&str, &str); 9] = [
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

/// A warning for each key that is given and changes nothing, and for each endpoint that nobody can reach.
pub(super) fn as_written(section: &Map<String, Value>) -> Vec<Mistake> {
    let given = |key: &str| section.get(key).is_some_and(|value| !value.is_null());
    let without_effect = WITHOUT_EFFECT.into_iter().filter(|(key, _)| given(key));
    let warning = |(key, instead)| Mistake::new([key], format!("`{key}` has no effect here: {instead}"));
    without_effect.map(warning).chain(unreachable_endpoints(section)).collect()
}

/// A warning for each endpoint without any path.
fn unreachable_endpoints(section: &Map<String, Value>) -> Vec<Mistake> {
    let legacy = section.get("disable_legacy_routes") != Some(&Value::Bool(true));
    let is_path = |key: &str| key.ends_with("path") && (legacy || !key.starts_with("legacy_"));
    let served = |endpoint: &Map<String, Value>| endpoint.iter().any(|(key, value)| is_path(key) && !value.is_null());
    let endpoints = section.get("endpoints").and_then(Value::as_array).into_iter().flatten().enumerate();
    let unserved = endpoints.filter(|(_, one)| one.as_object().is_some_and(|endpoint| !served(endpoint)));
    let warning = |(index, endpoint): (usize, &Value)| {
        let name = endpoint.get("function_name").and_then(Value::as_str).unwrap_or_default();
        let has_legacy = endpoint
            .as_object()
            .is_some_and(|all| all.iter().any(|(key, value)| key.starts_with("legacy_") && !value.is_null()));
        let reason = match has_legacy {
            true => "`disable_legacy_routes` leaves none of its paths",
            false => "it has no path",
        };
        let mut warning = Mistake::new(["endpoints"], format!("this endpoint serves nothing: {reason}"));
        warning.path.push(Segment::Index(index));
        // The whole entry would be a long way to point.
        let shown_at = [warning.path.clone(), keys(["function_name"])].concat();
        let mend = format!("add `path: /{}`", name.replace(' ', "_"));
        warning.shown_at(shown_at).expected("a `path` beside it").mend(mend)
    };
    unserved.map(warning).collect()
}

/// A setting that asks for what this version does not have yet.
pub(crate) struct Unserved {
    /// The place in the section of the front end.
    pub(crate) path: Vec<Segment>,
    /// The URL path that is asked for, where it is one.
    pub(crate) url: Option<String>,
}

/// The settings that ask for what this version does not have yet. Defaults are not asked for.
pub(crate) fn unserved(server: &HttpConfig) -> Vec<Unserved> {
    let default = HttpConfig::default();
    let mut unserved = Vec::new();
    let mut sockets = |place: Vec<Segment>, endpoint: &Endpoint| {
        if let Some(url) = &endpoint.websocket_path {
            unserved.push(Unserved { path: [place, keys(["websocket_path"])].concat(), url: Some(url.clone()) });
        }
    };
    if server.workflow != default.workflow {
        sockets(keys(["workflow"]), &server.workflow);
    }
    for (index, one) in server.endpoints.iter().enumerate() {
        sockets([keys(["endpoints"]), vec![Segment::Index(index)]].concat(), &one.endpoint);
    }
    let asked_for = [
        ("evaluate", server.evaluate != default.evaluate),
        ("evaluate_item", server.evaluate_item != default.evaluate_item),
        ("oauth2_callback_path", server.oauth2_callback_path != default.oauth2_callback_path),
        ("object_store", server.object_store.is_some()),
        ("enable_interactive_extensions", server.enable_interactive_extensions),
    ];
    let asked_for = asked_for.into_iter().filter(|(_, is_asked_for)| *is_asked_for);
    unserved.extend(asked_for.map(|(key, _)| Unserved { path: keys([key]), url: None }));
    unserved
}

/// A warning for each of them.
pub(super) fn as_read(server: &HttpConfig) -> Vec<Mistake> {
    let warning = |one: Unserved| {
        let mut warning = Mistake::new([], NOT_SERVED);
        warning.path = one.path;
        warning
    };
    unserved(server).into_iter().map(warning).collect()
}
