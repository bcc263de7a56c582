//! The thread that logs what the supervisor does, and tells the async part.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use nat_core::activity::Activity;
use tracing::{error, info};

use super::{Running, Signals, named, report_blocked};
use crate::logging::{self, Log};

/// How long the last words may take to be written.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What is to be said. With a `said`, the process ends afterwards.
pub(super) enum Announcement {
    /// The first signal, by its name.
    Stop(&'static str),
    /// The second one.
    Hurry(&'static str),
    /// One that ends the process at once.
    End { signal: &'static str, said: Sender<()> },
    /// Code blocks threads beyond the deadlines.
    Blocked { blocked: Vec<Activity>, said: Sender<()> },
    /// The process aborts, with what ran on the thread that does it.
    Abort { running: Vec<Activity>, said: Sender<()> },
}

/// Starts the thread.
///
/// # Errors
///
/// The system gives none.
pub(super) fn start(signals: Signals, log: Log) -> io::Result<Sender<Announcement>> {
    let (sender, announcements) = channel();
    std::thread::Builder::new().name("nat-announce".to_owned()).spawn(move || run(&signals, &log, announcements))?;
    Ok(sender)
}

fn run(signals: &Signals, log: &Log, announcements: Receiver<Announcement>) {
    let (first, further) = match signals.shared.running {
        Running::Server => {
            ("no new requests; running ones may finish (once more to stop at once)", "running requests are dropped")
        }
        Running::OneShot => (
            "the calls are dropped, and what was built is closed (once more to stop at once)",
            "nothing more is closed",
        ),
    };
    for announcement in announcements {
        let said = match announcement {
            Announcement::Stop(signal) => {
                info!("{signal}: {first}");
                signals.stop.cancel();
                continue;
            }
            Announcement::Hurry(signal) => {
                info!("{signal} again: {further}");
                // A first signal that was not told yet comes first in any case: the channel keeps the order.
                signals.hurry.cancel();
                continue;
            }
            Announcement::End { signal, said } => {
                logging::last_words(|| info!("{signal}: the process ends at once"));
                said
            }
            Announcement::Blocked { blocked, said } => {
                report_blocked(&blocked, 0);
                said
            }
            Announcement::Abort { running, said } => {
                let code = named(&running);
                logging::last_words(|| {
                    error!("the process aborts (stack overflow, failed allocation, second panic or abort): {code}");
                });
                said
            }
        };
        log.flush_within(LAST_WORDS, LAST_WORDS);
        let _ = said.send(());
    }
}
