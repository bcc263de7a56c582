//! `nat schema`: what a workflow file may hold, for editors.

use std::process::ExitCode;

use nat_core::config::file_schema;

use crate::args::SchemaOptions;
use crate::console;
use crate::failure::Failure;
use crate::project::registry;

pub(crate) fn schema(options: &SchemaOptions) -> Result<ExitCode, Failure> {
    let schema = format!("{:#}\n", file_schema(&registry()?));
    match &options.output {
        None => console::out(&schema)?,
        Some(path) => {
            let written = std::fs::write(path, schema);
            written.map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
