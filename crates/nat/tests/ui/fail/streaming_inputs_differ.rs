//! One output and a stream are made of different inputs.

use nat::{Builder, Context, Function, Stream, StreamingFunction, register_per_user_function, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Topic {}

#[derive(Serialize, JsonSchema)]
struct Headline {}

struct Feed;

impl Function for Feed {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, topic: String) -> nat::Result<String> {
        Ok(topic)
    }
}

impl StreamingFunction for Feed {
    type Input = Topic;
    type Chunk = Headline;

    fn stream(&self, _ctx: &Context, _topic: Topic) -> impl Stream<Item = nat::Result<Headline>> + Send {
        stream! { yield Headline {}; }
    }
}

#[register_per_user_function(
    input_type = String,
    single_output_type = String,
    streaming_output_type = Headline
)]
async fn feed(_config: Config, _builder: &Builder) -> nat::Result<Feed> {
    Ok(Feed)
}

fn main() {}
