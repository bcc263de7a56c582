//! A method marked twice.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    #[function(name = "put")]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
