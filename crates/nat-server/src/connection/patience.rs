//! How long a stream of HTTP/2 may wait for its client beside the other streams of its connection.

use std::time::Duration;

use super::Sent;
use super::pacing::PIECE;

/// What a connection must be able to write within each deadline so that a stream which is late may wait for its turn: a
/// client that takes less does not read, whatever it takes.
const PROGRESS: u64 = 8 * PIECE as u64;
/// Deadlines after which no stream waits any longer, whatever its connection does.
const MOST: u32 = 8;
/// Turns of all streams after which one that had none is not waiting for its turn. A stream may need two: its next frame
/// can be one of a single byte.
const ROUNDS: u64 = 2;

/// The rule, for all streams of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long a piece of an answer may wait when nothing else does.
    pub(super) limit: Duration,
    /// As many bytes are written to a connection when each of its streams has had its turn.
    round: u64,
}

/// The wait of one piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    /// Bytes that the connection had written when it began, and when it was last looked at.
    start: u64,
    last: u64,
    looks: u32,
}

impl Patience {
    pub(super) fn new(limit: Duration, max_streams: u32) -> Self {
        Self { limit, round: ROUNDS * u64::from(max_streams) * PIECE as u64 }
    }

    /// Whether a wait that has gone on for another `limit` has been too long. It has, if
    ///
    /// - the connection was written to so much that every stream must have had its turn: the client lets this one wait;
    /// - the connection was hardly written to, and the system would take more: so it does to all of them;
    /// - it was the last of [`MOST`].
    pub(super) fn is_over(self, wait: &mut Wait, sent: &Sent) -> bool {
        let now = sent.bytes();
        let goes_on = sent.is_blocked() || now.saturating_sub(wait.last) >= PROGRESS;
        wait.last = now;
        wait.looks += 1;
        !goes_on || wait.looks >= MOST || now.saturating_sub(wait.start) >= self.round
    }
}

impl Wait {
    pub(super) fn new(sent: &Sent) -> Self {
        let now = sent.bytes();
        Self { start: now, last: now, looks: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patience() -> Patience {
        Patience::new(Duration::from_secs(30), 100)
    }

    /// How many deadlines a stream waits on a connection that writes `bytes` in each.
    fn deadlines(bytes: u64, is_blocked: bool) -> u32 {
        let sent = Sent::default();
        sent.add(1 << 40);
        sent.block(is_blocked);
        let mut wait = Wait::new(&sent);
        let mut deadlines = 1;
        loop {
            sent.add(usize::try_from(bytes).unwrap());
            if patience().is_over(&mut wait, &sent) {
                return deadlines;
            }
            deadlines += 1;
        }
    }

    #[test]
    fn a_stream_waits_for_its_turn_and_not_for_a_client_that_does_not_read() {
        // Nothing is read, or as good as nothing.
        assert_eq!((deadlines(0, false), deadlines(PROGRESS - 1, false)), (1, 1));
        // The link is slow, and there may be many streams.
        assert_eq!((deadlines(PROGRESS, false), deadlines(0, true)), (MOST, MOST));
        // Everything else is read.
        let round = patience().round;
        assert_eq!((deadlines(round, false), deadlines(round / 2, false), deadlines(round, true)), (1, 2, 1));
        assert!(deadlines(round / 3, true) == 4 && round == 200 * PIECE as u64);
    }
}
