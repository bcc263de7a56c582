//! A component of a further kind, from its build to its close.

use std::any::Any;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::{CloseReason, Label};
use crate::Result;
use crate::kind::ComponentRef;

/// The cell holds an `Arc<R::Object>`, which it gives to those that are built with it, and lets go of at the close.
pub(crate) struct ObjectCell {
    label: Arc<Label>,
    object: Mutex<Option<Box<dyn Any + Send>>>,
    close: fn(Box<dyn Any + Send>, CloseReason) -> BoxFuture<'static, Result<()>>,
}

impl ObjectCell {
    pub(crate) fn new<R: ComponentRef>(label: Arc<Label>, object: Arc<R::Object>) -> Self {
        let close = |object: Box<dyn Any + Send>, reason| match object.downcast::<Arc<R::Object>>() {
            Ok(object) => R::close(*object, reason),
            Err(_) => unreachable!("the cell was made for this type"),
        };
        Self { label, object: Mutex::new(Some(Box::new(object))), close }
    }

    pub(crate) fn name(&self) -> &str {
        &self.label.name
    }

    /// `None` for one that is closed, or of another type.
    pub(crate) fn object<R: ComponentRef>(&self) -> Option<Arc<R::Object>> {
        self.object.lock().as_ref()?.downcast_ref::<Arc<R::Object>>().cloned()
    }

    pub(crate) fn close(&self, reason: CloseReason) -> BoxFuture<'static, Result<()>> {
        let object = self.object.lock().take();
        match object {
            Some(object) => (self.close)(object, reason),
            None => Box::pin(std::future::ready(Ok(()))),
        }
    }
}
