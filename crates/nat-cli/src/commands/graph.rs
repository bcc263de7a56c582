//! `nat graph`: what depends on what.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;

use nat_core::ComponentKind;
use nat_core::{DependencyGraph, GraphComponent, Reach, Scope};

use crate::args::{GraphFormat, GraphOptions};
use crate::console;
use crate::failure::Failure;
use crate::project::{For, Project};

pub(crate) fn graph(options: &GraphOptions, typed: &[OsString]) -> Result<ExitCode, Failure> {
    let project = Project::load(&options.file, For::Calling, typed)?;
    let graph = DependencyGraph::of(&project.config, &project.registry).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::Message(lines.join("\n"))
    })?;
    let components = graph.components();
    console::out(&match options.format {
        GraphFormat::Text => tree(components),
        GraphFormat::Dot => dot(components),
        GraphFormat::Mermaid => mermaid(components),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A tree for the workflow, for each other function that requests call, and for each that nobody needs.
fn tree(components: &[GraphComponent]) -> String {
    let needed: HashSet<usize> = components.iter().flat_map(|component| component.needs.iter().copied()).collect();
    let is_root = |index: &usize| {
        let component = &components[*index];
        component.reach == Reach::Requests || !needed.contains(index)
    };
    let mut roots: Vec<usize> = (0..components.len()).filter(is_root).collect();
    roots.sort_by_key(|index| match components[*index].reach {
        _ if components[*index].kind == ComponentKind::WORKFLOW => 0,
        Reach::Requests => 1,
        Reach::Components => 2,
    });
    let mut drawn = Tree { components, text: String::new(), seen: HashSet::new() };
    for root in roots {
        drawn.branch(root, "", "", "");
    }
    let count = |scope| components.iter().filter(|component| component.scope == scope).count();
    let (shared, per_user) = (count(Scope::Shared), count(Scope::PerUser));
    format!("{}\n{shared} shared (built once), {per_user} per user (built for each user)\n", drawn.text)
}

struct Tree<'c> {
    components: &'c [GraphComponent],
    text: String,
    seen: HashSet<usize>,
}

impl Tree<'_> {
    fn branch(&mut self, index: usize, indent: &str, joint: &str, below: &str) {
        let component = &self.components[index];
        let again = !self.seen.insert(index) && !component.needs.is_empty();
        let further = if again { " (as above)" } else { "" };
        let role = match component.reach {
            _ if component.kind == ComponentKind::FUNCTION_GROUP => "group, ".to_owned(),
            _ if component.kind != ComponentKind::FUNCTION => format!("{}, ", component.kind.noun()),
            Reach::Requests => "endpoint, ".to_owned(),
            Reach::Components => String::new(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            self.text,
            "{indent}{joint}{} ({}) [{role}{}]{further}",
            one_line(&component.name),
            one_line(&component.type_name),
            scope(component.scope)
        );
        if again {
            return;
        }
        let indent = format!("{indent}{below}");
        for (at, needed) in component.needs.iter().enumerate() {
            match at + 1 == component.needs.len() {
                true => self.branch(*needed, &indent, "└─ ", "   "),
                false => self.branch(*needed, &indent, "├─ ", "│  "),
            }
        }
    }
}

/// Names may hold anything, line breaks too.
fn one_line(text: &str) -> String {
    console::plain(text).replace('\n', " ")
}

fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Shared => "shared",
        Scope::PerUser => "per user",
    }
}

fn dot(components: &[GraphComponent]) -> String {
    let mut text = "digraph workflow {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n".to_owned();
    for (index, component) in components.iter().enumerate() {
        let style = match component.scope {
            Scope::Shared => "style=solid",
            Scope::PerUser => "style=\"rounded,filled\", fillcolor=\"#e8f0fe\"",
        };
        let name = quoted(&component.name);
        let _ = writeln!(
            text,
            "  n{index} [label=\"{name}\\n{}\\n({})\", {style}];",
            quoted(&component.type_name),
            scope(component.scope)
        );
    }
    for (index, component) in components.iter().enumerate() {
        for needed in &component.needs {
            let _ = writeln!(text, "  n{index} -> n{needed};");
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

fn mermaid(components: &[GraphComponent]) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (index, component) in components.iter().enumerate() {
        let label = format!(
            "{}<br/>{}<br/>({})",
            entity(&component.name),
            entity(&component.type_name),
            scope(component.scope)
        );
        let _ = match component.scope {
            Scope::Shared => writeln!(text, "  n{index}[\"{label}\"]"),
            Scope::PerUser => writeln!(text, "  n{index}([\"{label}\"]):::per_user"),
        };
    }
    for (index, component) in components.iter().enumerate() {
        for needed in &component.needs {
            let _ = writeln!(text, "  n{index} --> n{needed}");
        }
    }
    text.push_str("  classDef per_user fill:#e8f0fe\n");
    text
}

/// Names may hold anything, and Mermaid reads HTML.
fn entity(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
