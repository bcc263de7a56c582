//! A function's stream, and what becomes of it when nobody reads it any more.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::config::OnDisconnect;
use nat_core::{
    CallError, Event, EventStream, Input, Listening, OpenError, OutputStream, Stream, Usage, UserId, Workflow,
};

use crate::app::App;
use crate::request::ReceivedRequest;

/// A stream that has begun. It owns the user's session until it is dropped.
pub(crate) struct Running {
    /// `None` once it was taken over by a task.
    stream: Option<Source>,
    progress: Progress,
    app: App,
    on_disconnect: OnDisconnect,
}

enum Source {
    /// Nobody looks at steps, so none are made.
    Plain(OutputStream),
    WithSteps(EventStream),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    UnderWay,
    Ended,
}

/// Opens a session and begins the stream. Dropped before it is ready, nothing has begun, whatever `on_disconnect` says.
///
/// # Errors
///
/// Whatever keeps the session from being opened; nothing has been sent then.
pub(crate) async fn open(
    app: &App,
    workflow: &Workflow,
    user: Option<UserId>,
    on_disconnect: OnDisconnect,
    request: Arc<ReceivedRequest>,
    input: Input,
    listening: Listening,
) -> Result<Running, OpenError> {
    let opened = app.drain().unless_begun(workflow.open(user)).await;
    let session = opened.unwrap_or(Err(OpenError::ShuttingDown))?;
    let request = Some(Arc::new(request.detached()) as _);
    let stream = match listening {
        Listening::Nobody => Source::Plain(session.stream(request, input)),
        Listening::Somebody => Source::WithSteps(session.stream_with_steps(request, input)),
    };
    Ok(Running { stream: Some(stream), progress: Progress::UnderWay, app: app.clone(), on_disconnect })
}

impl Running {
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, CallError>>> {
        let next = match &mut self.stream {
            Some(stream) => ready!(Pin::new(stream).poll_next(cx)),
            None => None,
        };
        if next.is_none() {
            self.progress = Progress::Ended;
        }
        Poll::Ready(next)
    }

    /// Counts the request as failed, which the function does not know of.
    pub(super) fn fail(&mut self) {
        match &mut self.stream {
            Some(Source::Plain(stream)) => stream.fail(),
            Some(Source::WithSteps(stream)) => stream.fail(),
            None => {}
        }
    }

    /// What the function said it has used.
    pub(super) fn usage(&self) -> Option<Usage> {
        match self.stream.as_ref()? {
            Source::Plain(stream) => stream.usage(),
            Source::WithSteps(stream) => stream.usage(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        if self.progress == Progress::UnderWay && self.on_disconnect == OnDisconnect::Finish {
            self.app.afterlife().adopt(stream.finish());
        }
    }
}

impl Source {
    /// Runs to the end for nobody.
    async fn finish(self) {
        match self {
            Self::Plain(mut stream) => while stream.next().await.is_some() {},
            Self::WithSteps(mut stream) => {
                stream.ignore_steps();
                while stream.next().await.is_some() {}
            }
        }
    }
}

impl Stream for Source {
    type Item = Result<Event, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_next(cx).map(|next| next.map(|item| item.map(Event::Chunk))),
            Self::WithSteps(stream) => Pin::new(stream).poll_next(cx),
        }
    }
}
