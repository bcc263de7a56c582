//! A dot stands between a group and its function.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function(name = "bag.push")]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
