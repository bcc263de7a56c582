//! A function that requests can call: decoding its input, and opening it for one of them.

use std::any::type_name;
use std::fmt;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::component_set::ComponentSet;
use crate::graph::{Entry, EntryName};
use crate::instances::{Instances, OpenError, Queued, SharedGate};
use crate::interface::{Interface, InvalidInput};
use crate::session::{Access, Input, Session, SharedTurn};
use crate::{Error, Scope, UserId};
use nat_chat::ChatRequest;

/// The workflow of the file, or a function that an endpoint names. A clone is cheap.
#[derive(Clone)]
pub struct Workflow {
    pub(crate) entry: Arc<Entry>,
    pub(crate) instances: Arc<Instances>,
    pub(crate) shared: Arc<ComponentSet>,
    /// Of a shared entry: all of its calls. A per-user one has a gate for each user.
    pub(crate) gate: Arc<SharedGate>,
    /// Counts the calls of all shared entries.
    pub(crate) shared_calls: TaskTracker,
    pub(crate) queue_timeout: Duration,
    pub(crate) stopping: CancellationToken,
    pub(crate) max_call_depth: NonZeroU16,
}

impl Workflow {
    /// Which function it is.
    pub fn entry(&self) -> &EntryName {
        &self.entry.name
    }

    /// What the workflow is called where its steps are shown: its `name` setting, else its `_type`; a
    /// group's function by its full name.
    pub fn title(&self) -> &str {
        &self.entry.title
    }

    /// Whether each user has an instance of their own.
    pub fn scope(&self) -> Scope {
        self.entry.scope
    }

    /// What it takes and gives, known before any instance exists.
    pub fn interface(&self) -> &Arc<Interface> {
        &self.entry.interface
    }

    /// Reads a request body: an object of the input's fields, or of the one field of a simple input.
    /// Nothing is built or counted.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn decode(&self, body: &[u8]) -> Result<Input, InvalidInput> {
        self.entry.interface.decode(body).map(Input)
    }

    /// Reads what a person typed: as it is for a text or chat input, as JSON for any other.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub fn decode_text(&self, text: &str) -> Result<Input, InvalidInput> {
        self.entry.interface.decode_text(text).map(Input)
    }

    /// Takes a value of the function's input type, without validating it, as a typed call between functions does.
    ///
    /// # Errors
    ///
    /// A `TypeError` that names both types, when the function takes another one.
    pub fn typed_input<I: Send + 'static>(&self, input: I) -> Result<Input, Error> {
        let interface = self.interface();
        if !interface.takes::<I>() {
            let (taken, given) = (interface.input_type_name(), type_name::<I>());
            return Err(Error::type_error(format!("`{}` takes `{taken}`, not `{given}`", self.title())));
        }
        Ok(Input(Box::new(input)))
    }

    /// Takes a conversation: whole for a function that takes one, its last message's text for one that
    /// takes text.
    ///
    /// # Errors
    ///
    /// A `TypeError` that says what the function takes, when it is neither.
    pub fn decode_chat(&self, request: ChatRequest) -> Result<Input, Error> {
        self.entry.interface.decode_chat(request).map(Input)
    }

    /// Access for one request. On a per-user entry this builds the user's instance if there is none. It waits for
    /// one of the running calls that the user (or the shared workflow) may have, for at most `general.queue_timeout`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    ///
    /// # Cancellation
    ///
    /// Dropping the future gives the place in the queue back. A build that has begun goes on.
    pub async fn open(&self, user: Option<UserId>) -> Result<Session, OpenError> {
        let access = match self.entry.scope {
            Scope::PerUser => {
                let user = user.as_ref().ok_or(OpenError::NoUser)?;
                Access::PerUser(self.instances.acquire(user).await?)
            }
            Scope::Shared => {
                // Counted first: a shutdown that this call does not see waits for it.
                let counted = self.shared_calls.token();
                if self.instances.is_ending() {
                    return Err(OpenError::ShuttingDown);
                }
                let turn = Queued::at(self.gate.clone())?.turn(self.queue_timeout).await?;
                Access::Shared(SharedTurn { _turn: turn, set: self.shared.clone(), _counted: counted })
            }
        };
        let set = match &access {
            Access::PerUser(lease) => lease.set(),
            Access::Shared(turn) => &turn.set,
        };
        let function = set.target(self.entry.target).ok_or_else(|| not_built(&self.entry.name))?;
        let (entry, stopping) = (self.entry.clone(), self.stopping.clone());
        Ok(Session { access, function, entry, user, stopping, max_call_depth: self.max_call_depth })
    }
}

/// Cannot happen to a set that was built whole.
fn not_built(name: &EntryName) -> OpenError {
    OpenError::Build(crate::instances::BuildError {
        error: Error::runtime(format!("{name:?} was not built")),
        cause: crate::instances::BuildFailure::Failed,
        retry_after: None,
    })
}

impl fmt::Debug for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workflow").field("entry", &self.entry).finish_non_exhaustive()
    }
}
