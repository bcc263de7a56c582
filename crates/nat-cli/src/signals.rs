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

impl Signals {
    /// Listens from now on. Must be called within a tokio runtime.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let signals =
            Self { received: Arc::default(), stop: CancellationToken::new(), hurry: CancellationToken::new() };
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        tokio::spawn(signals.clone().watch(interrupt, terminate));
        Ok(signals)
    }

    async fn watch(self, mut interrupt: Signal, mut terminate: Signal) {
        loop {
            let (number, name) = tokio::select! {
                _ = interrupt.recv() => (SIGINT, "SIGINT"),
                _ = terminate.recv() => (SIGTERM, "SIGTERM"),
            };
            if self.received.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                info!("{name}: no new requests; running ones may finish (once more to stop at once)");
                self.stop.cancel();
            } else {
                info!("{name} again: running requests are dropped");
                self.hurry.cancel();
            }
        }
    }

    /// Whether there was one. `stop` also fires when a runtime comes to its end by itself.
    pub(crate) fn received(&self) -> bool {
        self.received.load(Ordering::SeqCst) != 0
    }

    /// How the process ends: by SIGTERM itself if that is what came first, as its parent expects;
    /// otherwise with 0.
    pub(crate) fn exit(&self) -> ExitCode {
        if self.received.load(Ordering::SeqCst) == SIGTERM {
            // Does not return, unless the signal cannot be raised.
            let _ = signal_hook::low_level::emulate_default_handler(SIGTERM);
            return ExitCode::from(143);
        }
        ExitCode::SUCCESS
    }
}
