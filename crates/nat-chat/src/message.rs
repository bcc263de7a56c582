//! One message of a conversation.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person.
    User,
    /// The model, or what stands for it.
    Assistant,
    /// Whoever set the conversation up.
    System,
    /// A tool that the assistant has called.
    Tool,
}

/// One message. Fields that are not named here are kept in `extra`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = content_rule)]
pub struct ChatMessage {
    /// What is said. Null only for an assistant message with `tool_calls` or `function_call`.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(schema_with = "nullable_content")]
    pub content: Option<Content>,
    /// Who says it.
    pub role: Role,
    /// `tool_calls`, `function_call`, `tool_call_id`, `name` and whatever else came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Content {
    /// Text.
    Text(String),
    /// Text, pictures and sound, one after another.
    Parts(Vec<ContentPart>),
}

/// One part of what a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentPart {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    ImageUrl {
        /// Where it is.
        image_url: ImageUrl,
    },
    /// Sound.
    InputAudio {
        /// The sound itself.
        input_audio: InputAudio,
    },
}

/// Where a picture is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImageUrl {
    /// `https:` or `data:`.
    pub url: String,
    /// `detail` and whatever else came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputAudio {
    /// In base64.
    pub data: String,
    /// `wav`, `mp3`, …
    pub format: String,
    /// Whatever else came.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ChatMessage {
    fn saying(role: Role, text: impl Into<String>) -> Self {
        Self { content: Some(Content::Text(text.into())), role, extra: Map::new() }
    }

    /// What a person says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::saying(Role::User, text)
    }

    /// What a model says.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::saying(Role::Assistant, text)
    }

    /// What sets the conversation up.
    pub fn system(text: impl Into<String>) -> Self {
        Self::saying(Role::System, text)
    }

    /// The text of it: of several parts the text ones, with a space between them; nothing without content.
    pub fn text<'a>(&'a self) -> Cow<'a, str> {
        match &self.content {
            None => Cow::Borrowed(""),
            Some(Content::Text(text)) => Cow::Borrowed(text),
            Some(Content::Parts(parts)) => {
                let text = |part: &'a ContentPart| match part {
                    ContentPart::Text { text } => Some(text.as_str()),
                    _ => None,
                };
                Cow::Owned(parts.iter().filter_map(text).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// May be null, and may not be missing.
fn nullable_content(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Option<Content>>()
}

/// The rule about null content, as JSON Schema has it, with the words that clients know.
fn content_rule(schema: &mut Schema) {
    let calls = json!([
        { "required": ["tool_calls"], "properties": { "tool_calls": { "type": "array", "minItems": 1 } } },
        { "required": ["function_call"], "properties": { "function_call": { "type": "object" } } },
    ]);
    schema.insert(
        "not".to_owned(),
        json!({
            "properties": { "content": { "type": "null" } },
            "required": ["content"],
            "not": { "properties": { "role": { "const": "assistant" } }, "required": ["role"], "anyOf": calls },
        }),
    );
    schema.insert(
        crate::NOT_MESSAGE_KEYWORD.to_owned(),
        "content may be null only for assistant messages with tool_calls or function_call".into(),
    );
}
