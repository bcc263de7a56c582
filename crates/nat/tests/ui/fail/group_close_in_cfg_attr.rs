//! A mark that the block does not see.

use nat::{CloseReason, Context};

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }

    #[cfg_attr(all(), inline, close)]
    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

fn main() {}
