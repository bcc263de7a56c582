//! Contexts for unit tests of one function.

use std::sync::Arc;

use nat_core::{CancellationToken, Context, RequestInfo, UserId};

use crate::TestUserName;
use crate::request::{TestRequest, request_methods};

/// A builder of contexts, for a test that makes a function by hand and calls it.
///
/// No other function is in reach of such a context: a function that calls others is tested in a
/// [`TestWorkflow`](crate::TestWorkflow), with [mock functions](crate::MockFunction) where needed. Without any of the
/// methods about the request, [`Context::request`] is `None`, as in `nat run`.
///
/// ```
/// use nat_testing::TestContext;
///
/// let ctx = TestContext::new().user("alice").conversation("c1").header("X-Tenant", "acme").query("lang", "en").build();
/// assert_eq!(ctx.conversation_id(), Some("c1"));
/// let request = ctx.request().expect("a header was set");
/// assert_eq!(request.header("x-tenant"), Some("acme"));
/// assert_eq!(request.query_value("lang").as_deref(), Some("en"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestContext {
    user: Option<UserId>,
    request: Option<TestRequest>,
    stopping: CancellationToken,
}

impl TestContext {
    /// A context of nobody, with no request behind it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: impl TestUserName) -> Self {
        self.user = Some(user.user_id());
        self
    }

    request_methods!();

    /// Sets the signal that [`Context::stopping`] gives: cancelling the token is the announcement of a shutdown.
    #[must_use]
    pub fn stopping(mut self, stopping: CancellationToken) -> Self {
        self.stopping = stopping;
        self
    }

    /// The context. Each call makes another request with an id of its own.
    pub fn build(&self) -> Context {
        let request = self.request.clone().map(|request| Arc::new(request) as Arc<dyn RequestInfo>);
        Context::for_test_request(self.user.clone(), request, self.stopping.clone())
    }

    fn request_mut(&mut self) -> &mut TestRequest {
        self.request.get_or_insert_default()
    }
}
