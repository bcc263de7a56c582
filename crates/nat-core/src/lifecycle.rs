//! Events of components, for test kits: each build and each close, as it happens.

use std::fmt;
use std::sync::Arc;

use crate::UserId;
use crate::function::CloseReason;

/// One component that was built or closed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ComponentEvent<'a> {
    /// The component's name in the file; `<workflow>` for the workflow.
    pub component: &'a str,
    /// The user whose instance it belongs to; `None` for a shared component.
    pub user: Option<&'a UserId>,
    /// The change of the component.
    pub change: ComponentChange,
}

/// The change that a [`ComponentEvent`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComponentChange {
    /// The build ended with a value.
    Built,
    /// The close ended: it returned, failed, panicked, or was dropped at its deadline.
    Closed(CloseReason),
}

/// A callback for component events. It runs on the task that builds or closes, so it must return at once and must not
/// panic.
pub type ComponentObserver = Arc<dyn Fn(ComponentEvent<'_>) + Send + Sync>;

/// The observer of one plan, if there is one.
#[derive(Default)]
pub(crate) struct Observed(pub(crate) Option<ComponentObserver>);

impl Observed {
    pub(crate) fn report(&self, component: &str, user: Option<&UserId>, change: ComponentChange) {
        if let Some(observer) = &self.0 {
            observer(ComponentEvent { component, user, change });
        }
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "observed" } else { "not observed" })
    }
}
