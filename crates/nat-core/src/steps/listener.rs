//! The queue between what happens in a request and who reads of it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Waker};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tracing::warn;

use super::Step;

/// So many steps may wait for the reader before calls wait too.
pub(crate) const CALLS_WAIT_AT: usize = 256;
/// So many before spans, which cannot wait, are left out.
pub(crate) const SPANS_ARE_LEFT_OUT_AT: usize = 4_096;

/// One request's listener.
///
/// The reader is the one who polls the request's own future, so most of the time back-pressure comes
/// by itself: while steps wait, nothing runs. The limits are for what runs elsewhere, on tasks that a
/// function has spawned, and for code that goes on without ever waiting. A start that was let in is
/// always followed by its end, so what waits is at most a limit and what runs.
#[derive(Default)]
pub(crate) struct Listener {
    inbox: Mutex<Inbox>,
    room: Notify,
    deaf: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    steps: VecDeque<Step>,
    reader: Option<Waker>,
    left_out: u64,
}

impl Listener {
    /// Whether anybody still reads.
    pub(crate) fn is_open(&self) -> bool {
        !self.deaf.load(Ordering::Relaxed)
    }

    /// Nobody reads any more: what waits is forgotten, and nobody waits for room.
    pub(crate) fn close(&self) {
        self.deaf.store(true, Ordering::Relaxed);
        let forgotten = std::mem::take(&mut self.inbox.lock().steps);
        drop(forgotten);
        self.room.notify_waiters();
    }

    pub(super) fn push(&self, step: Step) {
        if !self.is_open() {
            return;
        }
        let mut inbox = self.inbox.lock();
        inbox.steps.push_back(step);
        let reader = inbox.reader.take();
        drop(inbox);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Waits until the reader has caught up so far that a call may begin.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing.
    pub(crate) async fn room(&self) {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            if !self.is_open() || self.inbox.lock().steps.len() < CALLS_WAIT_AT {
                return;
            }
            room.await;
        }
    }

    /// Whether a span, which cannot wait, may still be told.
    pub(crate) fn has_room_for_span(&self) -> bool {
        let mut inbox = self.inbox.lock();
        let has_room = inbox.steps.len() < SPANS_ARE_LEFT_OUT_AT;
        if !has_room {
            inbox.left_out += 1;
            if inbox.left_out == 1 {
                warn!("a request's steps are not read as fast as they happen: spans are left out");
            }
        }
        has_room
    }

    /// The next step, or none for now; then the task is woken when there is one.
    pub(crate) fn poll(&self, cx: &TaskContext<'_>) -> Option<Step> {
        let mut inbox = self.inbox.lock();
        match inbox.steps.pop_front() {
            Some(step) => {
                let waited_for = inbox.steps.len() + 1 == CALLS_WAIT_AT;
                drop(inbox);
                if waited_for {
                    self.room.notify_waiters();
                }
                Some(step)
            }
            None => {
                if !inbox.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
                    inbox.reader = Some(cx.waker().clone());
                }
                None
            }
        }
    }
}
