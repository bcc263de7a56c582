//! Rules for the paths of all endpoints together.

use std::collections::HashMap;

use super::{Endpoint, FastApi, Method};
use crate::config::error::{Edit, keys};
use crate::config::mistake::Mistake;
use crate::schema::Segment;

/// What the server itself answers, whatever the configuration says.
const OWN_PATHS: [&str; 5] = ["/health", "/docs", "/redoc", "/openapi.json", "/monitor/users"];

pub(super) fn mistakes(server: &FastApi) -> Vec<Mistake> {
    let mut check = Check { server, taken: HashMap::new(), mistakes: Vec::new() };
    for path in OWN_PATHS {
        let owner = Owner { name: "the server itself".to_owned(), place: None };
        check.taken.insert((Method::Get, path.to_owned()), owner);
    }
    check.endpoint(&server.workflow, &[Segment::Key("workflow".to_owned())], "the workflow");
    for (index, endpoint) in server.endpoints.iter().enumerate() {
        let place = [Segment::Key("endpoints".to_owned()), Segment::Index(index)];
        check.endpoint(&endpoint.endpoint, &place, &format!("endpoint {index} (`{}`)", endpoint.function_name));
    }
    check.mistakes
}

struct Check<'s> {
    server: &'s FastApi,
    /// Routes, and whose they are.
    taken: HashMap<(Method, String), Owner>,
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
            if !path.starts_with('/') || path.contains(['?', '#']) || path.contains(char::is_whitespace) {
                let message =
                    format!("Value error, `{path}` is no path: it begins with `/` and has no space, `?` or `#`");
                let better = format!("/{}", path.trim().trim_start_matches('/').replace([' ', '?', '#'], "_"));
                let mistake = mistake(place, key, message).mend(format!("write `{better}`"));
                self.mistakes.push(mistake.expected("a path such as `/run`, or null for none").replaced(&better));
                continue;
            }
            // Equal chat paths mean that one route answers in both forms.
            if key == "openai_api_path" && endpoint.openai_api_v1_path.as_deref() == Some(path) {
                continue;
            }
            let path = path.trim_end_matches('/');
            let routes: Vec<_> = suffixes.iter().map(|suffix| (method, format!("{path}{suffix}"))).collect();
            self.take(place, key, routes, owner);
        }
    }

    /// Takes all routes of one path. Of several that are taken already the first says it.
    fn take(&mut self, place: &[Segment], key: &'static str, routes: Vec<(Method, String)>, owner: &str) {
        let taken = routes.iter().find_map(|route| Some((route, self.taken.get(route)?)));
        if let Some(((method, path), first)) = taken {
            let method = method.as_str();
            let message = format!("Value error, {method} `{path}` is already taken by {}", first.name);
            let mut mistake = mistake(place, key, message);
            if let Some(place) = &first.place {
                mistake = mistake.related(place.clone(), "it is taken here");
            }
            self.mistakes.push(mistake.mend("give it a path of its own").expected("a path that nothing else has"));
        }
        let path = [place, &keys([key])].concat();
        for route in routes {
            let taken = || Owner { name: owner.to_owned(), place: Some(path.clone()) };
            self.taken.entry(route).or_insert_with(taken);
        }
    }
}

/// Who has a route, and where that was said.
struct Owner {
    name: String,
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
