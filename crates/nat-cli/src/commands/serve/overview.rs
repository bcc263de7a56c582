//! What a person wants to know when a server has started: where it is, and what to send.

use std::fmt::Write;
use std::net::SocketAddr;

use nat_core::config::{Endpoint, FastApi, FrontEnd, Method};
use nat_core::{EntryName, Runtime, Scope, Workflow};
use tracing::info;
use tracing::level_filters::LevelFilter;

use super::payload;
use crate::console;
use crate::logging::Log;
use crate::project::Project;

/// Shows it on standard error, unless only warnings are wanted there. For programs it is a log line.
pub(super) fn show(project: &Project, runtime: &Runtime, addresses: &[SocketAddr], log: &Log) {
    let FrontEnd::FastApi(front_end) = &project.config.general.front_end else { return };
    let Some(workflow) = runtime.workflow(&EntryName::Workflow) else { return };
    let type_name = project.config.workflow.as_ref().map_or("", |workflow| workflow.type_name.as_str());
    let addresses: Vec<String> = addresses.iter().map(|address| format!("http://{address}")).collect();
    if log.is_for_programs() {
        let scope = match workflow.scope() {
            Scope::PerUser => "per_user",
            Scope::Shared => "shared",
        };
        info!(addresses = addresses.join(" "), workflow = type_name, scope, "serving");
    } else if log.console_level() >= LevelFilter::INFO {
        let mut routes = all_routes(front_end);
        if project.config.general.enable_per_user_monitoring {
            routes.push("GET  /monitor/users".to_owned());
        }
        routes.push("GET  /health".to_owned());
        console::err(&text(front_end, type_name, &workflow, &addresses, &routes));
    }
}

fn text(front_end: &FastApi, type_name: &str, workflow: &Workflow, addresses: &[String], routes: &[String]) -> String {
    let scope = match workflow.scope() {
        Scope::PerUser => "per user: each has an instance of their own",
        Scope::Shared => "shared: one instance for all",
    };
    // Writing to a string cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "\n  Address   {}", addresses.join("\n            "));
    let _ = writeln!(text, "  Workflow  {} ({scope})", console::plain(type_name));
    let _ = writeln!(text, "  Routes    {}", routes.join("\n            "));
    if let Some(command) = request(front_end, workflow, addresses) {
        let _ = writeln!(text, "  Try       {command}");
    }
    text.push('\n');
    text
}

/// A request that the workflow answers.
fn request(front_end: &FastApi, workflow: &Workflow, addresses: &[String]) -> Option<String> {
    let endpoint = &front_end.workflow;
    let legacy = endpoint.legacy_path.as_ref().filter(|_| !front_end.disable_legacy_routes);
    let path = endpoint.path.as_ref().or(legacy)?;
    let address = addresses.first()?;
    let user = match (workflow.scope(), &front_end.identity_header) {
        (Scope::Shared, _) => String::new(),
        (Scope::PerUser, Some(header)) => format!(" -H '{header}: alice'"),
        (Scope::PerUser, None) => {
            let name = front_end.session.cookie_names.first().map_or("nat-session", String::as_str);
            format!(" -H 'Cookie: {name}=alice'")
        }
    };
    if endpoint.method == Method::Get {
        return Some(format!("curl {address}{path}{user}"));
    }
    let body = payload::example(workflow.interface()).replace('\'', "'\\''");
    let json = "-H 'Content-Type: application/json'";
    Some(format!("curl {address}{path} {json}{user} \\\n              -d '{body}'"))
}

fn all_routes(front_end: &FastApi) -> Vec<String> {
    let legacy = !front_end.disable_legacy_routes;
    let mut all = routes("workflow", &front_end.workflow, legacy);
    for endpoint in &front_end.endpoints {
        all.extend(routes(endpoint.function_name.as_str(), &endpoint.endpoint, legacy));
    }
    all
}

fn routes(what: &str, endpoint: &Endpoint, legacy: bool) -> Vec<String> {
    let old = endpoint.legacy_path.as_ref().filter(|_| legacy);
    let paths = [endpoint.path.as_ref(), old].into_iter().flatten();
    let line =
        |path: &String| format!("{:<4} {}  ({})", endpoint.method.as_str(), console::plain(path), console::plain(what));
    paths.map(line).collect()
}
