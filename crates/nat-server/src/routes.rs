//! One table for all routes, drawn from the configuration.
//!
//! First a [`Plan`], which needs no more than the configuration and so is made before anything is
//! built or bound; then [`Routes`], when there are functions to call.

pub(crate) mod chat;
mod completions;
pub(crate) mod docs;
pub(crate) mod entrance;
mod family;
pub(crate) mod generate;
pub(crate) mod health;
pub(crate) mod mcp;
pub(crate) mod monitor;
pub(crate) mod openapi;
pub(crate) mod stream;
mod table;
pub(crate) mod tag;

use std::borrow::Cow;

use crate::config::{HttpConfig, OnDisconnect};
use http::{HeaderValue, Method};
use nat_core::{EntryName, Runtime};
use percent_encoding::percent_decode_str;

use crate::error::Wording;
use crate::sse::{ErrorForm, Filter};
use chat::{ChatRoute, Mode};
use docs::{Asset, Page, PageName};
use entrance::{Entrance, Takes};
use family::Family;
use generate::CallRoute;
use stream::{Steps, StreamRoute, Streaming};
use table::Table;

/// Which paths there will be.
#[derive(Debug)]
pub(crate) struct Plan {
    table: Table,
    targets: Vec<PlannedRoute>,
    root_path: String,
}

#[derive(Debug)]
struct PlannedRoute {
    path: String,
    method: Method,
    target: Target,
    about: String,
}

#[derive(Clone, Debug)]
enum Target {
    Health,
    Monitor,
    McpClients,
    Description,
    Page(PageName),
    Asset(&'static Asset),
    Call {
        entry: EntryName,
        wording: Wording,
        takes: Takes,
    },
    Stream {
        entry: EntryName,
        takes: Takes,
        steps: Steps,
        errors: ErrorForm,
        on_disconnect: OnDisconnect,
    },
    Chat {
        entry: EntryName,
        takes: Takes,
        mode: Mode,
        wording: Wording,
        steps: Filter,
        errors: ErrorForm,
        on_disconnect: OnDisconnect,
    },
}

/// The paths, and what answers there.
#[derive(Debug)]
pub(crate) struct Routes {
    table: Table,
    /// One for each route, and behind them the refusals.
    resources: Vec<Resource>,
    /// Where in `resources` the refusals are, by what else the path can be asked.
    refusals: Vec<(Vec<Method>, Place)>,
    root_path: String,
}

/// What answers requests with one method for one path, or refuses them.
#[derive(Debug)]
pub(crate) struct Resource {
    route: Option<Route>,
    /// The methods that the path can be asked with, as the header of a 405 names them.
    pub(crate) allow: HeaderValue,
}

/// One method at one path.
#[derive(Debug)]
pub(crate) struct Route {
    /// As the table has it: `/notes/{id}`, `/files/{*path}`.
    pub(crate) path: String,
    pub(crate) method: Method,
    pub(crate) handler: Handler,
    /// What the configuration says that it does; empty where it says nothing.
    pub(crate) about: String,
}

/// What answers a request.
#[derive(Debug)]
pub(crate) enum Handler {
    Health,
    Monitor,
    McpClients,
    /// `/openapi.json`
    Description,
    Page(PageName, Page),
    Asset(&'static Asset),
    Call(CallRoute),
    Stream(StreamRoute),
    Chat(ChatRoute),
}

/// A path that was found.
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) params: Vec<(String, String)>,
}

/// Which resource it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(usize);

impl Plan {
    /// # Errors
    ///
    /// Every path that cannot be told apart from another one.
    pub(crate) fn new(front_end: &HttpConfig, monitoring: bool) -> Result<Self, Vec<String>> {
        let root_path = front_end.root_path.trim_end_matches('/').to_owned();
        let mut plan = Self { table: Table::default(), targets: Vec::new(), root_path };
        let mut conflicts = Vec::new();
        plan.add_own("/health", Method::GET, Target::Health, &mut conflicts);
        if monitoring {
            plan.add_own("/monitor/users", Method::GET, Target::Monitor, &mut conflicts);
        }
        for path in ["/mcp/client/tool/list", "/mcp/client/tool/list/per_user"] {
            plan.add_own(path, Method::GET, Target::McpClients, &mut conflicts);
        }
        plan.add_own("/openapi.json", Method::GET, Target::Description, &mut conflicts);
        for page in PageName::ALL {
            plan.add_own(page.path(), Method::GET, Target::Page(page), &mut conflicts);
        }
        for asset in &docs::ASSETS {
            plan.add_own(asset.path, Method::GET, Target::Asset(asset), &mut conflicts);
        }
        let workflow = (EntryName::Workflow, &front_end.workflow);
        let others = front_end.endpoints.iter().map(|one| {
            let entry = EntryName::Function(one.function_name.as_str().to_owned());
            (entry, &one.endpoint)
        });
        for (entry, endpoint) in std::iter::once(workflow).chain(others) {
            let mut refused: Vec<String> = Vec::new();
            for (path, method, target) in Family::new(&entry, endpoint, front_end).routes() {
                let known = conflicts.len();
                // What is below a path that is refused would be refused for the same reason.
                if !refused.iter().any(|above| path.starts_with(above.as_str())) {
                    plan.add(&path, method, target, &endpoint.description, &mut conflicts);
                }
                if conflicts.len() > known {
                    refused.push(format!("{}/", path.trim_end_matches('/')));
                }
            }
        }
        if conflicts.is_empty() { Ok(plan) } else { Err(conflicts) }
    }

    fn add_own(&mut self, path: &str, method: Method, target: Target, conflicts: &mut Vec<String>) {
        self.add(path, method, target, "", conflicts);
    }

    fn add(&mut self, path: &str, method: Method, target: Target, about: &str, conflicts: &mut Vec<String>) {
        let pattern = pattern(path);
        match self.table.insert(&method, &pattern, self.targets.len()) {
            Ok(()) => {
                let about = about.trim().to_owned();
                self.targets.push(PlannedRoute { path: pattern, method, target, about });
            }
            Err(conflict) => conflicts.push(conflict),
        }
    }

    /// The table, with the functions of `runtime` behind it.
    ///
    /// # Panics
    ///
    /// When `runtime` runs another configuration.
    pub(crate) fn open(self, runtime: &Runtime) -> Routes {
        let Self { table, targets, root_path } = self;
        let mut resources: Vec<_> =
            targets.into_iter().map(|planned| Resource::new(planned, &root_path, runtime)).collect();
        let refusals = refusals(&mut resources);
        let mut routes = Routes { table, resources, refusals, root_path };
        routes.table.let_rests_be_empty(&routes.resources);
        routes
    }
}

/// One for each set of methods that a path may turn out to have.
fn refusals(resources: &mut Vec<Resource>) -> Vec<(Vec<Method>, Place)> {
    let (get, head, post) = (Method::GET, Method::HEAD, Method::POST);
    let sets = [
        vec![post.clone()],
        vec![get.clone()],
        vec![get.clone(), head.clone()],
        vec![get.clone(), post.clone()],
        vec![get, head, post],
    ];
    let refusal = |methods: Vec<Method>| {
        resources.push(Resource { route: None, allow: allowed(&methods) });
        (methods, Place(resources.len() - 1))
    };
    sets.into_iter().map(refusal).collect()
}

fn allowed(methods: &[Method]) -> HeaderValue {
    let names: Vec<_> = methods.iter().map(Method::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).expect("method names are header text")
}

impl Resource {
    fn new(planned: PlannedRoute, root_path: &str, runtime: &Runtime) -> Self {
        let PlannedRoute { path, method, target, about } = planned;
        let entrance = |entry, takes| {
            let workflow = runtime.workflow(&entry);
            let workflow = workflow.expect("the runtime has an entry for every endpoint of its configuration");
            Entrance { workflow, takes }
        };
        let handler = match target {
            Target::Health => Handler::Health,
            Target::Monitor => Handler::Monitor,
            Target::McpClients => Handler::McpClients,
            Target::Description => Handler::Description,
            Target::Page(name) => Handler::Page(name, Page::new(name, root_path)),
            Target::Asset(asset) => Handler::Asset(asset),
            Target::Call { entry, wording, takes } => {
                Handler::Call(CallRoute { entrance: entrance(entry, takes), wording })
            }
            Target::Stream { entry, takes, steps, errors, on_disconnect } => {
                let streaming = Streaming { errors, on_disconnect };
                Handler::Stream(StreamRoute { entrance: entrance(entry, takes), steps, streaming })
            }
            Target::Chat { entry, takes, mode, wording, steps, errors, on_disconnect } => {
                let streaming = Streaming { errors, on_disconnect };
                Handler::Chat(ChatRoute { entrance: entrance(entry, takes), mode, wording, steps, streaming })
            }
        };
        let allow = allowed(std::slice::from_ref(&method));
        Self { route: Some(Route { path, method, handler, about }), allow }
    }

    /// What answers requests with this method.
    pub(crate) fn handler(&self, method: &Method) -> Option<&Handler> {
        self.route.as_ref().filter(|route| route.serves(method)).map(|route| &route.handler)
    }
}

impl Route {
    /// HEAD is answered where GET is, unless that calls a function.
    fn serves(&self, method: &Method) -> bool {
        self.method == *method || (*method == Method::HEAD && self.method == Method::GET && !self.handler.calls())
    }
}

impl Handler {
    /// Whether a function is called here.
    fn calls(&self) -> bool {
        matches!(self, Self::Call(_) | Self::Stream(_) | Self::Chat(_))
    }
}

impl Routes {
    /// Every route, in the order in which the configuration has them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Route> {
        self.resources.iter().filter_map(|resource| resource.route.as_ref())
    }

    /// The prefix under which everything answers as well, or nothing.
    pub(crate) fn root_path(&self) -> &str {
        &self.root_path
    }

    /// What answers at a place that [`Routes::find`] gave.
    pub(crate) fn resource(&self, place: Place) -> &Resource {
        &self.resources[place.0]
    }

    /// Where a request is answered, with or without the prefix of `root_path`; a refusal where only other methods
    /// are.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<Found> {
        let path = decoded(path);
        self.served(method, &path).or_else(|| self.refused(&path))
    }

    fn served(&self, method: &Method, path: &str) -> Option<Found> {
        let found = self.with_or_without_prefix(path, |path| self.table.at(method, path))?;
        let serves = self.resource(found.place).handler(method).is_some();
        serves.then_some(found)
    }

    fn refused(&self, path: &str) -> Option<Found> {
        let others = [Method::GET, Method::HEAD, Method::POST];
        let others: Vec<_> = others.into_iter().filter(|method| self.served(method, path).is_some()).collect();
        let (_, place) = self.refusals.iter().find(|(methods, _)| *methods == others)?;
        Some(Found { place: *place, params: Vec::new() })
    }

    fn with_or_without_prefix<'p, T>(&self, path: &'p str, at: impl Fn(&'p str) -> Option<T>) -> Option<T> {
        at(path).or_else(|| at(self.without_prefix(path)?))
    }

    fn without_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        let prefix = Some(self.root_path.as_str()).filter(|prefix| !prefix.is_empty())?;
        path.strip_prefix(prefix).filter(|rest| rest.starts_with('/'))
    }

    /// The path that differs from `path` by a slash at the end, if that one exists.
    pub(crate) fn slash_twin<'p>(&self, path: &'p str) -> Option<Cow<'p, str>> {
        let twin = match path.strip_suffix('/') {
            Some(_) => Cow::Borrowed(path.trim_end_matches('/')),
            None => Cow::Owned(format!("{path}/")),
        };
        self.refused(&decoded(&twin)).map(|_| twin)
    }
}

fn decoded(path: &str) -> Cow<'_, str> {
    match path.contains('%') {
        true => percent_decode_str(path).decode_utf8_lossy(),
        false => Cow::Borrowed(path),
    }
}

/// A path in the router's spelling: what the Python framework writes `{name:path}` is `{*name}` here,
/// and other converters say nothing.
fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, parameter, after)) = next_parameter(rest) {
        pattern.push_str(before);
        let (name, converter) = parameter.split_once(':').unwrap_or((parameter, ""));
        let star = if converter == "path" { "*" } else { "" };
        pattern.push_str(&format!("{{{star}{name}}}"));
        rest = after;
    }
    pattern.push_str(rest);
    pattern
}

fn next_parameter(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (parameter, after) = rest.split_once('}')?;
    Some((before, parameter, after))
}

#[cfg(test)]
mod tests {
    use nat_core::Config;

    use super::*;
    use crate::testing::registry;

    #[test]
    fn the_check_of_a_file_knows_every_path_of_the_server() {
        let registry = registry();
        let plan = Plan::new(&HttpConfig::default(), true).unwrap();
        let own: Vec<_> = plan.targets.iter().filter(|planned| planned.method == Method::GET).collect();
        assert!(own.len() > 10, "{own:?}");
        for PlannedRoute { path, .. } in own {
            let yaml = format!(
                "general: {{front_end: {{_type: fastapi, endpoints: [
                    {{path: {path}, method: GET, description: '', function_name: f}}]}}}}
functions: {{f: {{_type: mirror}}}}\nworkflow: {{_type: echo}}"
            );
            let refused = Config::parse(&yaml, None, &registry).map(drop).unwrap_err().to_string();
            assert!(refused.contains("is already taken by the server itself"), "{path}: {refused}");
        }
    }
}
