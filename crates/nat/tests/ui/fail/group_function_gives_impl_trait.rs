//! What a function gives has a schema.

use nat::Context;
use schemars::JsonSchema;
use serde::Serialize;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<impl Serialize + JsonSchema + Send + use<>> {
        Ok(item.len())
    }
}

fn main() {}
