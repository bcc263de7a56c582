//! The body of an answer: whole, or a stream that goes on while the function works.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// The frames of a streamed body. Whatever wraps one passes every frame on as it comes: a frame is what a
/// client should see at once.
pub(crate) type Frames = Pin<Box<dyn HttpBody<Data = Bytes, Error = Infallible> + Send>>;

/// The body of every answer.
#[derive(Default)]
pub struct Body(Form);

/// What a body consists of.
pub(crate) enum Form {
    Whole(Full<Bytes>),
    Stream(Frames),
}

impl Body {
    /// All of it at once.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Form::Whole(Full::new(bytes.into())))
    }

    /// A body that is made while it is sent.
    pub(crate) fn stream(frames: impl HttpBody<Data = Bytes, Error = Infallible> + Send + 'static) -> Self {
        Self(Form::Stream(Box::pin(frames)))
    }

    pub(crate) fn into_form(self) -> Form {
        self.0
    }

    /// The same answer with its frames, if they are a stream, behind something else.
    pub(crate) fn map_stream(self, wrap: impl FnOnce(Frames) -> Frames) -> Self {
        match self.0 {
            whole @ Form::Whole(_) => Self(whole),
            Form::Stream(frames) => Self(Form::Stream(wrap(frames))),
        }
    }
}

impl Default for Form {
    fn default() -> Self {
        Self::Whole(Full::default())
    }
}

impl From<Form> for Body {
    fn from(form: Form) -> Self {
        Self(form)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Form::Whole(whole) => Pin::new(whole).poll_frame(cx),
            Form::Stream(frames) => frames.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Form::Whole(whole) => whole.is_end_stream(),
            Form::Stream(frames) => frames.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Whole(whole) => whole.size_hint(),
            Form::Stream(frames) => frames.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Whole(whole) => f.debug_tuple("Body").field(whole).finish(),
            Form::Stream(_) => f.write_str("Body(a stream)"),
        }
    }
}
