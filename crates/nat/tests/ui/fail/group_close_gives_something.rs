//! A close gives nothing back.

use nat::{CloseReason, Context};

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }

    #[close]
    async fn close(self, _reason: CloseReason) -> nat::Result<usize> {
        Ok(0)
    }
}

fn main() {}
