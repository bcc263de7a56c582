//! Panics of people's code, caught where they would take more with them than their own call.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use uuid::Uuid;

use crate::panics;

/// Does it, or says what the panic said. What a person's value does when it is dropped is no more to be trusted
/// than the rest of their code, so this is for drops as well.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(text)
}

/// What a panic said.
pub(crate) fn text(panic: Box<dyn Any + Send>) -> String {
    let said = panics::text(&*panic).to_owned();
    // The payload is the person's as well.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
    said
}

/// The id to report a panic under, and its text unless the panic hook has logged it under this id.
pub(crate) fn to_report(text: &str) -> (Uuid, Option<&str>) {
    match panics::take_logged(text) {
        Some(id) => (id, None),
        None => (Uuid::new_v4(), Some(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sore;

    impl Drop for Sore {
        fn drop(&mut self) {
            panic!("sore");
        }
    }

    #[test]
    fn panics_are_told_whatever_they_carry() {
        assert_eq!(caught(|| 5), Ok(5));
        assert_eq!(caught(|| panic!("as {}", "text")).map(|()| 0), Err("as text".to_owned()));
        assert_eq!(caught(|| drop(Sore)), Err("sore".to_owned()));
        let carried = caught(|| std::panic::panic_any(Sore)).map(|()| 0);
        assert_eq!(carried, Err("(no text)".to_owned()));
    }
}
