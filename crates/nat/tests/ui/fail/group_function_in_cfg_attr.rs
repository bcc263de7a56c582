//! A mark that the block does not see.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[cfg_attr(all(), function)]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
