//! `#[function]` without `#[functions]`.

use nat::{CloseReason, Context};

struct Bag;

use nat::{close, function};

impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }

    #[close]
    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

fn main() {}
