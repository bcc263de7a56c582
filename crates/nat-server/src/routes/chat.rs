//! Chat: conversations in the OpenAI form in, completions or chunks out.

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use nat_core::{CallError, Error, Input, InvalidInput, Output};

use super::completions;
use super::entrance::{Admitted, Entrance, Takes};
use super::generate::single;
use super::stream::Streaming;
use crate::app::App;
use crate::error::{self, Failure, Wording};
use crate::reply::Reply;
use crate::request::ReceivedRequest;
use crate::sse::{ChatFrames, Filter, StepFrames};

/// A path behind which a function chats.
#[derive(Debug)]
pub(crate) struct ChatRoute {
    pub(crate) entrance: Entrance,
    pub(crate) mode: Mode,
    pub(crate) wording: Wording,
    pub(crate) steps: Filter,
    pub(crate) streaming: Streaming,
}

/// Whether an answer is streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Never, whatever the request says.
    Single,
    /// Always.
    Stream,
    /// Where the request says so, as in the OpenAI API.
    AsAsked,
}

/// What the body of a request comes to.
struct Asked {
    /// An error where the function takes no chat.
    input: Result<Input, Error>,
    /// `None` for a single answer.
    frames: Option<ChatFrames>,
}

impl ChatRoute {
    pub(crate) async fn answer<B: Body<Data = Bytes>>(
        &self,
        app: &App,
        request: Arc<ReceivedRequest>,
        body: B,
    ) -> Reply {
        let admitted = self.entrance.admit(app, request, body, |body| self.decode(body)).await;
        let Admitted { user, request, input: asked } = match admitted {
            Ok(admitted) => admitted,
            Err(refused) => return refused,
        };
        let input = match asked.input {
            Ok(input) => input,
            // No byte of a stream has been sent, so a stream is refused as a single answer is.
            Err(error) => {
                let wording = if asked.frames.is_some() { Wording::Kind } else { self.wording };
                return error::reply(Failure::Call(CallError::Function(error)), wording, app.exposure());
            }
        };
        let admitted = Admitted { user, request, input };
        match asked.frames {
            Some(frames) => {
                let steps = StepFrames::rendered(self.steps.clone());
                self.streaming.begin(app, &self.entrance, admitted, steps, frames).await
            }
            None => single(app, self.entrance.workflow.clone(), admitted, self.wording, completion).await,
        }
    }

    fn decode(&self, body: &[u8]) -> Result<Asked, InvalidInput> {
        let workflow = &self.entrance.workflow;
        if self.entrance.takes == Takes::Nothing {
            let frames = (self.mode == Mode::Stream).then(ChatFrames::new);
            return Ok(Asked { input: Ok(workflow.decode(body)?), frames });
        }
        let request = nat_core::decode_chat_request(body)?;
        let frames = match self.mode {
            Mode::Single => None,
            Mode::Stream => Some(ChatFrames::new()),
            Mode::AsAsked => completions::frames(&request),
        };
        Ok(Asked { input: workflow.decode_chat(request), frames })
    }
}

fn completion(output: Output) -> Result<Bytes, CallError> {
    let completion = output.into_chat()?;
    let written = serde_json::to_vec(&completion).map_err(|error| CallError::Function(Error::from(error)))?;
    Ok(Bytes::from(written))
}
