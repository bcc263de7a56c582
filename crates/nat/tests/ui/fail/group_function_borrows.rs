//! What a function takes is read from a request, which goes.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: &str) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
