//! A notepad: notes that only their owner sees.

use nat::{Builder, Context, Function, register_per_user_function};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be set under `functions:` in the configuration file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NotepadConfig {
    /// Maximum number of notes per user.
    pub max_notes: usize,
}

impl Default for NotepadConfig {
    fn default() -> Self {
        Self { max_notes: 100 }
    }
}

/// What a call takes.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct NoteInput {
    /// Action to perform: 'add', 'list', 'clear', or 'count'
    pub action: String,
    /// Content of the note (for 'add')
    #[serde(default)]
    pub content: String,
}

/// What a call gives.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct NoteOutput {
    /// Whether the action was carried out
    pub success: bool,
    /// What happened, for a person to read
    pub message: String,
    /// The user's notes (filled by 'list')
    pub notes: Vec<String>,
    /// How many notes the user has now
    pub count: usize,
}

/// A notepad with notes of its own for each user.
#[register_per_user_function(input_type = NoteInput, single_output_type = NoteOutput)]
async fn per_user_notepad(config: NotepadConfig, _builder: &Builder) -> nat::Result<Notepad> {
    Ok(Notepad { max_notes: config.max_notes, notes: Mutex::default() })
}

/// One user's notepad. The runtime makes one for each user, so nothing here needs to know whose it is.
struct Notepad {
    max_notes: usize,
    // One user may have several requests in flight at once, so the notes are behind a lock.
    notes: Mutex<Vec<String>>,
}

impl Function for Notepad {
    type Input = NoteInput;
    type Output = NoteOutput;

    async fn call(&self, _ctx: &Context, input: NoteInput) -> nat::Result<NoteOutput> {
        let mut notes = self.notes.lock();
        // What a user can put right is an answer with `success: false`. `Err` is for what they cannot.
        let answer = match input.action.to_lowercase().as_str() {
            "add" if input.content.is_empty() => NoteOutput::refused("Content is required for 'add' action"),
            "add" if notes.len() >= self.max_notes => {
                NoteOutput::refused(format!("Maximum notes ({}) reached", self.max_notes))
            }
            "add" => {
                notes.push(input.content);
                NoteOutput::done("Note added successfully")
            }
            "list" => {
                let message = format!("Found {} notes", notes.len());
                NoteOutput { notes: notes.clone(), ..NoteOutput::done(message) }
            }
            "clear" => {
                let message = format!("Cleared {} notes", notes.len());
                notes.clear();
                NoteOutput::done(message)
            }
            "count" => NoteOutput::done(format!("You have {} notes", notes.len())),
            unknown => {
                NoteOutput::refused(format!("Unknown action: {unknown}. Use 'add', 'list', 'clear', or 'count'"))
            }
        };
        Ok(NoteOutput { count: notes.len(), ..answer })
    }
}

impl NoteOutput {
    fn done(message: impl Into<String>) -> Self {
        Self { success: true, message: message.into(), ..Self::default() }
    }

    fn refused(message: impl Into<String>) -> Self {
        Self { success: false, message: message.into(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notepad(max_notes: usize) -> Notepad {
        Notepad { max_notes, notes: Mutex::default() }
    }

    /// A function is a plain value: a test makes one and calls it.
    async fn ask(notepad: &Notepad, action: &str, content: &str) -> NoteOutput {
        let input = NoteInput { action: action.to_owned(), content: content.to_owned() };
        notepad.call(&Context::for_test(None), input).await.unwrap()
    }

    #[tokio::test]
    async fn notes_are_listed_in_the_order_they_were_added() {
        let notepad = notepad(9);
        ask(&notepad, "add", "milk").await;
        let added = ask(&notepad, "add", "bread").await;
        assert_eq!(added, NoteOutput { count: 2, ..NoteOutput::done("Note added successfully") });
        let listed = ask(&notepad, "list", "").await;
        assert_eq!(listed.message, "Found 2 notes");
        assert_eq!(listed.notes, ["milk", "bread"]);
    }

    #[tokio::test]
    async fn counting_and_clearing() {
        let notepad = notepad(9);
        ask(&notepad, "add", "milk").await;
        assert_eq!(ask(&notepad, "count", "").await.message, "You have 1 notes");
        assert_eq!(ask(&notepad, "clear", "").await, NoteOutput::done("Cleared 1 notes"));
        assert_eq!(ask(&notepad, "list", "").await, NoteOutput::done("Found 0 notes"));
    }

    #[tokio::test]
    async fn a_note_needs_content_and_room() {
        let notepad = notepad(1);
        let empty = ask(&notepad, "add", "").await;
        assert_eq!(empty, NoteOutput::refused("Content is required for 'add' action"));
        ask(&notepad, "add", "milk").await;
        let full = ask(&notepad, "add", "bread").await;
        assert_eq!(full, NoteOutput { count: 1, ..NoteOutput::refused("Maximum notes (1) reached") });
    }

    #[tokio::test]
    async fn the_letter_case_of_an_action_does_not_matter() {
        assert!(ask(&notepad(1), "ADD", "milk").await.success);
        let unknown = ask(&notepad(1), "Shred", "").await;
        let message = "Unknown action: shred. Use 'add', 'list', 'clear', or 'count'";
        assert_eq!(unknown, NoteOutput::refused(message));
    }
}
