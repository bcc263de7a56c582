//! The queue between what happens in a request and who reads of it.
//!
//! Telling never waits for the reader. The reader is the task that polls the function, so code that blocks this task
//! (`block_in_place`, a lock, a join of tasks that tell) would wait for itself. What is told is bounded by leaving out:
//! in number by the two limits below, in bytes by the [`Budget`]. A start that was let in is always followed by its end,
//! whose place in the budget was taken with the start.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll, Waker};

use parking_lot::Mutex;
use tracing::warn;

use super::Step;
use super::budget::{self, Budget, Charge};

/// Steps that may wait before calls yield to the reader.
pub(crate) const CALLS_YIELD_AT: usize = 256;
/// Times that a call yields before it goes on all the same: nobody reads, or others tell faster than is read.
const YIELDS: usize = 4;
/// Steps that may wait before spans and calls of tasks beside the function are left out. It is also what the answer
/// can have before it that the function has not told.
pub(crate) const TASKS_ARE_LEFT_OUT_AT: usize = 512;
/// Steps that may wait before those of the function's own turn are left out: nobody can read before the turn is over.
pub(crate) const TURNS_ARE_LEFT_OUT_AT: usize = 4_096;

thread_local! {
    /// The listener of the function that this thread polls.
    static TURN: Cell<*const Listener> = const { Cell::new(ptr::null()) };
}

/// One request's listener.
#[derive(Default)]
pub(crate) struct Listener {
    inbox: Mutex<Inbox>,
    budget: Arc<Budget>,
    left_out: AtomicU64,
    /// As [`Inbox::closed`], for a look without the lock.
    deaf: AtomicBool,
}

#[derive(Default)]
struct Inbox {
    steps: VecDeque<Waiting>,
    reader: Option<Waker>,
    closed: bool,
}

/// A step in the queue, with all that it holds of the budget.
pub(super) struct Waiting {
    pub(super) step: Step,
    pub(super) charges: [Option<Charge>; 3],
}

/// The time in which the function is polled by the reader; see [`Listener::turn`].
pub(crate) struct Turn {
    before: *const Listener,
}

impl Listener {
    /// Whether anybody still reads.
    pub(crate) fn is_open(&self) -> bool {
        !self.deaf.load(Ordering::Relaxed)
    }

    /// Nobody reads any more: what waits is dropped, and nothing more is taken.
    pub(crate) fn close(&self) {
        self.deaf.store(true, Ordering::Relaxed);
        let mut inbox = self.inbox.lock();
        inbox.closed = true;
        let dropped = std::mem::take(&mut inbox.steps);
        drop(inbox);
        drop(dropped);
    }

    /// What is held of the request's steps.
    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Spans, calls and pieces of answers that were not told.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Steps that wait for the reader.
    pub(crate) fn waiting(&self) -> usize {
        self.inbox.lock().steps.len()
    }

    /// Marks what this thread does until the result is dropped as the function's own turn.
    pub(crate) fn turn(&self) -> Turn {
        Turn { before: TURN.replace(ptr::from_ref(self)) }
    }

    /// Lets the reader read where steps have piled up. Returns after a few turns whether it did or not.
    ///
    /// # Cancellation
    ///
    /// Dropping the future changes nothing.
    pub(crate) async fn yield_to_reader(&self) {
        for _ in 0..YIELDS {
            if !self.is_open() || self.waiting() < CALLS_YIELD_AT {
                return;
            }
            let mut yielded = false;
            poll_fn(|cx| {
                if std::mem::replace(&mut yielded, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
    }

    /// A place for a span or call with a name of `name` bytes: what its start costs while it waits, and what it costs
    /// until its end has been read. `None` if it is to be left out, which is counted.
    pub(super) fn admit_span(&self, name: usize) -> Option<(Charge, Charge)> {
        let admitted = self.has_room().then(|| {
            let waiting = self.budget.charge(size_of::<Waiting>(), budget::STEPS)?;
            Some((waiting, self.budget.charge(super::span::OPEN + size_of::<Waiting>() + name, budget::STEPS)?))
        });
        self.counted(admitted.flatten())
    }

    /// The same for a piece of an answer of `text` bytes.
    pub(super) fn admit_piece(&self, text: usize) -> Option<Charge> {
        let charge = || self.budget.charge(size_of::<Waiting>() + text, budget::STEPS);
        self.counted(self.has_room().then(charge).flatten())
    }

    fn has_room(&self) -> bool {
        let own_turn = ptr::eq(TURN.get(), self);
        self.waiting() < if own_turn { TURNS_ARE_LEFT_OUT_AT } else { TASKS_ARE_LEFT_OUT_AT }
    }

    fn counted<T>(&self, admitted: Option<T>) -> Option<T> {
        if admitted.is_none() && self.left_out.fetch_add(1, Ordering::Relaxed) == 0 {
            warn!("a request's steps are not read as fast as they happen: some are left out");
        }
        admitted
    }

    pub(super) fn push(&self, waiting: Waiting) {
        let mut inbox = self.inbox.lock();
        if inbox.closed {
            drop(inbox);
            return;
        }
        inbox.steps.push_back(waiting);
        let reader = inbox.reader.take();
        drop(inbox);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// The next step, if one waits.
    pub(crate) fn pop(&self) -> Option<Step> {
        self.inbox.lock().pop()
    }

    /// The next step, or none for now; then the task is woken when there is one.
    pub(crate) fn poll(&self, cx: &TaskContext<'_>) -> Poll<Step> {
        let mut inbox = self.inbox.lock();
        if let Some(step) = inbox.pop() {
            return Poll::Ready(step);
        }
        if !inbox.reader.as_ref().is_some_and(|reader| reader.will_wake(cx.waker())) {
            inbox.reader = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

impl Inbox {
    fn pop(&mut self) -> Option<Step> {
        let Waiting { step, charges } = self.steps.pop_front()?;
        drop(charges);
        if self.steps.is_empty() && self.steps.capacity() > CALLS_YIELD_AT {
            self.steps = VecDeque::new();
        }
        Some(step)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        TURN.set(self.before);
    }
}
