//! A group has one set of types.

use nat::Context;

struct Pair<T>(T);

#[nat::functions]
impl<T: Send + Sync + 'static> Pair<T> {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
