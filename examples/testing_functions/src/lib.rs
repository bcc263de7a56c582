//! A notepad for each user, which has its notes spell-checked: something to test.

use std::io::Write;
use std::process::{Command, Stdio};

use nat::{Builder, CloseReason, Context, Function, FunctionHandle, FunctionRef};
use nat::{register_function, register_per_user_function};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of a notepad.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct NotepadConfig {
    /// Notes that a user may have at once
    #[serde(default = "ten")]
    pub max_notes: usize,
    /// The function that corrects a note
    pub spelling: FunctionRef,
}

fn ten() -> usize {
    10
}

/// The input of a call.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct AddNote {
    /// The text of the note
    pub text: String,
}

/// The output of a call.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Notes {
    /// All notes of the user, oldest first
    pub notes: Vec<String>,
    /// The tenant that the request named
    pub tenant: Option<String>,
}

/// Adds a note, and gives all of them.
#[register_per_user_function(input_type = AddNote, single_output_type = Notes)]
async fn notepad(config: NotepadConfig, builder: &Builder) -> nat::Result<Notepad> {
    Ok(Notepad::new(config.max_notes, builder.get_function(&config.spelling).await?))
}

/// One user's notepad.
#[derive(Debug)]
pub struct Notepad {
    max_notes: usize,
    spelling: FunctionHandle<String, String>,
    notes: Mutex<Vec<String>>,
}

impl Notepad {
    /// An empty notepad.
    pub fn new(max_notes: usize, spelling: FunctionHandle<String, String>) -> Self {
        Self { max_notes, spelling, notes: Mutex::default() }
    }
}

impl Function for Notepad {
    type Input = AddNote;
    type Output = Notes;

    async fn call(&self, ctx: &Context, note: AddNote) -> nat::Result<Notes> {
        let text = self.spelling.call(ctx, note.text).await?;
        let mut notes = self.notes.lock();
        if notes.len() >= self.max_notes {
            return Err(nat::Error::value(format!("the notepad holds {} notes already", self.max_notes)));
        }
        notes.push(text);
        let tenant = ctx.request().and_then(|request| request.header("x-tenant")).map(str::to_owned);
        Ok(Notes { notes: notes.clone(), tenant })
    }

    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

/// Corrects a text with the program `aspell`, which few machines have: tests replace this function.
#[register_function(input_name = "text")]
async fn spelling(_config: (), _builder: &Builder) -> nat::Result<Spelling> {
    Ok(Spelling)
}

struct Spelling;

impl Function for Spelling {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        tokio::task::spawn_blocking(move || corrected(&text)).await?
    }
}

/// Replaces each word that `aspell` does not know by its first suggestion.
fn corrected(text: &str) -> nat::Result<String> {
    let aspell = Command::new("aspell").arg("pipe").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut aspell = aspell.map_err(|error| nat::Error::runtime(format!("`aspell` does not start: {error}")))?;
    if let Some(mut input) = aspell.stdin.take() {
        // With the circumflex in front, no line is taken for a command.
        writeln!(input, "^{}", text.replace('\n', " "))?;
    }
    let report = String::from_utf8(aspell.wait_with_output()?.stdout)?;
    let mut corrected = text.to_owned();
    // `& teh 31 1: the, tech, …`
    for line in report.lines().filter_map(|line| line.strip_prefix("& ")) {
        let word = line.split(' ').next().unwrap_or_default();
        let suggestion = line.split(": ").nth(1).and_then(|all| all.split(", ").next());
        if let Some(suggestion) = suggestion {
            corrected = corrected.replace(word, suggestion);
        }
    }
    Ok(corrected)
}
