//! Standard output and standard error: a reader that has gone away is no error.

use std::io::{ErrorKind, IsTerminal, Write};

use crate::failure::Failure;

/// Columns where nobody says how many there are.
const WIDTH: usize = 100;

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

/// Anything else, to standard error.
pub(crate) fn err(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
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
