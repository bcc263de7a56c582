//! The functions of a group stand in one block.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

#[nat::functions]
impl Bag {
    #[function]
    async fn pop(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
