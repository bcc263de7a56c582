//! A close that is there at any rate, and another one at times.

use nat::{CloseReason, Context};

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }

    #[close]
    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }

    #[cfg(all())]
    #[close]
    async fn again(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

fn main() {}
