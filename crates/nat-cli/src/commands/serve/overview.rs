//! What a person wants to know when a server has started: where it is, and what to send.

use std::fmt::Write;
use std::net::SocketAddr;

use nat_core::{EntryName, Runtime, Scope, Workflow};
use nat_server::{example_request, route_lines};
use tracing::info;
use tracing::level_filters::LevelFilter;

use crate::console;
use crate::logging::Log;
use crate::project::Project;

/// Shows it on standard error, unless only warnings are wanted there. For programs it is a log line.
pub(super) fn show(project: &Project, runtime: &Runtime, addresses: &[SocketAddr], log: &Log) {
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
        let routes: Vec<_> = route_lines(&project.config).iter().map(|line| console::plain(line).to_string()).collect();
        let command = example_request(&project.config, &workflow, &addresses);
        console::tell(&text(type_name, &workflow, &addresses, &routes, command.as_deref()));
    }
}

fn text(
    type_name: &str,
    workflow: &Workflow,
    addresses: &[String],
    routes: &[String],
    command: Option<&str>,
) -> String {
    let scope = match workflow.scope() {
        Scope::PerUser => "per user: each has an instance of their own",
        Scope::Shared => "shared: one instance for all",
    };
    // Writing to a string cannot fail.
    let mut text = String::new();
    let _ = writeln!(text, "\n  Address   {}", addresses.join("\n            "));
    let _ = writeln!(text, "  Workflow  {} ({scope})", console::plain(type_name));
    let _ = writeln!(text, "  Routes    {}", routes.join("\n            "));
    if let Some(command) = command {
        let _ = writeln!(text, "  Try       {}", console::plain(command).replace('\n', "\n              "));
    }
    text.push('\n');
    text
}
