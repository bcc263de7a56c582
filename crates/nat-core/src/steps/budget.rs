//! The memory that one request's steps may hold, counted in bytes.
//!
//! Three things hold memory: steps that wait for the reader, spans that are open (their end repeats the input), and
//! chunks that the end of a stream will show. All of them are charged to the request's one [`Budget`] before they are
//! made, and a [`Charge`] returns its bytes when its last holder is gone. Nothing waits for memory: a value that does not
//! fit is replaced by a short mark, a span that does not fit is left out whole.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use serde::Serialize;
use serde_json::Value;

use super::measure::measure;

/// Bytes up to which inputs, outputs and chunks are held.
pub(crate) const VALUES: usize = 4 << 20;
/// Bytes up to which steps and open spans are held: so many more that large values do not keep others' starts out.
pub(crate) const STEPS: usize = 6 << 20;

/// What stands in a step for a value that did not fit.
static LEFT_OUT: LazyLock<Arc<Value>> =
    LazyLock::new(|| Arc::new("(left out: the steps of this request hold too much already)".into()));

/// The bytes that are held.
#[derive(Default)]
pub(crate) struct Budget(AtomicUsize);

/// A part of a budget, returned when its last clone is dropped.
#[derive(Clone)]
pub(crate) struct Charge(Arc<Held>);

struct Held {
    budget: Arc<Budget>,
    bytes: AtomicUsize,
}

/// An input or an output as JSON, with what it costs.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(super) value: Arc<Value>,
    pub(super) charge: Option<Charge>,
}

/// A value that can be shown, before it is written as JSON.
pub(crate) trait Showable {
    /// The bytes that [`Showable::to_value`] will hold; `None` for more than `limit`.
    fn measure(&self, limit: usize) -> Option<usize>;

    /// What cannot be written as JSON is shown as null.
    fn to_value(&self) -> Value;
}

/// A value whose type is known.
pub(crate) struct Known<'a, T: ?Sized>(pub(crate) &'a T);

/// A value whose type its interface knows.
pub(crate) struct Erased<'a> {
    pub(crate) value: &'a dyn Any,
    pub(crate) measure: fn(&dyn Any, usize) -> Option<usize>,
    pub(crate) to_value: fn(&dyn Any) -> serde_json::Result<Value>,
}

impl<T: Serialize + ?Sized> Showable for Known<'_, T> {
    fn measure(&self, limit: usize) -> Option<usize> {
        measure(self.0, limit)
    }

    fn to_value(&self) -> Value {
        serde_json::to_value(self.0).unwrap_or_default()
    }
}

impl Showable for Erased<'_> {
    fn measure(&self, limit: usize) -> Option<usize> {
        (self.measure)(self.value, limit)
    }

    fn to_value(&self) -> Value {
        (self.to_value)(self.value).unwrap_or_default()
    }
}

impl Budget {
    /// The bytes held now.
    pub(crate) fn held(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes `bytes`, unless more than `limit` were held then.
    pub(super) fn charge(self: &Arc<Self>, bytes: usize, limit: usize) -> Option<Charge> {
        self.take(bytes, limit).then(|| Charge(Arc::new(Held { budget: self.clone(), bytes: bytes.into() })))
    }

    /// The value as JSON, or the mark if it does not fit.
    pub(crate) fn show(self: &Arc<Self>, value: &impl Showable) -> Shown {
        let fitting = value.measure(VALUES.saturating_sub(self.held()));
        match fitting.and_then(|bytes| self.charge(bytes, VALUES)) {
            Some(charge) => Shown { value: Arc::new(value.to_value()), charge: Some(charge) },
            None => Shown::left_out(),
        }
    }

    fn take(&self, bytes: usize, limit: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= limit);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }
}

impl Charge {
    /// Takes `bytes` more, unless more than [`VALUES`] were held then.
    pub(super) fn grow(&self, bytes: usize) -> bool {
        let grown = self.0.budget.take(bytes, VALUES);
        if grown {
            self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        grown
    }

    pub(super) fn budget(&self) -> &Arc<Budget> {
        &self.0.budget
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

impl Shown {
    pub(super) fn left_out() -> Self {
        Self { value: LEFT_OUT.clone(), charge: None }
    }
}

/// Whether the mark stands where the value should be.
pub(super) fn is_left_out(value: Option<&Arc<Value>>) -> bool {
    value.is_some_and(|value| Arc::ptr_eq(value, &LEFT_OUT))
}
