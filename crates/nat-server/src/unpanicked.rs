//! Code of a function's author that runs outside of the function: the types that read and write themselves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::error;
use uuid::Uuid;

/// The number under which the log has the panic, if there was one.
pub(crate) fn unpanicked<T>(work: impl FnOnce() -> T) -> Result<T, Uuid> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let id = Uuid::new_v4();
        error!(%id, panic = text.unwrap_or("(no text)"), "an input or output type panicked");
        id
    })
}
