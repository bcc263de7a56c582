//! SIGINT and SIGTERM: the first asks for an orderly end, the second for a quick one.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::info;

/// What the process was told.
#[derive(Clone, Debug)]
pub(crate) struct Signals {
    received: Arc<AtomicI32>,
    /// Fires at the first signal.
    pub(crate) stop: CancellationToken,
    /// Fires at the second.
    pub(crate) hurry: CancellationToken,
}

/// What a signal puts an end to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// Whose requests may finish.
    Server,
    /// Whose calls nobody waits for any more.
    OneShot,
}

impl Signals {
    /// Listens from now on. Must be called within a tokio runtime.
    pub(crate) fn listen(running: Running) -> std::io::Result<Self> {
        let signals =
            Self { received: Arc::default(), stop: CancellationToken::new(), hurry: CancellationToken::new() };
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        tokio::spawn(signals.clone().watch(running, interrupt, terminate));
        Ok(signals)
    }

    async fn watch(self, running: Running, mut interrupt: Signal, mut terminate: Signal) {
        let (first, further) = match running {
            Running::Server => {
                ("no new requests; running ones may finish (once more to stop at once)", "running requests are dropped")
            }
            Running::OneShot => (
                "the calls are dropped, and what was built is closed (once more to stop at once)",
                "nothing more is closed",
            ),
        };
        loop {
            let (number, name) = tokio::select! {
                _ = interrupt.recv() => (SIGINT, "SIGINT"),
                _ = terminate.recv() => (SIGTERM, "SIGTERM"),
            };
            if self.received.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                info!("{name}: {first}");
                self.stop.cancel();
            } else {
                info!("{name} again: {further}");
                self.hurry.cancel();
            }
        }
    }

    /// Whether there was one. `stop` also fires when a runtime comes to its end by itself.
    pub(crate) fn received(&self) -> bool {
        self.received.load(Ordering::SeqCst) != 0
    }

    /// How a server ends: by SIGTERM itself if that is what came first, as its parent expects; an interrupt is
    /// how a person ends it, which is 0.
    pub(crate) fn exit(&self) -> ExitCode {
        match self.received.load(Ordering::SeqCst) {
            SIGTERM => self.end(),
            _ => ExitCode::SUCCESS,
        }
    }

    /// Ends the process by the signal that came first, as the parent of what was interrupted expects.
    pub(crate) fn end(&self) -> ExitCode {
        let number = self.received.load(Ordering::SeqCst);
        // Does not return, unless the signal cannot be raised.
        let _ = signal_hook::low_level::emulate_default_handler(number);
        ExitCode::from(128 + u8::try_from(number).unwrap_or_default())
    }
}
