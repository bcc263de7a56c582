//! The kit, used as a person who writes functions does.

mod builds;
mod calls;
mod contexts;
mod mocks;
mod server;

use std::sync::atomic::{AtomicI64, Ordering};

use nat::{
    Builder, Context, Function, FunctionHandle, FunctionRef, Stream, StreamingFunction, register_function,
    register_per_user_function, stream,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts for each user.
#[register_per_user_function(input_type = i64, single_output_type = i64, input_name = "by")]
async fn counter(_config: (), _builder: &Builder) -> nat::Result<Counter> {
    Ok(Counter::default())
}

#[derive(Default)]
struct Counter(AtomicI64);

impl Function for Counter {
    type Input = i64;
    type Output = i64;

    async fn call(&self, _ctx: &Context, by: i64) -> nat::Result<i64> {
        match by {
            0 => panic!("nothing to count"),
            ..0 => Err(nat::Error::value("only upwards")),
            1.. => Ok(self.0.fetch_add(by, Ordering::SeqCst) + by),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Place {
    city: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct Forecast {
    text: String,
}

/// Fails: no test may reach the network.
#[register_per_user_function(input_type = Place, single_output_type = Forecast)]
async fn weather(_config: (), _builder: &Builder) -> nat::Result<Weather> {
    Err(nat::Error::runtime("no network in tests"))
}

struct Weather;

impl Function for Weather {
    type Input = Place;
    type Output = Forecast;

    async fn call(&self, _ctx: &Context, _place: Place) -> nat::Result<Forecast> {
        Err(nat::Error::runtime("no network in tests"))
    }
}

#[derive(Deserialize, JsonSchema)]
struct PlannerConfig {
    weather: FunctionRef,
    #[serde(default)]
    greeting: String,
}

/// Plans a day by the weather.
#[register_per_user_function(input_type = String, single_output_type = String, input_name = "city")]
async fn planner(config: PlannerConfig, builder: &Builder) -> nat::Result<Planner> {
    Ok(Planner { greeting: config.greeting, weather: builder.get_function(&config.weather).await? })
}

struct Planner {
    greeting: String,
    weather: FunctionHandle<Place, Forecast>,
}

impl Function for Planner {
    type Input = String;
    type Output = String;

    async fn call(&self, ctx: &Context, city: String) -> nat::Result<String> {
        Ok(format!("{}{}", self.greeting, self.weather.call(ctx, Place { city }).await?.text))
    }
}

/// Describes the request, for everybody.
#[register_function]
async fn request_mirror(_config: (), _builder: &Builder) -> nat::Result<RequestMirror> {
    Ok(RequestMirror)
}

struct RequestMirror;

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Seen {
    user: Option<String>,
    conversation: Option<String>,
    tenant: Option<String>,
    lang: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Nothing {}

impl Function for RequestMirror {
    type Input = Nothing;
    type Output = Seen;

    async fn call(&self, ctx: &Context, _input: Nothing) -> nat::Result<Seen> {
        let request = ctx.request();
        Ok(Seen {
            user: ctx.user_id().map(ToString::to_string),
            conversation: ctx.conversation_id().map(str::to_owned),
            tenant: request.and_then(|request| request.header("X-Tenant")).map(str::to_owned),
            lang: request.and_then(|request| request.query_value("lang")),
        })
    }
}

/// Gives the words of a text one by one.
#[register_per_user_function(input_type = String, streaming_output_type = String, input_name = "text")]
async fn words(_config: (), _builder: &Builder) -> nat::Result<Words> {
    Ok(Words)
}

struct Words;

impl StreamingFunction for Words {
    type Input = String;
    type Chunk = String;

    fn stream(&self, _ctx: &Context, text: String) -> impl Stream<Item = nat::Result<String>> + Send {
        stream! {
            for word in text.split_whitespace() {
                if word == "stop" {
                    Err(nat::Error::value("told to stop"))?;
                }
                yield word.to_owned();
            }
        }
    }
}

const PLANNER: &str = "
functions:
  forecasts: {_type: weather}
workflow: {_type: planner, weather: forecasts}
";
