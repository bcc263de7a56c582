//! The bounded queue between threads that log and a place that may stop taking what is written to it.
//!
//! A pipe whose reader has stopped blocks who writes to it, for as long as the reader likes. So nobody writes but a thread
//! of the queue's own; everybody else appends to a buffer under a mutex that is never held while something is written.
//! When the buffer is full, log lines are dropped and counted, and the count is written where they would have stood. What
//! must not be lost (results, diagnostics) is appended whatever the bound says, and its author waits until it is written.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Bytes that may wait, those included that are being written.
pub(super) const MAX_BYTES: usize = 4 << 20;
/// Lines that may wait.
pub(super) const MAX_LINES: usize = 32_768;
/// Bytes of one write, unless one line is longer: what POSIX promises to write to a pipe in one piece.
const PIECE: usize = 4096;
/// The wait for a place that cannot be written to at the moment, such as a terminal that another program made non-blocking.
const RETRY: Duration = Duration::from_millis(5);

/// A place for lines, written to by a thread of its own. A clone is the same queue; the thread ends with the last of them.
#[derive(Clone)]
pub(crate) struct Queue(Arc<Handle>);

/// The line that says how many were dropped, with its line break.
pub(super) type Dropped = fn(u64) -> String;

struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// There is something to write, or nothing more will come.
    filled: Condvar,
    /// Something was written.
    written: Condvar,
    dropped: Dropped,
}

#[derive(Default)]
struct State {
    /// Whole lines that the thread has not taken yet.
    waiting: String,
    waiting_lines: usize,
    /// Bytes and lines that the thread has taken and not written yet.
    in_flight: usize,
    in_flight_lines: usize,
    /// Lines that were dropped since the last that was not.
    dropped: u64,
    /// Bytes over the whole time.
    pushed: u64,
    done: u64,
    ended: bool,
}

impl Queue {
    /// Writes to `place` on a new thread.
    ///
    /// # Errors
    ///
    /// The system gives no further thread.
    pub(super) fn new(place: impl Write + Send + 'static, dropped: Dropped) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { state: Mutex::default(), filled: Condvar::new(), written: Condvar::new(), dropped });
        let writer = Writer { shared: shared.clone(), place };
        std::thread::Builder::new().name("nat-log".to_owned()).spawn(move || writer.run())?;
        Ok(Self(Arc::new(Handle { shared })))
    }

    /// Appends a log line as [`Queue::log`] does, or as [`Queue::keep`] where it is among the last words of the process.
    pub(super) fn append(&self, line: &str) {
        match super::LAST_WORDS.get() {
            true => drop(self.keep(line)),
            false => self.log(line),
        }
    }

    /// Appends a log line, which is dropped and counted when the queue is full.
    fn log(&self, line: &str) {
        let shared = &self.0.shared;
        let mut state = shared.state.lock();
        let bytes = state.waiting.len() + state.in_flight;
        let lines = state.waiting_lines + state.in_flight_lines;
        // A line that is longer than the bound is taken by an empty queue.
        if bytes > 0 && (bytes + line.len() > MAX_BYTES || lines >= MAX_LINES) {
            state.dropped += 1;
            return;
        }
        state.tell_dropped(shared.dropped);
        state.append(line);
        drop(state);
        shared.filled.notify_one();
    }

    /// Appends what must not be lost, however full the queue is, and does not wait for it.
    pub(crate) fn keep(&self, text: &str) -> Ticket<'_> {
        let shared = &self.0.shared;
        let mut state = shared.state.lock();
        state.tell_dropped(shared.dropped);
        state.append(text);
        let end = state.pushed;
        drop(state);
        shared.filled.notify_one();
        Ticket { queue: self, end }
    }

    /// Waits until everything is written that has been appended so far, and how many lines were dropped, but gives up
    /// after `longest`, or when nothing could be written for `stalled`. Says whether everything is written.
    pub(crate) fn flush(&self, longest: Duration, stalled: Duration) -> bool {
        let shared = &self.0.shared;
        let mut state = shared.state.lock();
        let deadline = Instant::now() + longest;
        let (mut done, mut progress) = (state.done, Instant::now());
        let mut end = state.pushed;
        loop {
            if state.done >= end {
                if state.dropped == 0 {
                    return true;
                }
                // The thread would tell it next, but perhaps the process is not there any more by then.
                state.tell_dropped(shared.dropped);
                end = state.pushed;
            }
            shared.filled.notify_one();
            if state.done != done {
                (done, progress) = (state.done, Instant::now());
            }
            let until = deadline.min(progress + stalled);
            if Instant::now() >= until {
                return false;
            }
            shared.written.wait_until(&mut state, until);
        }
    }
}

/// What must not be lost, on its way.
#[must_use = "drop it, if nobody has to wait"]
pub(crate) struct Ticket<'q> {
    queue: &'q Queue,
    end: u64,
}

impl Ticket<'_> {
    /// Waits until it is written, or its reader has gone away.
    pub(crate) fn wait(self) {
        let shared = &self.queue.0.shared;
        let mut state = shared.state.lock();
        while state.done < self.end {
            shared.written.wait(&mut state);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.state.lock().ended = true;
        self.shared.filled.notify_one();
    }
}

impl State {
    fn append(&mut self, text: &str) {
        self.waiting.push_str(text);
        self.waiting_lines += 1;
        self.pushed += text.len() as u64;
    }

    fn tell_dropped(&mut self, line: Dropped) {
        if self.dropped > 0 {
            let line = line(std::mem::take(&mut self.dropped));
            self.append(&line);
        }
    }
}

/// The thread that writes.
struct Writer<W> {
    shared: Arc<Shared>,
    place: W,
}

impl<W: Write> Writer<W> {
    fn run(mut self) {
        loop {
            let mut state = self.shared.state.lock();
            if state.waiting.is_empty() {
                // Nothing came after the lines that were dropped, and the reader is back.
                state.tell_dropped(self.shared.dropped);
            }
            if state.waiting.is_empty() {
                if state.ended {
                    return;
                }
                self.shared.filled.wait(&mut state);
                continue;
            }
            let text = std::mem::take(&mut state.waiting);
            state.in_flight = text.len();
            state.in_flight_lines = std::mem::take(&mut state.waiting_lines);
            drop(state);
            for piece in pieces(&text) {
                // A reader that has gone away, or a disk that is full, must not end the server.
                let _ = self.write(piece.as_bytes());
                let mut state = self.shared.state.lock();
                state.in_flight -= piece.len();
                state.done += piece.len() as u64;
                self.shared.written.notify_all();
            }
            self.shared.state.lock().in_flight_lines = 0;
        }
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.place.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::park_timeout(RETRY),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Whole lines, as many as one write may hold, and at least one.
fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let most = &text.as_bytes()[..text.len().min(PIECE)];
        let last = most.iter().rposition(|byte| *byte == b'\n');
        let end = last.or_else(|| text.find('\n')).map_or(text.len(), |at| at + 1);
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests;
