//! Code of a function's author that runs outside of the function: the types that read and write themselves.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nat_core::panics;
use tracing::{debug, error};
use uuid::Uuid;

/// The number under which the log has the panic, if there was one.
pub(crate) fn unpanicked<T>(work: impl FnOnce() -> T) -> Result<T, Uuid> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panics::text(&*panic);
        match panics::take_logged(text) {
            Some(id) => {
                debug!(%id, "an input or output type panicked: the record with this id has the text");
                id
            }
            None => {
                let id = Uuid::new_v4();
                error!(%id, panic = text, "an input or output type panicked");
                id
            }
        }
    })
}
