//! Rules for the paths of all endpoints together.

use std::collections::HashMap;

use super::path::{End, Path, Unfit, check_prefix};
use super::{Endpoint, HttpConfig, Method};
use nat_config::Mistake;
use nat_config::{Edit, keys};
use nat_schema::Segment;

/// What the server itself answers, whatever the configuration says.
const OWN_PATHS: [&str; 14] = [
    "/health",
    "/monitor/users",
    "/mcp/client/tool/list",
    "/mcp/client/tool/list/per_user",
    "/openapi.json",
    "/docs",
    "/docs/oauth2-redirect",
    "/redoc",
    "/docs/assets/swagger-ui-bundle.js",
    "/docs/assets/swagger-ui.css",
    "/docs/assets/oauth2-redirect.js",
    "/docs/assets/docs.js",
    "/docs/assets/redoc.standalone.js",
    "/docs/assets/redoc.js",
];

pub(super) fn mistakes(server: &HttpConfig) -> Vec<Mistake> {
    let mut check = Check { server, taken: HashMap::new(), parameters: HashMap::new(), mistakes: Vec::new() };
    for path in OWN_PATHS {
        let owner = Owner { name: "the server itself".to_owned(), path: path.to_owned(), place: None };
        check.taken.insert((Method::Get, path.to_owned()), owner);
    }
    check.root_path(&server.root_path);
    check.endpoint(&server.workflow, &[Segment::Key("workflow".to_owned())], "the workflow");
    for (index, endpoint) in server.endpoints.iter().enumerate() {
        let place = [Segment::Key("endpoints".to_owned()), Segment::Index(index)];
        check.endpoint(&endpoint.endpoint, &place, &format!("endpoint {index} (`{}`)", endpoint.function_name));
    }
    check.mistakes
}

struct Check<'s> {
    server: &'s HttpConfig,
    /// Routes by their shape, and whose they are.
    taken: HashMap<(Method, String), Owner>,
    /// What stands in front of each parameter of a route, and which kind it is: at one place there is one kind.
    parameters: HashMap<(Method, String), (&'static str, Owner)>,
    mistakes: Vec<Mistake>,
}

/// The key of a path, the path, its method, and the suffixes under which it answers too.
type Route<'e> = (&'static str, Option<&'e str>, Method, &'static [&'static str]);

impl Check<'_> {
    fn endpoint(&mut self, endpoint: &Endpoint, place: &[Segment], owner: &str) {
        if matches!(endpoint.method, Method::Put | Method::Delete) {
            let message = format!("Value error, method {} is not served", endpoint.method.as_str());
            let mistake = mistake(place, "method", message).mend("use POST, or GET for a function without input");
            self.mistakes.push(mistake.expected("`POST` or `GET`").replaced("POST"));
        }
        if endpoint.openai_api_v1_path.is_some() && endpoint.method == Method::Get {
            let message = "Value error, openai_api_v1_path needs method POST, not GET";
            let method = [place, &keys(["method"])].concat();
            let mistake = mistake(place, "openai_api_v1_path", message.to_owned()).mend("write `method: POST`");
            let mistake = mistake.edit(Edit::Replace(method.clone(), "POST".to_owned()));
            self.mistakes.push(mistake.related(method, "this method").expected("`POST`"));
        }
        for (key, path, method, suffixes) in routes(endpoint) {
            let Some(path) = path else { continue };
            if self.server.disable_legacy_routes && key.starts_with("legacy_") {
                continue;
            }
            let read = match Path::read(path) {
                Ok(read) => read,
                Err(unfit) => {
                    let expected = match path.contains(['{', '}']) {
                        true => "a path such as `/notes/{id}`",
                        false => "a path such as `/run`, or null for none",
                    };
                    self.mistakes.push(unfit_at(place, key, unfit).expected(expected));
                    continue;
                }
            };
            // Equal chat paths mean that one route answers in both forms.
            if key == "openai_api_path" && endpoint.openai_api_v1_path.as_deref() == Some(path) {
                continue;
            }
            let suffixes = if read.end == End::Rest { &[""] } else { suffixes };
            let below = |suffix: &&str| Below {
                shape: read.below(suffix),
                path: match suffix.is_empty() {
                    true => path.to_owned(),
                    false => format!("{}{suffix}", path.trim_end_matches('/')),
                },
            };
            self.take(place, key, method, suffixes.iter().map(below).collect(), owner);
        }
    }

    fn root_path(&mut self, path: &str) {
        if let Err(unfit) = check_prefix(path) {
            self.mistakes.push(unfit_at(&[], "root_path", unfit).expected("a prefix such as `/base`, or nothing"));
        }
    }

    /// Takes all routes of one path. Of several that are taken already the first says it.
    fn take(&mut self, place: &[Segment], key: &'static str, method: Method, routes: Vec<Below>, owner: &str) {
        let rival = routes.iter().find_map(|route| Some((route, self.rival(method, &route.shape)?)));
        if let Some((route, first)) = rival {
            let (path, method) = (route.path.trim_end_matches('/'), method.as_str());
            let message = match first.path.trim_end_matches('/') == path {
                true => format!("Value error, {method} `{path}` is already taken by {}", first.name),
                false => format!(
                    "Value error, {method} `{path}` cannot be told apart from `{}` of {}",
                    first.path, first.name
                ),
            };
            let mut mistake = mistake(place, key, message);
            if let Some(place) = &first.place {
                mistake = mistake.related(place.clone(), "it is taken here");
            }
            self.mistakes.push(mistake.mend("give it a path of its own").expected("a path that nothing else has"));
        }
        let place = [place, &keys([key])].concat();
        for Below { shape, path } in routes {
            let owner = || Owner { name: owner.to_owned(), path: path.clone(), place: Some(place.clone()) };
            for (before, kind) in parameters(&shape) {
                self.parameters.entry((method, before)).or_insert_with(|| (kind, owner()));
            }
            self.taken.entry((method, shape)).or_insert_with(owner);
        }
    }

    /// Whose requests a route would take, or lose its own to.
    fn rival(&self, method: Method, shape: &str) -> Option<&Owner> {
        let equal = self.taken.get(&(method, shape.to_owned()));
        let other_kind = |(before, kind)| {
            let (other, owner) = self.parameters.get(&(method, before))?;
            (*other != kind).then_some(owner)
        };
        equal.or_else(|| parameters(shape).into_iter().find_map(other_kind))
    }
}

/// A path of an endpoint, or what it adds to one.
struct Below {
    shape: String,
    path: String,
}

/// What stands in front of each parameter of a shape, and its kind.
fn parameters(shape: &str) -> Vec<(String, &'static str)> {
    let kind = |at: usize| if shape[at..].starts_with("{*}") { "{*}" } else { "{}" };
    shape.match_indices('{').map(|(at, _)| (shape[..at].to_owned(), kind(at))).collect()
}

fn unfit_at(place: &[Segment], key: &'static str, unfit: Unfit) -> Mistake {
    let Unfit { message, mend, better } = unfit;
    let mistake = mistake(place, key, format!("Value error, {message}")).mend(mend);
    match better {
        Some(better) => mistake.replaced(&better),
        None => mistake,
    }
}

/// Who has a route, and where that was said.
struct Owner {
    name: String,
    path: String,
    place: Option<Vec<Segment>>,
}

fn mistake(place: &[Segment], key: &'static str, message: String) -> Mistake {
    let mut mistake = Mistake::new([key], message);
    mistake.path.splice(0..0, place.iter().cloned());
    mistake
}

fn routes(endpoint: &Endpoint) -> [Route<'_>; 6] {
    const SINGLE: &[&str] = &["", "/stream", "/full"];
    const CHAT: &[&str] = &["", "/stream"];
    const ONE: &[&str] = &[""];
    let method = endpoint.method;
    [
        ("path", endpoint.path.as_deref(), method, SINGLE),
        ("websocket_path", endpoint.websocket_path.as_deref(), Method::Get, ONE),
        ("openai_api_path", endpoint.openai_api_path.as_deref(), method, CHAT),
        ("openai_api_v1_path", endpoint.openai_api_v1_path.as_deref(), Method::Post, ONE),
        ("legacy_path", endpoint.legacy_path.as_deref(), method, SINGLE),
        ("legacy_openai_api_path", endpoint.legacy_openai_api_path.as_deref(), method, CHAT),
    ]
}
