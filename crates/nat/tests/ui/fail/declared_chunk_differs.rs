//! `streaming_output_type` is not what the function streams.

use nat::{Builder, Context, Stream, StreamingFunction, register_per_user_function, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct Config {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Topic {}

#[derive(Serialize, JsonSchema)]
struct Headline {}

struct Feed;

impl StreamingFunction for Feed {
    type Input = Topic;
    type Chunk = Headline;

    fn stream(&self, _ctx: &Context, _topic: Topic) -> impl Stream<Item = nat::Result<Headline>> + Send {
        stream! { yield Headline {}; }
    }
}

#[register_per_user_function(input_type = Topic, streaming_output_type = String)]
async fn feed(_config: Config, _builder: &Builder) -> nat::Result<Feed> {
    Ok(Feed)
}

fn main() {}
