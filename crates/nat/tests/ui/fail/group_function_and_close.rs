//! A method marked with both.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    #[close]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
