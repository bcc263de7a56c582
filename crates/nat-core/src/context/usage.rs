//! Tokens used by one request, added up by whoever uses them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Usage;

/// Written seldom and read once, at the end.
#[derive(Default)]
pub(crate) struct Account {
    reports: AtomicU64,
    prompt: AtomicU64,
    completion: AtomicU64,
    total: AtomicU64,
}

impl Account {
    pub(crate) fn add(&self, usage: Usage) {
        self.prompt.fetch_add(usage.prompt_tokens, Ordering::Relaxed);
        self.completion.fetch_add(usage.completion_tokens, Ordering::Relaxed);
        self.total.fetch_add(usage.total_tokens, Ordering::Relaxed);
        // Last, so that whoever sees a report sees what it says.
        self.reports.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn sum(&self) -> Option<Usage> {
        (self.reports.load(Ordering::Acquire) > 0).then(|| Usage {
            prompt_tokens: self.prompt.load(Ordering::Relaxed),
            completion_tokens: self.completion.load(Ordering::Relaxed),
            total_tokens: self.total.load(Ordering::Relaxed),
        })
    }
}
