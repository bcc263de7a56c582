//! The workflow: one command line over a user's notepad and preferences.

use std::sync::atomic::{AtomicU64, Ordering};

use nat::{Builder, Context, Function, FunctionHandle, FunctionRef, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::notepad::{NoteInput, NoteOutput};
use crate::preferences::{PreferenceInput, PreferenceOutput};

const HELP: &str = "\
Available commands:
- note add <content>: Add a note
- note list: List all notes
- note clear: Clear all notes
- note count: Count notes
- pref set <key> <value>: Set a preference
- pref get <key>: Get a preference
- pref list: List all preferences
- stats: Show session statistics
- help: Show this help message";

/// What can be set under `workflow:` in the configuration file.
///
/// A [`FunctionRef`] names another component of the file. A name that does not exist there, or that this
/// workflow may not depend on, is an error when the server starts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AssistantConfig {
    /// Name of the notepad function.
    pub notepad_name: FunctionRef,
    /// Name of the preferences function.
    pub preferences_name: FunctionRef,
}

impl Default for AssistantConfig {
    fn default() -> Self {
        Self { notepad_name: "notepad".into(), preferences_name: "preferences".into() }
    }
}

/// What a request says.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct AssistantInput {
    /// Command to execute: 'note', 'pref', 'stats', or 'help'
    pub command: String,
    /// Action for the command
    #[serde(default)]
    pub action: String,
    /// First parameter (key/content)
    #[serde(default)]
    pub param1: String,
    /// Second parameter (value)
    #[serde(default)]
    pub param2: String,
}

/// What the answer says.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct AssistantOutput {
    /// Whether the command was carried out
    pub success: bool,
    /// What happened, for a person to read
    pub message: String,
    /// What the command found, and how many commands this user has executed
    pub data: Map<String, Value>,
}

/// An assistant that keeps notes and preferences, and counts the commands of each user.
#[register_per_user_function(input_type = AssistantInput, single_output_type = AssistantOutput)]
async fn per_user_assistant(config: AssistantConfig, builder: &Builder) -> nat::Result<Assistant> {
    Ok(Assistant {
        // Both are this user's own: a per-user function is looked up within the instance being built.
        notepad: builder.get_function(&config.notepad_name).await?,
        preferences: builder.get_function(&config.preferences_name).await?,
        commands_executed: AtomicU64::new(0),
    })
}

/// One user's assistant.
struct Assistant {
    notepad: FunctionHandle<NoteInput, NoteOutput>,
    preferences: FunctionHandle<PreferenceInput, PreferenceOutput>,
    commands_executed: AtomicU64,
}

impl Function for Assistant {
    type Input = AssistantInput;
    type Output = AssistantOutput;

    async fn call(&self, ctx: &Context, input: AssistantInput) -> nat::Result<AssistantOutput> {
        let AssistantInput { command, action, param1, param2 } = input;
        let commands_executed = self.commands_executed.fetch_add(1, Ordering::Relaxed) + 1;
        let mut answer = match command.to_lowercase().as_str() {
            "note" => self.notepad.call(ctx, NoteInput { action, content: param1 }).await?.into(),
            "pref" => self.preferences.call(ctx, PreferenceInput { action, key: param1, value: param2 }).await?.into(),
            "stats" => AssistantOutput::done(format!("Session statistics: {commands_executed} commands executed")),
            "help" => AssistantOutput::done(HELP),
            unknown => {
                AssistantOutput::refused(format!("Unknown command: {unknown}. Use 'help' to see available commands."))
            }
        };
        answer.data.insert("commands_executed".to_owned(), json!(commands_executed));
        Ok(answer)
    }
}

impl AssistantOutput {
    fn done(message: impl Into<String>) -> Self {
        Self { success: true, message: message.into(), ..Self::default() }
    }

    fn refused(message: impl Into<String>) -> Self {
        Self { success: false, message: message.into(), ..Self::default() }
    }
}

impl From<NoteOutput> for AssistantOutput {
    fn from(NoteOutput { success, message, notes, count }: NoteOutput) -> Self {
        let data = [("notes".to_owned(), json!(notes)), ("count".to_owned(), json!(count))];
        Self { success, message, data: data.into_iter().collect() }
    }
}

impl From<PreferenceOutput> for AssistantOutput {
    fn from(PreferenceOutput { success, message, value, preferences }: PreferenceOutput) -> Self {
        let data = [("value".to_owned(), json!(value)), ("preferences".to_owned(), json!(preferences))];
        Self { success, message, data: data.into_iter().collect() }
    }
}
