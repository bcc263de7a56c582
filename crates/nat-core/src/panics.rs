//! Panics that a panic hook has logged, so that who catches them refers to that record instead of logging the text again.

use std::any::Any;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::thread::ThreadId;

use parking_lot::Mutex;
use uuid::Uuid;

/// Panics that are remembered. Most are caught within microseconds; one that a component catches by itself is never asked for.
const KEPT: usize = 64;

static LOGGED: Mutex<VecDeque<Logged>> = Mutex::new(VecDeque::new());

/// A panic in the log. The text is kept as a hash: it may be of any size.
struct Logged {
    id: Uuid,
    thread: ThreadId,
    text: u64,
}

/// Announces that a panic of this thread is about to be logged with its text, and gives the id of that record. For a panic
/// hook: what catches the panic reports the same id, and leaves the text out.
pub fn logged(text: &str) -> Uuid {
    let logged = Logged { id: Uuid::new_v4(), thread: std::thread::current().id(), text: hash(text) };
    let id = logged.id;
    let mut recent = LOGGED.lock();
    if recent.len() >= KEPT {
        recent.pop_front();
    }
    recent.push_back(logged);
    id
}

/// The id of the record of the latest panic with this text, preferably one of this thread; `None` if no hook has logged it.
/// A record is given once.
pub fn take_logged(text: &str) -> Option<Uuid> {
    let (thread, text) = (std::thread::current().id(), hash(text));
    let mut recent = LOGGED.lock();
    let here = recent.iter().rposition(|one| one.text == text && one.thread == thread);
    // The panic of a task is caught by the task that waits for it.
    let found = here.or_else(|| recent.iter().rposition(|one| one.text == text))?;
    recent.remove(found).map(|one| one.id)
}

/// The text of a panic's payload; `(no text)` for a payload that is none.
pub fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)")
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_its_text_and_its_thread_first() {
        let here = logged("found by thread");
        let elsewhere = std::thread::spawn(|| logged("found by thread")).join().unwrap();
        assert_eq!(take_logged("found by another text"), None);
        assert_eq!(take_logged("found by thread"), Some(here));
        assert_eq!(take_logged("found by thread"), Some(elsewhere));
        assert_eq!(take_logged("found by thread"), None);
    }
}
