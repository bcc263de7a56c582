//! Text in, text out: simple types, and one structured pair.

use nat::{Builder, Context, Error, Function, from_fn, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counters::Counter;

#[derive(Deserialize, JsonSchema)]
struct EchoConfig {
    #[serde(default)]
    prefix: String,
}

/// Answers the text behind a prefix.
#[register_function(input_type = String, single_output_type = String, input_name = "text")]
async fn conf_echo(
    config: EchoConfig,
    _builder: &Builder,
) -> nat::Result<impl Function<Input = String, Output = String>> {
    Ok(from_fn(config, |config, _ctx, text: String| async move { Ok(format!("{}{text}", config.prefix)) }))
}

/// Answers the text, so that chat routes have a text function to call; the text `raise` fails.
#[register_function(input_name = "text")]
async fn conf_chat(_settings: (), _builder: &Builder) -> nat::Result<impl Function<Input = String, Output = String>> {
    Ok(from_fn((), |_, _ctx, text: String| async move {
        match text.as_str() {
            "raise" => Err(Error::runtime("chat failed")),
            _ => Ok(format!("echo: {text}")),
        }
    }))
}

#[derive(Deserialize, JsonSchema)]
struct GreetingConfig {
    #[serde(default = "hello")]
    greeting: String,
}

fn hello() -> String {
    "Hello".to_owned()
}

/// Greets, and says how many greetings this user has had.
#[register_per_user_function(input_type = String, single_output_type = String)]
async fn conf_per_user_echo(config: GreetingConfig, _builder: &Builder) -> nat::Result<Greeter> {
    Ok(Greeter { greeting: config.greeting, calls: Counter::starting_at(0) })
}

struct Greeter {
    greeting: String,
    calls: Counter,
}

impl Function for Greeter {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<String> {
        Ok(format!("{}, {text} #{}", self.greeting, self.calls.add(1)))
    }
}

/// A request of a few bytes must not make an answer that ends the process.
pub(crate) const MAX_ANSWER_BYTES: usize = 16 << 20;

#[derive(Serialize, Deserialize, JsonSchema)]
struct RepeatInput {
    text: String,
    #[serde(default = "once")]
    times: i64,
    #[serde(default)]
    tags: Vec<String>,
}

fn once() -> i64 {
    1
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct RepeatOutput {
    text: String,
    /// In characters.
    length: usize,
    tags: Vec<String>,
}

/// Repeats a text, with a space between.
#[register_function(input_type = RepeatInput, single_output_type = RepeatOutput)]
async fn conf_struct(_settings: (), _builder: &Builder) -> nat::Result<Repeater> {
    Ok(Repeater)
}

struct Repeater;

impl Function for Repeater {
    type Input = RepeatInput;
    type Output = RepeatOutput;

    async fn call(&self, _ctx: &Context, input: RepeatInput) -> nat::Result<RepeatOutput> {
        // A negative number of times is none at all.
        let times = usize::try_from(input.times).unwrap_or(0);
        if (input.text.len() + 1).saturating_mul(times) > MAX_ANSWER_BYTES {
            return Err(Error::value(format!("the answer would be longer than {MAX_ANSWER_BYTES} bytes")));
        }
        let text = vec![input.text.as_str(); times].join(" ");
        Ok(RepeatOutput { length: text.chars().count(), text, tags: input.tags })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::File;

    async fn repeat(text: &str, times: i64) -> nat::Result<RepeatOutput> {
        let input = RepeatInput { text: text.to_owned(), times, tags: Vec::new() };
        Repeater.call(&Context::for_test(None), input).await
    }

    #[tokio::test]
    async fn length_is_in_characters() {
        let output = repeat("né", 2).await.unwrap();
        assert_eq!(output, RepeatOutput { text: "né né".to_owned(), length: 5, tags: Vec::new() });
        assert_eq!(repeat("né", -1).await.unwrap().length, 0);
    }

    #[tokio::test]
    async fn simple_types_travel_in_one_field() {
        let echo = File::start("workflow: {_type: conf_echo, prefix: '> '}").await;
        assert_eq!(echo.ask("alice", r#"{"text":"hello"}"#).await.unwrap(), r#"{"value":"> hello"}"#);
        let greeter = File::start("workflow: {_type: conf_per_user_echo, greeting: Hi}").await;
        assert_eq!(greeter.ask("alice", r#"{"value":"you"}"#).await.unwrap(), r#"{"value":"Hi, you #1"}"#);
    }

    #[tokio::test]
    async fn a_huge_answer_is_refused() {
        assert!(repeat("", i64::MAX).await.is_err());
    }
}
