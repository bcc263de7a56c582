//! Of several closes the one that is compiled in is called.

use std::sync::atomic::{AtomicBool, Ordering};

use nat::{CloseReason, Context, FunctionGroup};

static CLOSED: AtomicBool = AtomicBool::new(false);

struct Group;

#[nat::functions]
impl Group {
    #[function]
    async fn echo(&self, _ctx: &Context, input: i64) -> nat::Result<i64> {
        Ok(input)
    }

    #[cfg(any())]
    #[close]
    async fn close_there(self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }

    #[cfg(all())]
    #[close]
    async fn close_here(self, _reason: CloseReason) -> nat::Result<()> {
        CLOSED.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    Group.close(CloseReason::Idle).await.unwrap();
    assert!(CLOSED.load(Ordering::Relaxed));
}
