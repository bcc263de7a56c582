//! Calls in flight, which their cell can end wherever they are.
//!
//! A close that runs out of time must be rid of the calls that still hold the value: a successor may be built only
//! when nobody holds it. A call belongs to a task of somebody else's, which may poll it never again: it may have
//! been put aside in a `select!`, or be a stream that was read half-way. So the work of a call does not lie in the
//! future that its caller polls, but in an [`InFlight`] that the cell knows as well. Polling takes the work out,
//! runs it without a lock, and puts it back; giving up drops it where it lies. Only work that a thread is running
//! at that moment cannot be dropped. It is dropped when it returns to its await, and until then the cell counts it.
//! A call that ends at its first poll, as most do, is only counted.
//!
//! Lock order: the cell's lock, then that of a call. Nobody's code runs under either.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context as TaskContext, Poll, Waker};

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, Stream, StreamExt};
use parking_lot::Mutex;

use super::erased::Payload;
use crate::{Error, Result, unwind};

/// One call of a value, known to the cell of the value and to its caller.
pub(super) struct InFlight(Mutex<State>);

struct State {
    /// `None` while a thread polls it, and once it has ended.
    work: Option<Work>,
    given_up: bool,
    /// Not counted by the cell any more.
    ended: bool,
    waker: Option<Waker>,
    before: Weak<InFlight>,
    after: Option<Arc<InFlight>>,
}

/// What a call does.
pub(super) enum Work {
    Answer(BoxFuture<'static, Result<Payload>>),
    Chunks(BoxStream<'static, Result<Payload>>),
}

impl Work {
    /// An answer is one chunk, after which the work is not polled again.
    fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Payload>>> {
        match self {
            Self::Answer(answer) => answer.poll_unpin(cx).map(Some),
            Self::Chunks(chunks) => chunks.poll_next_unpin(cx),
        }
    }

    fn goes_on_after(&self, polled: &Poll<Option<Result<Payload>>>) -> bool {
        match (self, polled) {
            (_, Poll::Pending) => true,
            (Self::Answer(_), Poll::Ready(_)) => false,
            (Self::Chunks(_), Poll::Ready(chunk)) => chunk.is_some(),
        }
    }
}

/// The calls of a cell. Lies behind the cell's lock.
#[derive(Default)]
pub(super) struct Calls {
    /// Polled for the first time at this moment. Most calls never wait, and for them this is all there is.
    fresh: u32,
    /// Those that have waited, the latest first.
    waited: Option<Arc<InFlight>>,
}

impl Calls {
    pub(super) fn is_empty(&self) -> bool {
        self.fresh == 0 && self.waited.is_none()
    }

    /// Counts one more.
    pub(super) fn begin(&mut self) {
        self.fresh += 1;
    }

    /// Counts a call out that has never waited.
    pub(super) fn end_fresh(&mut self) {
        self.fresh -= 1;
    }

    /// The first poll of a call is over, and there is work left.
    pub(super) fn park(&mut self, work: Work, waker: Option<Waker>) -> Arc<InFlight> {
        let (after, before) = (self.waited.take(), Weak::new());
        let next = after.clone();
        let state = State { work: Some(work), given_up: false, ended: false, waker, before, after };
        let call = Arc::new(InFlight(Mutex::new(state)));
        if let Some(next) = next {
            next.0.lock().before = Arc::downgrade(&call);
        }
        self.waited = Some(call.clone());
        self.fresh -= 1;
        call
    }

    /// Counts it out. Whatever it did has been dropped.
    pub(super) fn end(&mut self, call: &InFlight) {
        let (before, after) = {
            let mut state = call.0.lock();
            if std::mem::replace(&mut state.ended, true) {
                return;
            }
            (std::mem::take(&mut state.before), state.after.take())
        };
        if let Some(after) = &after {
            after.0.lock().before = before.clone();
        }
        match before.upgrade() {
            Some(before) => before.0.lock().after = after,
            None => self.waited = after,
        }
    }

    /// All that have waited.
    pub(super) fn all(&self) -> Vec<Arc<InFlight>> {
        let mut all = Vec::new();
        let mut next = self.waited.clone();
        while let Some(call) = next {
            next = call.0.lock().after.clone();
            all.push(call);
        }
        all
    }
}

impl InFlight {
    /// Drops the work, and wakes the caller, who gets an error. The cell has to count the call out then.
    pub(super) fn give_up(&self) -> GivenUp {
        let (work, waker) = {
            let mut state = self.0.lock();
            state.given_up = true;
            (state.work.take(), state.waker.take())
        };
        let Some(work) = work else { return GivenUp::Running };
        let dropped = unwind::caught(|| drop(work));
        if let Some(waker) = waker {
            waker.wake();
        }
        GivenUp::Dropped(dropped)
    }
}

/// What became of the work of a call that was given up.
pub(super) enum GivenUp {
    /// A thread runs it (or it has just ended): it is dropped as soon as it returns, and counted out then.
    Running,
    /// It was dropped. The error is the text of a panic on the way.
    Dropped(Result<(), String>),
}

/// The cell of a call, without the type of its value.
pub(super) trait Owner: Send + Sync {
    /// Keeps the work of a call after its first poll; gives it back when the cell was given up meanwhile.
    fn park(&self, work: Work, waker: Option<Waker>) -> Result<Arc<InFlight>, Work>;

    /// Counts a call out that has never been parked.
    fn ended_fresh(&self);

    /// Counts a call out.
    fn ended(&self, call: &InFlight);

    /// What a call is told whose value has been closed.
    fn was_closed(&self) -> Error;
}

/// The caller's end of a call: a future of its answer, or a stream of its chunks. It must be polled at once: before
/// that nothing but dropping it ends the call.
///
/// # Cancellation
///
/// Dropping it drops the work at its present await.
pub(crate) struct Calling {
    stage: Stage,
    owner: Arc<dyn Owner>,
}

enum Stage {
    Fresh(Work),
    Parked(Arc<InFlight>),
    Ended,
}

impl Calling {
    /// The caller's end of a call that `owner` has counted.
    pub(super) fn new(work: Work, owner: Arc<dyn Owner>) -> Self {
        Self { stage: Stage::Fresh(work), owner }
    }

    fn poll_work(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Payload>>> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Fresh(work) => self.poll_fresh(work, cx),
            Stage::Parked(call) => self.poll_parked(call, cx),
            Stage::Ended => Poll::Ready(None),
        }
    }

    fn poll_fresh(&mut self, work: Work, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Payload>>> {
        let mut running = Running { work: Some(work), call: None, owner: &*self.owner };
        let polled = running.poll(cx);
        let Some(work) = running.left_after(&polled) else { return polled };
        match self.owner.park(work, polled.is_pending().then(|| cx.waker().clone())) {
            Ok(call) => {
                self.stage = Stage::Parked(call);
                polled
            }
            Err(work) => {
                running.work = Some(work);
                drop(running);
                self.given_up()
            }
        }
    }

    fn poll_parked(&mut self, call: Arc<InFlight>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Payload>>> {
        let Some(work) = call.0.lock().work.take() else { return self.given_up() };
        let mut running = Running { work: Some(work), call: Some(&call), owner: &*self.owner };
        let polled = running.poll(cx);
        let Some(work) = running.left_after(&polled) else { return polled };
        let mut state = call.0.lock();
        if state.given_up {
            drop(state);
            running.work = Some(work);
            drop(running);
            return self.given_up();
        }
        state.work = Some(work);
        if polled.is_pending() && !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        drop(state);
        drop(running);
        self.stage = Stage::Parked(call);
        polled
    }

    fn given_up(&self) -> Poll<Option<Result<Payload>>> {
        Poll::Ready(Some(Err(self.owner.was_closed())))
    }
}

/// Work on a thread. Unless it is put back it is dropped when it ends, by a panic too, and then counted out.
struct Running<'a> {
    work: Option<Work>,
    call: Option<&'a InFlight>,
    owner: &'a dyn Owner,
}

impl Running<'_> {
    fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Payload>>> {
        self.work.as_mut().map_or(Poll::Ready(None), |work| work.poll(cx))
    }

    /// The work, unless it is over.
    fn left_after(&mut self, polled: &Poll<Option<Result<Payload>>>) -> Option<Work> {
        self.work.take_if(|work| work.goes_on_after(polled))
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            let _counted_out = CountOut(self);
            drop(work);
        }
    }
}

/// Counts a call out even if dropping its work panics.
struct CountOut<'a>(&'a Running<'a>);

impl Drop for CountOut<'_> {
    fn drop(&mut self) {
        match self.0.call {
            Some(call) => self.0.owner.ended(call),
            None => self.0.owner.ended_fresh(),
        }
    }
}

impl Future for Calling {
    type Output = Result<Payload>;

    /// # Panics
    ///
    /// When it is polled again after it has ended.
    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        self.poll_work(cx).map(|answer| answer.expect("a future is not polled after its end"))
    }
}

impl Stream for Calling {
    type Item = Result<Payload>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        self.poll_work(cx)
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        let owner = &*self.owner;
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Fresh(work) => drop(Running { work: Some(work), call: None, owner }),
            Stage::Parked(call) => {
                let work = call.0.lock().work.take();
                drop(Running { work, call: Some(&call), owner });
            }
            Stage::Ended => {}
        }
    }
}
