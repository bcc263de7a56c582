//! Functions that know chat by name.

use std::time::Duration;

use nat::chat::{ChatChunk, ChatRequest, ChatRequestOrMessage, ChatResponse};
use nat::{
    Builder, Context, Error, Function, Stream, StreamingFunction, Usage, from_fn, register_function,
    register_per_user_function, stream,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::counters::Counter;

/// Takes a conversation, or just a message.
#[register_function]
async fn conf_chat_or_message(
    _settings: (),
    _builder: &Builder,
) -> nat::Result<impl Function<Input = ChatRequestOrMessage, Output = String>> {
    Ok(from_fn((), |_, _ctx, asked: ChatRequestOrMessage| async move {
        Ok(match asked {
            ChatRequestOrMessage::Message(message) => format!("message: {message}"),
            ChatRequestOrMessage::Request(request) => {
                format!("conversation of {}: {}", request.messages.len(), request.last_text())
            }
        })
    }))
}

#[derive(Deserialize, JsonSchema)]
struct ChatConfig {
    #[serde(default)]
    delay_ms: u64,
}

/// Repeats the last message with the number of the turn, whole or word by word; the word `raise` fails.
#[register_per_user_function(
    input_type = ChatRequest,
    single_output_type = ChatResponse,
    streaming_output_type = ChatChunk
)]
async fn conf_per_user_chat(config: ChatConfig, _builder: &Builder) -> nat::Result<Parrot> {
    Ok(Parrot { delay: Duration::from_millis(config.delay_ms), turns: Counter::starting_at(0) })
}

struct Parrot {
    delay: Duration,
    turns: Counter,
}

const MODEL: &str = "conf-model";

impl Function for Parrot {
    type Input = ChatRequest;
    type Output = ChatResponse;

    async fn call(&self, _ctx: &Context, request: ChatRequest) -> nat::Result<ChatResponse> {
        let answer = format!("[{}] {}", self.turns.add(1), request.last_text());
        let usage = Usage::new(1, Usage::words_of(&answer).completion_tokens);
        Ok(ChatResponse::from_text(answer).with_model(MODEL).with_usage(usage))
    }
}

impl StreamingFunction for Parrot {
    type Input = ChatRequest;
    type Chunk = ChatChunk;

    fn stream(&self, _ctx: &Context, request: ChatRequest) -> impl Stream<Item = nat::Result<ChatChunk>> + Send {
        stream! {
            let answer = format!("[{}] {}", self.turns.add(1), request.last_text());
            for word in answer.split_whitespace() {
                if word == "raise" {
                    Err(Error::runtime("chat stream failed"))?;
                }
                if !self.delay.is_zero() {
                    tokio::time::sleep(self.delay).await;
                }
                yield ChatChunk::from_text(format!("{word} ")).with_model(MODEL);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::File;

    fn asked(text: &str) -> String {
        format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}]}}"#)
    }

    #[tokio::test]
    async fn one_or_the_other() {
        let file = File::start("workflow: {_type: conf_chat_or_message}").await;
        assert_eq!(file.ask("alice", r#"{"input_message":"x"}"#).await.unwrap(), r#"{"value":"message: x"}"#);
        assert_eq!(file.ask("alice", &asked("hi")).await.unwrap(), r#"{"value":"conversation of 1: hi"}"#);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_counted_for_each_user() {
        let file = File::start("workflow: {_type: conf_per_user_chat, delay_ms: 1000}").await;
        assert_eq!(
            file.stream("alice", &asked("one two")).await,
            (["[1] ", "one ", "two "].map(str::to_owned).to_vec(), None)
        );
        let answer = file.ask("alice", &asked("hi")).await.unwrap();
        assert!(answer.contains(r#""content":"[2] hi""#) && answer.contains(r#""model":"conf-model""#), "{answer}");
        assert!(answer.contains(r#""usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}"#), "{answer}");
        let (words, error) = file.stream("bob", &asked("one raise two")).await;
        assert_eq!(
            (words, error.as_deref()),
            (["[1] ", "one "].map(str::to_owned).to_vec(), Some("chat stream failed"))
        );
    }
}
