//! One more archive, of a crate that did not define what archives are.

use std::sync::atomic::{AtomicUsize, Ordering};

use nat::{Builder, register_component};
use nat_outside_kind::{Archive, ArchiveRef};

struct Counting(AtomicUsize);

impl Archive for Counting {
    fn store(&self, _text: String) -> usize {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Counts texts and forgets them.
#[register_component(kind = ArchiveRef)]
async fn counting_archive(_config: (), _builder: &Builder) -> nat::Result<impl Archive> {
    Ok(Counting(AtomicUsize::new(0)))
}
