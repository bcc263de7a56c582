//! Streams of results: `/stream` with steps for people, `/full` with steps for programs.

use std::sync::Arc;

use crate::config::OnDisconnect;
use bytes::Bytes;
use hyper::body::Body;
use nat_core::Input;

use super::entrance::{Admitted, Entrance};
use crate::app::App;
use crate::error::{self, Wording};
use crate::reply::Reply;
use crate::request::ReceivedRequest;
use crate::sse::{self, ErrorForm, EventBody, Filter, ResultFrames, StepFrames, ValueFrames};

/// A path behind which a function is streamed.
#[derive(Debug)]
pub(crate) struct StreamRoute {
    pub(crate) entrance: Entrance,
    pub(crate) steps: Steps,
    pub(crate) streaming: Streaming,
}

/// Which steps are sent along, and how.
#[derive(Clone, Debug)]
pub(crate) enum Steps {
    /// As the configuration chooses.
    Rendered(Filter),
    /// As the request chooses.
    Raw,
}

/// How any stream of a route fails and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Streaming {
    pub(crate) errors: ErrorForm,
    pub(crate) on_disconnect: OnDisconnect,
}

impl StreamRoute {
    pub(crate) async fn answer<B: Body<Data = Bytes>>(
        &self,
        app: &App,
        request: Arc<ReceivedRequest>,
        body: B,
    ) -> Reply {
        let decode = |body: &[u8]| self.entrance.workflow.decode(body);
        let admitted = match self.entrance.admit(app, request, body, decode).await {
            Ok(admitted) => admitted,
            Err(refused) => return refused,
        };
        let steps = match &self.steps {
            Steps::Rendered(filter) => StepFrames::rendered(filter.clone()),
            Steps::Raw => StepFrames::raw(Filter::of_query(admitted.request.parts.uri.query().unwrap_or_default())),
        };
        self.streaming.begin(app, &self.entrance, admitted, steps, ValueFrames).await
    }
}

impl Streaming {
    /// The answer that streams. What fails before its first byte is an answer like those of single results.
    pub(super) async fn begin(
        self,
        app: &App,
        entrance: &Entrance,
        admitted: Admitted<Input>,
        steps: StepFrames,
        results: impl ResultFrames,
    ) -> Reply {
        let Admitted { user, request, input } = admitted;
        let listening = steps.listening();
        let running = sse::open(app, &entrance.workflow, user, self.on_disconnect, request, input, listening).await;
        match running {
            Ok(running) => sse::reply(EventBody::new(
                running,
                steps,
                results,
                self.errors,
                app.exposure(),
                app.keep_alive_interval(),
            )),
            Err(refused) => error::reply(refused.into(), Wording::Kind, app.exposure()),
        }
    }
}
