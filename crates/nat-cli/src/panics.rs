//! The panic hook: a panic is one record of the log, with the component and the user whose code it was.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::time::Duration;

use nat_core::activity::{self, Activity};
use nat_core::panics;
use tracing::error;
use tracing::field::display;

use crate::logging::{self, Log};

/// Bytes of a panic's text that are logged; a comparison of two large values may write megabytes.
const MOST: usize = 16 << 10;
/// How long a panic that ends the process waits for its record to be written.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Logs panics from now on, in place of the hook that was set before.
pub(crate) fn install(log: &Log) {
    let log = log.clone();
    std::panic::set_hook(Box::new(move |panic| {
        if ends_the_process(panic) {
            logging::last_words(|| record(panic));
            log.flush_within(LAST_WORDS, LAST_WORDS);
        } else {
            record(panic);
        }
    }));
}

fn record(panic: &PanicHookInfo<'_>) {
    let text = panics::text(panic.payload());
    let id = panics::logged(text);
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("(no name)");
    let location = panic.location().map(display);
    let activity = activity::current();
    let component = activity.as_ref().map(|now| now.component.as_str());
    let phase = activity.as_ref().map(Activity::verb);
    let user = activity.as_ref().and_then(|now| now.user.as_ref()).map(display);
    let backtrace = backtrace();
    let backtrace = backtrace.as_ref().map(display);
    let panic_text = shortened(text);
    if ends_the_process(panic) {
        error!(%id, panic = panic_text, component, phase, user, thread, location, backtrace, "a panic ends the process");
    } else {
        error!(%id, panic = panic_text, component, phase, user, thread, location, backtrace, "a thread panicked");
    }
}

/// Whether the runtime aborts when the hook returns. The standard library says so in a text only.
fn ends_the_process(panic: &PanicHookInfo<'_>) -> bool {
    ["panic in a destructor during cleanup", "panic in a function that cannot unwind"]
        .contains(&panics::text(panic.payload()))
}

/// Where it happened, if the environment asks for that (`RUST_BACKTRACE`).
fn backtrace() -> Option<Backtrace> {
    let asked = std::env::var_os("RUST_BACKTRACE").is_some_and(|asked| !asked.is_empty() && asked != "0");
    asked.then(Backtrace::force_capture)
}

fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(MOST);
    match text.len() - end {
        0 => text.to_owned(),
        more => format!("{}… ({more} more bytes)", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(shortened("é"), "é");
        let long = "é".repeat(MOST);
        assert_eq!(shortened(&long), format!("{}… ({MOST} more bytes)", "é".repeat(MOST / 2)));
    }
}
