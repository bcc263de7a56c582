//! `nat info`: what is linked in.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use nat_core::ComponentKind;
use nat_core::Registry;
use nat_core::config::{FrontEndType, linked_front_ends};
use serde_json::{Value, json};

use crate::args::{ComponentsOptions, Field};
use crate::console;
use crate::failure::Failure;
use crate::project::registry;

mod table;

/// The component types of the Python toolkit, of which those without entries here are no mistake, and the kinds that are
/// linked in.
pub(crate) fn types() -> PossibleValuesParser {
    let known = [
        "front_end",
        "function",
        "function_group",
        "ttc_strategy",
        "llm_provider",
        "llm_client",
        "embedder_provider",
        "embedder_client",
        "evaluator",
        "memory",
        "object_store",
        "retriever_provider",
        "retriever_client",
        "registry_handler",
        "logging",
        "tracing",
        "tool_wrapper",
        "auth_provider",
        "middleware",
        "package",
        "trainer",
        "trainer_adapter",
        "trajectory_builder",
        "undefined",
    ];
    // Registrations that do not fit together are reported when they are used.
    let linked = Registry::linked().map(|registry| registry.kinds()).unwrap_or_default();
    let further = linked.into_iter().filter(|kind| kind.is_registered_kind()).map(|kind| kind.reference());
    let further = further.filter(|name| !known.contains(name)).collect::<Vec<_>>();
    PossibleValuesParser::new(known.into_iter().chain(further))
}

/// One row of the table.
struct Row {
    package: String,
    version: String,
    component_type: &'static str,
    component_name: String,
    description: String,
}

pub(crate) fn components(options: &ComponentsOptions) -> Result<ExitCode, Failure> {
    let rows = rows(&registry()?);
    let wanted = rows.into_iter().filter(|row| {
        let of_type = options.types.is_empty() || options.types.iter().any(|name| name == row.component_type);
        of_type && options.query.as_ref().is_none_or(|query| row.holds(query, &options.fields))
    });
    let rows: Vec<Row> = wanted.take(options.num_results.unwrap_or(usize::MAX)).collect();
    match &options.output {
        None => console::out(&table::table(&rows, console::width()))?,
        Some(path) => {
            let found: Vec<Value> = rows.iter().map(Row::json).collect();
            let written = std::fs::write(path, format!("{:#}\n", Value::Array(found)));
            written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Channels belong to the Python toolkit's registry of packages; crates come from cargo.
pub(crate) fn channels() -> Result<ExitCode, Failure> {
    console::out("No channels: components are crates, and cargo is where they come from.\n")?;
    Ok(ExitCode::SUCCESS)
}

fn rows(registry: &Registry) -> Vec<Row> {
    let mut rows: Vec<Row> = linked_front_ends().iter().map(|one| Row::front_end(one)).collect();
    rows.sort_by(|one, other| one.component_name.cmp(&other.component_name));
    for kind in registry.kinds().into_iter().filter(|kind| *kind != ComponentKind::WORKFLOW) {
        for registered in registry.types(kind) {
            let registration = registered.registration();
            rows.push(Row {
                package: registration.site().package.to_owned(),
                version: registration.site().version.to_owned(),
                component_type: kind.reference(),
                component_name: registration.type_name().to_owned(),
                description: registration.description().split_whitespace().collect::<Vec<_>>().join(" "),
            });
        }
    }
    rows.push(Row::own("logging", "console", "Log lines on standard error"));
    rows.push(Row::own("logging", "file", "Log lines in a file"));
    rows
}

impl Row {
    fn own(component_type: &'static str, name: &str, description: &str) -> Self {
        Self {
            package: "nat".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            component_type,
            component_name: name.to_owned(),
            description: description.to_owned(),
        }
    }

    /// The front ends of this project are shown under its name, like everything that is not somebody's component.
    fn front_end(one: &FrontEndType) -> Self {
        let own = Self::own("front_end", one.name(), one.description());
        match one.site().package {
            "nat-cli" | "nat-server" => own,
            package => Self { package: package.to_owned(), version: one.site().version.to_owned(), ..own },
        }
    }

    fn cells(&self) -> [&str; 5] {
        [&self.package, &self.version, self.component_type, &self.component_name, &self.description]
    }

    fn holds(&self, query: &str, fields: &[Field]) -> bool {
        let query = query.to_lowercase();
        let columns = [Field::Package, Field::Version, Field::ComponentType, Field::ComponentName, Field::Description];
        let all = fields.is_empty() || fields.contains(&Field::All);
        let mut looked_at = self.cells().into_iter().zip(columns).filter(|(_, column)| all || fields.contains(column));
        looked_at.any(|(cell, _)| cell.to_lowercase().contains(&query))
    }

    fn json(&self) -> Value {
        json!({
            "package": self.package,
            "version": self.version,
            "component_type": self.component_type,
            "component_name": self.component_name,
            "description": self.description,
        })
    }
}
