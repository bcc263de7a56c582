//! What is answered: whole, or in pieces.

use std::borrow::Cow;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Role, Usage};

/// The model of an answer that does not say which one it is from.
pub const UNKNOWN_MODEL: &str = "unknown-model";

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatResponse {
    /// Names this answer.
    pub id: String,
    /// `chat.completion`
    pub object: Cow<'static, str>,
    /// Which model says it.
    pub model: Cow<'static, str>,
    /// When, in seconds since 1970.
    pub created: i64,
    /// The answers, one unless more were asked for.
    pub choices: Vec<ChatChoice>,
    /// The tokens it took.
    pub usage: Usage,
    /// The provider's configuration.
    pub system_fingerprint: Option<String>,
    /// How soon it was answered.
    pub service_tier: Option<String>,
}

/// One answer of a [`ChatResponse`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatChoice {
    /// Why it ends here.
    pub finish_reason: Option<FinishReason>,
    /// Its place among several.
    pub index: u32,
    /// What is said.
    pub message: ChatAnswer,
}

/// What is said in one answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatAnswer {
    /// The text; none when tools are called instead.
    pub content: Option<String>,
    /// `assistant`
    pub role: Option<Role>,
    /// The tools that the client should call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Vec<Value>>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatChunk {
    /// Names this piece.
    pub id: String,
    /// The pieces of the answers, one unless more were asked for.
    pub choices: Vec<ChunkChoice>,
    /// When, in seconds since 1970.
    pub created: i64,
    /// Which model says it.
    pub model: Cow<'static, str>,
    /// `chat.completion.chunk`
    pub object: Cow<'static, str>,
    /// The provider's configuration.
    pub system_fingerprint: Option<String>,
    /// How soon it is answered.
    pub service_tier: Option<String>,
    /// The tokens of the whole answer, in its last piece, where a client asked for them.
    pub usage: Option<Usage>,
}

/// A piece of one answer of a [`ChatChunk`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChunkChoice {
    /// Why the answer ends here, in its last piece.
    pub finish_reason: Option<FinishReason>,
    /// Its place among several.
    pub index: u32,
    /// What is added.
    pub delta: ChatDelta,
}

/// What a piece adds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatDelta {
    /// Text.
    pub content: Option<String>,
    /// `assistant`
    pub role: Option<Role>,
    /// Calls of tools.
    pub tool_calls: Option<Vec<Value>>,
}

/// Why an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It is complete.
    Stop,
    /// It is as long as it may be.
    Length,
    /// Tools are to be called.
    ToolCalls,
    /// It was held back.
    ContentFilter,
    /// A function is to be called.
    FunctionCall,
}

impl ChatResponse {
    /// An answer of this text, from a model that nobody names, with its words counted as tokens.
    pub fn from_text(text: impl Into<String>) -> Self {
        let text = text.into();
        let usage = Usage::words_of(&text);
        let message = ChatAnswer { content: Some(text), role: Some(Role::Assistant), tool_calls: None };
        Self {
            id: Uuid::new_v4().to_string(),
            object: "chat.completion".into(),
            model: UNKNOWN_MODEL.into(),
            created: now(),
            choices: vec![ChatChoice { finish_reason: Some(FinishReason::Stop), index: 0, message }],
            usage,
            system_fingerprint: None,
            service_tier: None,
        }
    }

    /// The same, of this model.
    #[must_use]
    pub fn with_model(self, model: impl Into<Cow<'static, str>>) -> Self {
        Self { model: model.into(), ..self }
    }

    /// The same, for so many tokens.
    #[must_use]
    pub fn with_usage(self, usage: Usage) -> Self {
        Self { usage, ..self }
    }

    /// The text of the first answer.
    pub fn text(&self) -> &str {
        self.choices.first().and_then(|choice| choice.message.content.as_deref()).unwrap_or_default()
    }
}

impl ChatChunk {
    fn with_choice(delta: ChatDelta, finish_reason: Option<FinishReason>) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            choices: vec![ChunkChoice { finish_reason, index: 0, delta }],
            created: now(),
            model: UNKNOWN_MODEL.into(),
            object: "chat.completion.chunk".into(),
            system_fingerprint: None,
            service_tier: None,
            usage: None,
        }
    }

    /// A piece of this text, from a model that nobody names.
    pub fn from_text(text: impl Into<String>) -> Self {
        let delta = ChatDelta { content: Some(text.into()), role: Some(Role::Assistant), tool_calls: None };
        Self::with_choice(delta, None)
    }

    /// The last piece, which says that the answer is complete.
    pub fn stop() -> Self {
        let delta = ChatDelta { content: Some(String::new()), role: None, tool_calls: None };
        Self::with_choice(delta, Some(FinishReason::Stop))
    }

    /// The same, of this model.
    #[must_use]
    pub fn with_model(self, model: impl Into<Cow<'static, str>>) -> Self {
        Self { model: model.into(), ..self }
    }

    /// The same, with the tokens of the whole answer.
    #[must_use]
    pub fn with_usage(self, usage: Usage) -> Self {
        Self { usage: Some(usage), ..self }
    }

    /// The text that it adds to the first answer.
    pub fn text(&self) -> &str {
        self.choices.first().and_then(|choice| choice.delta.content.as_deref()).unwrap_or_default()
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
