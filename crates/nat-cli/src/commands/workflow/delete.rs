//! `nat workflow delete`: the folder that `create` made, and nothing else.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::name::Name;
use crate::args::DeleteOptions;
use crate::console;
use crate::failure::Failure;

pub(crate) fn delete(options: &DeleteOptions) -> Result<ExitCode, Failure> {
    let name = Name::new(&options.name)?;
    let made = name.made_in(&options.workflow_dir)?;
    if !options.yes && !is_confirmed(&format!("Delete '{}' with everything in it?", made.display()))? {
        console::out("Nothing was deleted.\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    std::fs::remove_dir_all(&made).map_err(|error| format!("'{}' cannot be deleted: {error}", made.display()))?;
    console::out(&format!("Workflow '{}' deleted successfully.\n", name.typed))?;
    Ok(ExitCode::SUCCESS)
}

fn is_confirmed(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err("nobody is there to ask whether it may be deleted\nhelp: say --yes".into());
    }
    console::err(&format!("{question} [y/N] "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| format!("the answer cannot be read: {error}"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
