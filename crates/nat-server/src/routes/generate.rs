//! Single results: a body in, the function's output out.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use hyper::body::Body;
use nat_core::{CallError, Input, Output, Session, Workflow};

use super::entrance::{Admitted, Entrance};
use crate::app::App;
use crate::error::{self, Wording};
use crate::reply::{self, Reply};
use crate::request::ReceivedRequest;
use crate::unpanicked::unpanicked;

/// A path behind which a function is called for one result.
#[derive(Debug)]
pub(crate) struct CallRoute {
    pub(crate) entrance: Entrance,
    pub(crate) wording: Wording,
}

impl CallRoute {
    pub(crate) async fn answer<B: Body<Data = Bytes>>(
        &self,
        app: &App,
        request: Arc<ReceivedRequest>,
        body: B,
    ) -> Reply {
        let workflow = &self.entrance.workflow;
        let decode = |body: &[u8]| workflow.decode(body);
        match self.entrance.admit(app, request, body, decode).await {
            Ok(admitted) => single(app, workflow.clone(), admitted, self.wording, Output::into_json).await,
            Err(refused) => refused,
        }
    }
}

/// The answer of one call, in the form that `write` gives it.
pub(super) async fn single(
    app: &App,
    workflow: Workflow,
    admitted: Admitted<Input>,
    wording: Wording,
    write: fn(Output) -> Result<Bytes, CallError>,
) -> Reply {
    let Admitted { user, request, input } = admitted;
    // Dropped where it is when the client leaves or the server stops: what has not begun has nothing to finish.
    let session = match app.drain().unless_begun(workflow.open(user)).await {
        Some(Ok(session)) => session,
        Some(Err(refused)) => return error::reply(refused.into(), wording, app.exposure()),
        None => return error::shutting_down(),
    };
    match app.afterlife().outliving(call(session, request, input, write)).await {
        Ok(output) => reply::json_bytes(StatusCode::OK, output),
        Err(failure) => error::reply(failure.into(), wording, app.exposure()),
    }
}

/// Everything that goes on when the client has left: the call, and the writing of its output, which still belongs to the
/// user's running calls.
async fn call(
    mut session: Session,
    request: Arc<ReceivedRequest>,
    input: Input,
    write: fn(Output) -> Result<Bytes, CallError>,
) -> Result<Bytes, CallError> {
    let output = session.call(Some(request), input).await?;
    let written = unpanicked(|| write(output)).unwrap_or_else(|id| Err(CallError::Panicked { id }));
    written.inspect_err(|_| session.fail())
}
