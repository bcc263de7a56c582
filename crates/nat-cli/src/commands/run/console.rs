//! `general.front_end` with `_type: console`: a workflow on inputs from the file or the command line.

use nat_core::config::{FrontEnd, Started};
use nat_core::{EntryName, Error, Result, StartError, UserId, register_front_end};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Caller, calls, file, plain, results};
use crate::console;

register_front_end!(Console);

/// One run from the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Console {
    /// One input, or several that run at once.
    pub(crate) input: Option<Inputs>,
    /// A file that is one input.
    pub(crate) input_file: Option<String>,
    /// The user who runs it, as plain text. Default: `nat_run_user_id`.
    pub(crate) user_id: String,
    /// The conversation it belongs to.
    pub(crate) conversation_id: Option<String>,
}

/// What a console front end runs on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Inputs {
    /// One text.
    One(String),
    /// Several, run at once.
    Many(Vec<String>),
}

impl Default for Console {
    fn default() -> Self {
        Self { input: None, input_file: None, user_id: "nat_run_user_id".to_owned(), conversation_id: None }
    }
}

impl Console {
    /// The inputs that the file names.
    ///
    /// # Errors
    ///
    /// The file names none, or two kinds of them, or a file that cannot be read.
    pub(crate) fn inputs(&self) -> Result<Vec<String>, String> {
        match (&self.input, &self.input_file) {
            (Some(Inputs::One(input)), None) => Ok(vec![input.clone()]),
            (Some(Inputs::Many(inputs)), None) => Ok(inputs.clone()),
            (None, Some(path)) => Ok(vec![file(path.as_ref())?]),
            (Some(_), Some(_)) => Err("Must specify either --input or --input_file, not both".to_owned()),
            (None, None) => Err("Must specify either --input or --input_file".to_owned()),
        }
    }
}

impl FrontEnd for Console {
    const TYPE_NAME: &'static str = "console";
    const DESCRIPTION: &'static str = "One run from the command line (`nat run`)";

    async fn serve(self, started: Started) -> Result<()> {
        let failed = |message: String| Error::runtime(message);
        let workflow = started.runtime.workflow(&EntryName::Workflow);
        let workflow = workflow.ok_or_else(|| failed(StartError::NoWorkflow.to_string()))?;
        let inputs = self.inputs().map_err(failed)?;
        let caller = Caller { user: UserId::named(&self.user_id), conversation_id: self.conversation_id };
        let mut calls = calls(caller, &workflow, inputs);
        let results = tokio::select! {
            biased;
            results = results(&mut calls) => results,
            () = started.stop.cancelled() => return Ok(()),
        };
        for result in results {
            console::out(&format!("{}\n", plain::plain(&result.map_err(failed)?)))
                .map_err(|error| failed(error.to_string()))?;
        }
        Ok(())
    }
}
