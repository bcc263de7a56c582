//! The code of components that runs on each thread at the moment, for what is said when a thread panics, blocks or aborts.
//!
//! Every poll of a call, a build or a close enters its component and user in a slot of the thread that polls, and takes
//! them out at the end of the poll. A slot belongs to one thread, so its mutex is contended only while somebody reads
//! the slots: at a panic, and when a stop finds code that blocks. A task that a function spawns is polled by the runtime
//! alone and has no entry.

pub(crate) mod watch;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;

use crate::UserId;

/// Bytes of a component's name that are kept; longer names are cut.
const NAME: usize = 56;
/// A slot is locked for a few instructions. One that stays locked belongs to a thread that was stopped in them.
const LOCKED: Duration = Duration::from_millis(50);

static SLOTS: Mutex<Vec<Arc<Slot>>> = Mutex::new(Vec::new());
static NUMBERS: AtomicU32 = AtomicU32::new(1);

thread_local! {
    static MINE: Mine = Mine::register();
    // Without a destructor and without lazy initialisation, so that a signal handler may read it.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

/// One component's code on one thread, as it was when the slot was read.
#[derive(Clone, Debug)]
pub struct Activity {
    /// What the component does.
    pub phase: Phase,
    /// The name of the function or group in the workflow file; cut after 56 bytes.
    pub component: String,
    /// The user whose instance it belongs to; `None` for a shared component.
    pub user: Option<UserId>,
    /// The number of the thread: see [`thread_number`].
    pub thread: u32,
    /// Counts the polls of the thread. An activity with the same thread and turn is the same poll.
    turn: u64,
}

/// What a component's code is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The component is built.
    Build,
    /// Its function answers a request.
    Call,
    /// It is closed.
    Close,
}

/// The component whose code runs on the calling thread; `None` outside of components, and in tasks that they spawn.
pub fn current() -> Option<Activity> {
    MINE.try_with(|mine| mine.0.read()).ok().flatten()
}

/// The components whose code runs at the moment, on all threads.
///
/// Code that waits at an `await` is not listed. What is listed by two calls some time apart, see
/// [`Activity::is_same_poll`], has not come to an `await` in between: it blocks its thread.
pub fn all() -> Vec<Activity> {
    let slots = SLOTS.lock().clone();
    slots.iter().filter_map(|slot| slot.read()).collect()
}

/// The number of the calling thread, by which [`Activity::thread`] names it; 0 for a thread that has run no component yet.
/// Safe to call from a signal handler.
pub fn thread_number() -> u32 {
    NUMBER.get()
}

impl Activity {
    /// `build`, `call` or `close`.
    pub fn verb(&self) -> &'static str {
        match self.phase {
            Phase::Build => "build",
            Phase::Call => "call",
            Phase::Close => "close",
        }
    }

    /// Whether both were read during one poll, which has not ended in between.
    pub fn is_same_poll(&self, other: &Self) -> bool {
        (self.thread, self.turn) == (other.thread, other.turn)
    }
}

impl fmt::Display for Activity {
    /// `a call of `notepad` for user 7b03…`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} of `{}`", self.verb(), self.component)?;
        match &self.user {
            Some(user) => write!(f, " for user {user}"),
            None => Ok(()),
        }
    }
}

/// Enters a component in the calling thread's slot until the guard is dropped, which puts back what was there before.
pub(crate) fn enter(phase: Phase, component: &str, user: Option<&UserId>) -> Entered {
    watch::component_runs();
    let record = Record { phase, name: Name::new(component), user: user.cloned() };
    // Only a thread that is about to end has no slot any more.
    let previous = MINE.try_with(|mine| mine.0.replace(Some(record))).ok().flatten();
    Entered { previous, _of_this_thread: PhantomData }
}

/// A component's code for as long as the value lives.
pub(crate) struct Entered {
    previous: Option<Record>,
    _of_this_thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let previous = self.previous.take();
        let _ = MINE.try_with(|mine| mine.0.replace(previous));
    }
}

/// A future that is entered as its component whenever it is polled, and when it is dropped.
pub(crate) fn during<'a, F>(phase: Phase, component: &'a str, user: Option<&'a UserId>, future: F) -> During<'a, F> {
    During { phase, component, user, future: Some(future) }
}

pub(crate) struct During<'a, F> {
    phase: Phase,
    component: &'a str,
    user: Option<&'a UserId>,
    /// Nothing once it has ended.
    future: Option<F>,
}

impl<F: Future + Unpin> Future for During<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = enter(self.phase, self.component, self.user);
        let Some(future) = &mut self.future else { return Poll::Pending };
        let polled = Pin::new(future).poll(cx);
        if polled.is_ready() {
            // Here, where it is entered already.
            self.future = None;
        }
        polled
    }
}

impl<F> Drop for During<'_, F> {
    fn drop(&mut self) {
        if self.future.is_some() {
            let _entered = enter(self.phase, self.component, self.user);
            drop(self.future.take());
        }
    }
}

/// The slot of one thread.
struct Slot {
    number: u32,
    work: Mutex<Work>,
}

/// One poll of one thread.
struct Turn {
    thread: u32,
    number: u64,
}

struct Work {
    turn: u64,
    running: Option<Record>,
}

struct Record {
    phase: Phase,
    name: Name,
    user: Option<UserId>,
}

/// A name without an allocation: it is written at every poll.
struct Name {
    bytes: [u8; NAME],
    length: u8,
}

impl Name {
    fn new(text: &str) -> Self {
        let length = text.floor_char_boundary(NAME);
        let mut bytes = [0; NAME];
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        Self { bytes, length: u8::try_from(length).unwrap_or_default() }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes[..usize::from(self.length)]).into_owned()
    }
}

impl Slot {
    fn replace(&self, running: Option<Record>) -> Option<Record> {
        let mut work = self.work.lock();
        work.turn += 1;
        std::mem::replace(&mut work.running, running)
    }

    /// The present poll, if a component runs in it.
    fn running_turn(&self) -> Option<Turn> {
        let work = self.work.try_lock_for(LOCKED)?;
        work.running.as_ref()?;
        Some(Turn { thread: self.number, number: work.turn })
    }

    fn read(&self) -> Option<Activity> {
        let work = self.work.try_lock_for(LOCKED)?;
        let running = work.running.as_ref()?;
        Some(Activity {
            phase: running.phase,
            component: running.name.text(),
            user: running.user.clone(),
            thread: self.number,
            turn: work.turn,
        })
    }
}

/// Takes the slot out of the list when its thread ends.
struct Mine(Arc<Slot>);

impl Mine {
    fn register() -> Self {
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        NUMBER.set(number);
        let slot = Arc::new(Slot { number, work: Mutex::new(Work { turn: 0, running: None }) });
        SLOTS.lock().push(slot.clone());
        Self(slot)
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        SLOTS.lock().retain(|slot| !Arc::ptr_eq(slot, &self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn names() -> Option<(Phase, String, Option<UserId>)> {
        current().map(|now| (now.phase, now.component, now.user))
    }

    #[tokio::test]
    async fn a_poll_is_entered_and_a_wait_is_not() {
        let alice = UserId::derived("alice");
        let mut first = true;
        let future = Box::pin(poll_fn(move |cx| {
            assert_eq!(names(), Some((Phase::Call, "notepad".to_owned(), Some(UserId::derived("alice")))));
            if std::mem::take(&mut first) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let _inner = enter(Phase::Close, "inner", None);
            assert_eq!(names(), Some((Phase::Close, "inner".to_owned(), None)));
            Poll::Ready(())
        }));
        let mut call = during(Phase::Call, "notepad", Some(&alice), future);
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            let polled = Pin::new(&mut call).poll(cx);
            assert_eq!(names(), None, "between two polls");
            polled
        })
        .await;
        assert_eq!(polls, 2);
    }

    #[test]
    fn a_thread_that_blocks_is_seen_from_another_one_until_it_ends() {
        let (blocks, blocked) = std::sync::mpsc::channel::<()>();
        let (sender, entered) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _entered = enter(Phase::Build, &"é".repeat(NAME), None);
            sender.send(thread_number()).unwrap();
            blocked.recv().unwrap_err();
        });
        let number = entered.recv().unwrap();
        let mine = || all().into_iter().find(|activity| activity.thread == number);
        let (before, after) = (mine().unwrap(), mine().unwrap());
        assert!(before.is_same_poll(&after));
        assert_eq!(before.to_string(), format!("a build of `{}`", "é".repeat(NAME / 2)));
        drop(blocks);
        thread.join().unwrap();
        assert!(mine().is_none());
        assert!(!SLOTS.lock().iter().any(|slot| slot.number == number), "the slot goes with its thread");
    }

    #[test]
    fn a_drop_runs_as_its_component() {
        struct Seen(std::sync::mpsc::Sender<Option<(Phase, String, Option<UserId>)>>);
        impl Drop for Seen {
            fn drop(&mut self) {
                let _ = self.0.send(names());
            }
        }
        let (sender, seen) = std::sync::mpsc::channel();
        drop(during(Phase::Call, "f", None, Seen(sender)));
        assert_eq!(seen.recv().unwrap(), Some((Phase::Call, "f".to_owned(), None)));
        assert_eq!(names(), None);
    }
}
