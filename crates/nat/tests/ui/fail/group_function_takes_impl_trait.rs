//! JSON is read as one type.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: impl Into<String>) -> nat::Result<usize> {
        Ok(item.into().len())
    }
}

fn main() {}
