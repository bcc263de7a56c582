//! A database file for each user, open while they are here.
//!
//! ```text
//! first request ──> built: the file is opened      ┐
//! more requests ──> calls                           ├ one instance, one open file
//! away too long ──> closed: the file is let go of  ┘
//! next request  ──> built again: the entries are still there
//! ```
//!
//! The runtime promises what an embedded database needs: at most one instance of a user at any time, the next one
//! built only when the last has closed, and no close while a request is running.

mod journal;

use std::path::PathBuf;
use std::sync::Arc;

use journal::Journal;
use nat::{Builder, CloseReason, Context, Error, Function, UserId, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be set in the configuration file.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct JournalConfig {
    /// The folder with one file for each user. Made where it is missing.
    pub folder: PathBuf,
}

/// What a call takes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// What to write down; empty to only look
    #[serde(default)]
    pub text: String,
}

/// What a call gives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pages {
    /// Everything this user ever wrote
    pub entries: Vec<String>,
    /// How often the file has been opened: once for each time that this user came back
    pub opened: u64,
}

/// A journal that outlives its user's instance.
#[register_per_user_function(input_type = Entry, single_output_type = Pages)]
async fn per_user_journal(config: JournalConfig, builder: &Builder) -> nat::Result<JournalFunction> {
    let user = builder.user_id().ok_or_else(|| Error::runtime("a journal belongs to a user"))?;
    let path = config.folder.join(file_name(user)?);
    // A build that fails here fails the request, with the reason, and leaves nothing behind.
    let journal = blocking(move || Journal::open(&path)).await?;
    Ok(JournalFunction { journal: Arc::new(journal) })
}

struct JournalFunction {
    journal: Arc<Journal>,
}

impl Function for JournalFunction {
    type Input = Entry;
    type Output = Pages;

    async fn call(&self, _ctx: &Context, entry: Entry) -> nat::Result<Pages> {
        let journal = self.journal.clone();
        blocking(move || {
            if !entry.text.is_empty() {
                journal.add(&entry.text)?;
            }
            Ok(Pages { entries: journal.entries()?, opened: journal.opened()? })
        })
        .await
    }

    /// Runs once, before the next instance of this user can be built. Whatever has to be written must have been
    /// written already, since a crash asks nobody.
    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        blocking(move || {
            drop(self.journal);
            Ok(())
        })
        .await
    }
}

/// Files are read and written on threads that may wait: a worker that waits for a disk keeps other users waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> nat::Result<T> + Send + 'static) -> nat::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// A user's id is a UUID, or what somebody typed after `nat run --user_id`, which may be a path.
fn file_name(user: &UserId) -> nat::Result<String> {
    let name = user.to_string();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    match !name.is_empty() && name.chars().all(is_plain) {
        true => Ok(format!("{name}.redb")),
        false => Err(Error::value("a journal needs a user id of letters, digits, `-` and `_`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_id_leads_out_of_the_folder() {
        assert!(file_name(&UserId::derived("alice")).is_ok() && file_name(&UserId::named("bob")).is_ok());
        for name in ["", ".", "../bob", "a/b", "a\\b", "é"] {
            assert!(file_name(&UserId::named(name)).is_err(), "{name}");
        }
    }
}
