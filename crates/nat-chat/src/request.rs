//! What is asked.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ChatMessage, NOT_MESSAGE_KEYWORD};

/// A conversation to be continued. Fields that are not named here are kept in `extra`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ChatRequest {
    /// The conversation, oldest message first; at least one.
    #[schemars(length(min = 1))]
    pub messages: Vec<ChatMessage>,
    /// The model that the client asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Less of what was said often.
    #[serde(default = "zero")]
    pub frequency_penalty: Option<f64>,
    /// Tokens to be preferred or avoided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logit_bias: Option<BTreeMap<String, f64>>,
    /// Whether to answer with log probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<bool>,
    /// How many of them for each token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_logprobs: Option<i64>,
    /// The longest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i64>,
    /// How many answers.
    #[serde(default = "one")]
    pub n: Option<i64>,
    /// Less of what was said at all.
    #[serde(default = "zero")]
    pub presence_penalty: Option<f64>,
    /// The form of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_format: Option<Map<String, Value>>,
    /// For answers that repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// How soon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier>,
    /// Whether to answer in pieces, where a route lets the body say so.
    #[serde(default = "no")]
    pub stream: Option<bool>,
    /// What else a stream should tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_options: Option<Map<String, Value>>,
    /// How free the answer may be.
    #[serde(default = "unit")]
    pub temperature: Option<f64>,
    /// The same by probability mass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Tools that may be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Map<String, Value>>>,
    /// Which of them must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// Whether several at once.
    #[serde(default = "yes")]
    pub parallel_tool_calls: Option<bool>,
    /// The client's name for whoever asks. Never who they are for this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whatever else came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

fn zero() -> Option<f64> {
    Some(0.0)
}

fn unit() -> Option<f64> {
    Some(1.0)
}

fn one() -> Option<i64> {
    Some(1)
}

fn yes() -> Option<bool> {
    Some(true)
}

fn no() -> Option<bool> {
    Some(false)
}

/// How soon an answer is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceTier {
    /// As the provider sees fit.
    Auto,
    /// As always.
    Default,
}

/// Which tool must be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ToolChoice {
    /// `auto`, `none`, `required`.
    Mode(String),
    /// A certain one.
    Tool(Map<String, Value>),
}

impl ChatRequest {
    /// A conversation of these messages, everything else as it is when a client says nothing.
    pub fn new(messages: Vec<ChatMessage>) -> Self {
        Self {
            messages,
            model: None,
            frequency_penalty: zero(),
            logit_bias: None,
            logprobs: None,
            top_logprobs: None,
            max_tokens: None,
            n: one(),
            presence_penalty: zero(),
            response_format: None,
            seed: None,
            service_tier: None,
            stream: no(),
            stream_options: None,
            temperature: unit(),
            top_p: None,
            tools: None,
            tool_choice: None,
            parallel_tool_calls: yes(),
            user: None,
            extra: Map::new(),
        }
    }

    /// A conversation that begins with what a person says.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self::new(vec![ChatMessage::user(text)])
    }

    /// The text of the last message, whoever says it; see [`ChatMessage::text`].
    pub fn last_text(&self) -> String {
        self.messages.last().map(|message| message.text().into_owned()).unwrap_or_default()
    }
}

/// A conversation, or just what a person says: exactly one of `{"messages": […]}` and `{"input_message": "…"}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "EitherBody", into = "EitherBody")]
pub enum ChatRequestOrMessage {
    /// What a person says.
    Message(String),
    /// A conversation.
    Request(Box<ChatRequest>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum EitherBody {
    Message(MessageBody),
    Request(Box<ChatRequest>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MessageBody {
    /// What a person says.
    input_message: String,
}

impl From<EitherBody> for ChatRequestOrMessage {
    fn from(body: EitherBody) -> Self {
        match body {
            EitherBody::Message(body) => Self::Message(body.input_message),
            EitherBody::Request(request) => Self::Request(request),
        }
    }
}

impl From<ChatRequestOrMessage> for EitherBody {
    fn from(either: ChatRequestOrMessage) -> Self {
        match either {
            ChatRequestOrMessage::Message(input_message) => Self::Message(MessageBody { input_message }),
            ChatRequestOrMessage::Request(request) => Self::Request(request),
        }
    }
}

impl JsonSchema for ChatRequestOrMessage {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChatRequestOrMessage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let message = generator.subschema_for::<MessageBody>();
        let request = generator.subschema_for::<ChatRequest>();
        // A conversation keeps what it does not know, and must not keep the other form.
        let mut either = json_schema!({
            "anyOf": [message, request],
            "not": { "required": ["input_message", "messages"] },
        });
        either.insert(NOT_MESSAGE_KEYWORD.to_owned(), "only one of `messages` and `input_message` may be there".into());
        either
    }
}
