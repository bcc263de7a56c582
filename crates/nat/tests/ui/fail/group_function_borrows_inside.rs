//! What a function takes is read from a request, which goes.

use std::borrow::Cow;

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: Option<Cow<'_, str>>) -> nat::Result<usize> {
        Ok(item.map_or(0, |item| item.len()))
    }
}

fn main() {}
