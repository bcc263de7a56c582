//! What the server answers, in lines for a person: its routes, and a request to begin with.

use nat_core::{Answers, Config, Scope, Workflow};

use crate::config::{Credential, Endpoint, HttpConfig, Method};
use crate::payload;

/// The routes of `config`, a line for each path: method, path, what is below it, and whose it is.
pub fn route_lines(config: &Config) -> Vec<String> {
    let mut routes = all_routes(&HttpConfig::of(config));
    if config.general.enable_per_user_monitoring {
        routes.push("GET  /monitor/users".to_owned());
    }
    routes.push("GET  /docs, /redoc, /openapi.json".to_owned());
    routes.push("GET  /health".to_owned());
    routes
}

/// A command line with curl that calls the workflow of `config` at the first of `addresses`. Nothing where the workflow has
/// no path for single results, or takes an input of which no example can be given.
pub fn example_request(config: &Config, workflow: &Workflow, addresses: &[String]) -> Option<String> {
    let front_end = &HttpConfig::of(config);
    let endpoint = &front_end.workflow;
    let legacy = endpoint.legacy_path.as_ref().filter(|_| !front_end.disable_legacy_routes);
    let path = endpoint.path.as_ref().or(legacy)?;
    let address = addresses.first()?;
    let user = match workflow.scope() {
        Scope::Shared => String::new(),
        Scope::PerUser => credential(front_end),
    };
    // What only streams has no single result to show.
    let (path, unbuffered) = match workflow.interface().answers() {
        Answers::Streaming if !takes_the_rest(path) => (format!("{}/stream", path.trim_end_matches('/')), " -N"),
        _ => (path.clone(), ""),
    };
    if endpoint.method == Method::Get {
        return Some(format!("curl{unbuffered} {address}{path}{user}"));
    }
    let body = payload::example(workflow.interface())?.replace('\'', "'\\''");
    let json = "-H 'Content-Type: application/json'";
    Some(format!("curl{unbuffered} {address}{path} {json}{user} \\\n-d '{body}'"))
}

/// The simplest way to say who one is.
fn credential(front_end: &HttpConfig) -> String {
    if let Some(header) = &front_end.identity_header {
        return format!(" -H '{header}: alice'");
    }
    let accepted = front_end.accepted_identity_credentials.as_ref();
    let accepts = |kind| accepted.is_none_or(|accepted| accepted.contains(&kind));
    if accepts(Credential::SessionCookie) {
        let name = front_end.session.cookie_names.first().map_or("nat-session", String::as_str);
        format!(" -H 'Cookie: {name}=alice'")
    } else if accepts(Credential::ApiKey) {
        " -H 'X-API-Key: alice'".to_owned()
    } else if accepts(Credential::Basic) {
        " -u alice:secret".to_owned()
    } else {
        " -H \"Authorization: Bearer $TOKEN\"".to_owned()
    }
}

fn all_routes(front_end: &HttpConfig) -> Vec<String> {
    let legacy = !front_end.disable_legacy_routes;
    let mut all = routes("workflow", &front_end.workflow, legacy);
    for endpoint in &front_end.endpoints {
        all.extend(routes(endpoint.function_name.as_str(), &endpoint.endpoint, legacy));
    }
    all
}

/// A line for each path, with what is below it.
fn routes(what: &str, endpoint: &Endpoint, legacy: bool) -> Vec<String> {
    const RESULTS: &[&str] = &["stream", "full"];
    const CHAT: &[&str] = &["stream"];
    let old = |path: &Option<String>| path.clone().filter(|_| legacy);
    // Equal chat paths mean that one route answers in both forms.
    let chat = endpoint.openai_api_path.clone().filter(|path| endpoint.openai_api_v1_path.as_ref() != Some(path));
    let families = [
        (endpoint.path.clone(), RESULTS, ""),
        (old(&endpoint.legacy_path), RESULTS, ""),
        (chat, CHAT, ", as a chat"),
        (old(&endpoint.legacy_openai_api_path), CHAT, ", as a chat"),
        (endpoint.openai_api_v1_path.clone(), &[], ", as a chat"),
    ];
    let line = |(path, below, manner): (Option<String>, &[&str], &str)| {
        let path = path?;
        let below = if takes_the_rest(&path) { &[] } else { below };
        let below: String = below.iter().map(|name| format!(", …/{name}")).collect();
        let method = endpoint.method.as_str();
        Some(format!("{method:<4} {path}{below}  ({what}{manner})"))
    };
    families.into_iter().filter_map(line).collect()
}

/// Whether all that is below a path is a value of its last parameter.
fn takes_the_rest(path: &str) -> bool {
    path.ends_with(":path}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use nat_core::FunctionRef;

    use super::*;
    use crate::config::FunctionEndpoint;

    #[test]
    fn every_path_is_listed() {
        let mut front_end = HttpConfig::default();
        let chat_only = Endpoint { path: None, openai_api_path: Some("/talk".to_owned()), ..Endpoint::post("", "") };
        let look = Endpoint { method: Method::Get, ..Endpoint::post("/look/{rest:path}", "") };
        let both = Endpoint { openai_api_v1_path: Some("/talk/v1".to_owned()), ..chat_only.clone() };
        let same = Endpoint { openai_api_path: both.openai_api_v1_path.clone(), ..both };
        for endpoint in [chat_only, look, same] {
            front_end.endpoints.push(FunctionEndpoint { function_name: FunctionRef::from("f"), endpoint });
        }
        let listed = |front_end: &HttpConfig| all_routes(front_end).join("\n");
        expect![[r#"
            POST /v1/workflow, …/stream, …/full  (workflow)
            POST /generate, …/stream, …/full  (workflow)
            POST /v1/chat, …/stream  (workflow, as a chat)
            POST /chat, …/stream  (workflow, as a chat)
            POST /v1/chat/completions  (workflow, as a chat)
            POST /talk, …/stream  (f, as a chat)
            GET  /look/{rest:path}  (f)
            POST /talk/v1  (f, as a chat)"#]]
        .assert_eq(&listed(&front_end));
        front_end.disable_legacy_routes = true;
        assert!(!listed(&front_end).contains("/generate"));
    }

    #[test]
    fn a_credential_that_is_accepted_is_shown() {
        let of =
            |accepted| credential(&HttpConfig { accepted_identity_credentials: accepted, ..HttpConfig::default() });
        assert_eq!(of(None), " -H 'Cookie: nat-session=alice'");
        assert_eq!(of(Some(vec![Credential::Jwt, Credential::ApiKey])), " -H 'X-API-Key: alice'");
        assert_eq!(of(Some(vec![Credential::Basic])), " -u alice:secret");
        assert_eq!(of(Some(vec![Credential::Jwt])), " -H \"Authorization: Bearer $TOKEN\"");
    }
}
