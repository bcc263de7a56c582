//! Group functions with wrong return types.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn nothing(&self, _ctx: &Context, _item: String) {}

    #[function]
    async fn no_result(&self, _ctx: &Context, _item: String) -> usize {
        0
    }

    #[function]
    async fn another_error(&self, _ctx: &Context, _item: String) -> Result<usize, String> {
        Ok(0)
    }
}

fn main() {}
