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
pub(crate) mod tag;

use std::borrow::Cow;

use http::{HeaderValue, Method};
use nat_core::config::{FastApi, OnDisconnect};
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

/// Which paths there will be.
#[derive(Debug)]
pub(crate) struct Plan {
    places: matchit::Router<usize>,
    resources: Vec<(String, Vec<(Method, Target)>)>,
    root_path: String,
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
    places: matchit::Router<usize>,
    resources: Vec<Resource>,
    root_path: String,
}

/// What answers at one path.
#[derive(Debug)]
pub(crate) struct Resource {
    /// As the table has it: `/notes/{id}`, `/files/{*path}`.
    pub(crate) path: String,
    pub(crate) handlers: Vec<(Method, Handler)>,
    /// The methods, as the header of a 405 names them.
    pub(crate) allow: HeaderValue,
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

/// Where a resource is in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(usize);

impl Plan {
    /// # Errors
    ///
    /// Every path that cannot be told apart from another one.
    pub(crate) fn new(front_end: &FastApi, monitoring: bool) -> Result<Self, Vec<String>> {
        let root_path = front_end.root_path.trim_end_matches('/').to_owned();
        let mut plan = Self { places: matchit::Router::new(), resources: Vec::new(), root_path };
        let mut conflicts = Vec::new();
        plan.add("/health", Method::GET, Target::Health, &mut conflicts);
        if monitoring {
            plan.add("/monitor/users", Method::GET, Target::Monitor, &mut conflicts);
        }
        for path in ["/mcp/client/tool/list", "/mcp/client/tool/list/per_user"] {
            plan.add(path, Method::GET, Target::McpClients, &mut conflicts);
        }
        plan.add("/openapi.json", Method::GET, Target::Description, &mut conflicts);
        for page in PageName::ALL {
            plan.add(page.path(), Method::GET, Target::Page(page), &mut conflicts);
        }
        for asset in &docs::ASSETS {
            plan.add(asset.path, Method::GET, Target::Asset(asset), &mut conflicts);
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
                    plan.add(&path, method, target, &mut conflicts);
                }
                if conflicts.len() > known {
                    refused.push(format!("{}/", path.trim_end_matches('/')));
                }
            }
        }
        if conflicts.is_empty() { Ok(plan) } else { Err(conflicts) }
    }

    fn add(&mut self, path: &str, method: Method, target: Target, conflicts: &mut Vec<String>) {
        let pattern = pattern(path);
        if let Some((_, targets)) = self.resources.iter_mut().find(|(known, _)| *known == pattern) {
            if targets.iter().any(|(taken, _)| *taken == method) {
                conflicts.push(format!("{method} `{path}` is served twice"));
            } else {
                targets.push((method, target));
            }
            return;
        }
        match self.places.insert(pattern.as_str(), self.resources.len()) {
            Ok(()) => self.resources.push((pattern, vec![(method, target)])),
            Err(matchit::InsertError::Conflict { with }) => {
                conflicts.push(format!("the paths `{path}` and `{with}` cannot be told apart"));
            }
            Err(error) => conflicts.push(format!("the path `{path}` cannot be served: {error}")),
        }
    }

    /// The table, with the functions of `runtime` behind it.
    ///
    /// # Panics
    ///
    /// When `runtime` runs another configuration.
    pub(crate) fn open(self, runtime: &Runtime) -> Routes {
        let Self { places, resources, root_path } = self;
        let resource = |(path, targets)| Resource::new(path, targets, &root_path, runtime);
        Routes { places, resources: resources.into_iter().map(resource).collect(), root_path }
    }
}

impl Resource {
    fn new(path: String, targets: Vec<(Method, Target)>, root_path: &str, runtime: &Runtime) -> Self {
        let entrance = |entry, takes| {
            let workflow = runtime.workflow(&entry);
            let workflow = workflow.expect("the runtime has an entry for every endpoint of its configuration");
            Entrance { workflow, takes }
        };
        let handler = |target| match target {
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
        let handlers: Vec<_> = targets.into_iter().map(|(method, target)| (method, handler(target))).collect();
        let mut resource = Self { path, handlers, allow: HeaderValue::from_static("") };
        let methods = [Method::GET, Method::HEAD, Method::POST];
        let served: Vec<_> = methods.iter().filter(|method| resource.handler(method).is_some()).collect();
        let served: Vec<_> = served.into_iter().map(Method::as_str).collect();
        resource.allow = HeaderValue::from_str(&served.join(", ")).expect("method names are header text");
        resource
    }

    /// What answers requests with this method. HEAD is answered where GET is, unless that calls a function.
    pub(crate) fn handler(&self, method: &Method) -> Option<&Handler> {
        let handler = |method: &Method| self.handlers.iter().find(|(served, _)| served == method);
        match handler(method) {
            Some((_, found)) => Some(found),
            None if method == Method::HEAD => {
                handler(&Method::GET).map(|(_, found)| found).filter(|found| !found.calls())
            }
            None => None,
        }
    }
}

impl Handler {
    /// Whether a function is called here.
    fn calls(&self) -> bool {
        matches!(self, Self::Call(_) | Self::Stream(_) | Self::Chat(_))
    }
}

impl Routes {
    /// Every path, in the order in which the configuration has them.
    pub(crate) fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The prefix under which everything answers as well, or nothing.
    pub(crate) fn root_path(&self) -> &str {
        &self.root_path
    }

    /// What answers at a place that [`Routes::find`] gave.
    pub(crate) fn resource(&self, place: Place) -> &Resource {
        &self.resources[place.0]
    }

    /// Where `path` is answered, with or without the prefix of `root_path`.
    pub(crate) fn find(&self, path: &str) -> Option<Found> {
        let path = match path.contains('%') {
            true => percent_decode_str(path).decode_utf8_lossy(),
            false => Cow::Borrowed(path),
        };
        self.at(&path).or_else(|| self.at(self.without_prefix(&path)?))
    }

    fn at(&self, path: &str) -> Option<Found> {
        let found = self.places.at(path).ok()?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Some(Found { place: Place(*found.value), params: found.params.iter().map(owned).collect() })
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
        self.find(&twin).map(|_| twin)
    }
}

/// A path in the router's spelling: what the Python framework writes `{name:path}` is `{*name}` here,
/// and other converters say nothing.
pub(crate) fn pattern(path: &str) -> String {
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
