//! The test components with a front end that this program brings.

use std::process::ExitCode;

use nat::front_end::{FrontEnd, Started, register_front_end};
use nat::runtime::EntryName;
use nat::{Error, UserId};
use nat_conformance as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

register_front_end!(Lines);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Lines {
    /// The inputs, one call for each.
    lines: Vec<String>,
}

impl FrontEnd for Lines {
    const TYPE_NAME: &'static str = "conf_lines";
    const ALIASES: &'static [&'static str] = &["lines"];
    const DESCRIPTION: &'static str = "Prints the answer of the workflow to each of its lines";

    // Answers are what this front end is for.
    #[allow(clippy::print_stdout)]
    async fn serve(self, started: Started) -> nat::Result<()> {
        let failed = |error: &dyn std::fmt::Display| Error::runtime(error.to_string());
        let workflow = started.runtime.workflow(&EntryName::Workflow).ok_or_else(|| failed(&"no workflow"))?;
        for line in &self.lines {
            let input = workflow.decode_text(line).map_err(|error| failed(&error))?;
            let mut session = workflow.open(Some(UserId::named("lines"))).await.map_err(|error| failed(&error))?;
            let output = session.call(None, input).await.map_err(|error| failed(&error))?;
            println!("{}", output.into_text().map_err(|error| failed(&error))?);
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    nat_cli::main()
}
