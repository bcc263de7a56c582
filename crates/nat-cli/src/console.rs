//! Standard output and standard error: a reader that has gone away is no error.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use crate::failure::Failure;
use crate::logging::Queue;

/// Columns where nobody says how many there are.
const WIDTH: usize = 100;

/// The queue of log lines, in which everything else for standard error has its place.
static STANDARD_ERROR: OnceLock<Queue> = OnceLock::new();

/// Data, to standard output.
///
/// # Errors
///
/// It cannot be written, such as to a disk that is full.
pub(crate) fn out(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("standard output cannot be written: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Anything else, to standard error: behind the log lines that came before. Waits until it is written, however slow its
/// reader is.
pub(crate) fn err(text: &str) {
    match STANDARD_ERROR.get() {
        Some(queue) => queue.keep(text).wait(),
        None => drop(std::io::stderr().write_all(text.as_bytes())),
    }
}

/// Waits until everything before is written, for a process that becomes another one.
pub(crate) fn drain() {
    err("");
}

/// The same for a server that goes on: nothing is lost, and nobody waits.
pub(crate) fn tell(text: &str) {
    match STANDARD_ERROR.get() {
        Some(queue) => drop(queue.keep(text)),
        None => err(text),
    }
}

/// Sends what is for standard error through the queue of the log from now on.
pub(crate) fn write_through(queue: Queue) {
    let _ = STANDARD_ERROR.set(queue);
}

/// `Error: MESSAGE`, to standard error.
pub(crate) fn error(message: &str) {
    err(&format!("Error: {}\n", plain(message)));
}

/// Whether standard error wants colour: a terminal, and nobody said no.
pub(crate) fn colour() -> Colour {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    if std::io::stderr().is_terminal() && !refused && !dumb { Colour::Wanted } else { Colour::Unwanted }
}

/// Columns of the terminal, as far as the environment says.
pub(crate) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    columns.filter(|columns| *columns >= 40).unwrap_or(WIDTH)
}

/// Whether to colour what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Wanted,
    Unwanted,
}

/// Text of a file or of somebody else's program, without what would move the cursor.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter }).collect()
}
