//! A close is told why by the runtime.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }

    #[close]
    async fn close(self, _reason: String) -> nat::Result<()> {
        Ok(())
    }
}

fn main() {}
