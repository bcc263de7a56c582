//! `self` with its type written out is the same `self`.

use nat::{CloseReason, Context, FunctionGroup};

struct Group;

#[nat::functions]
impl Group {
    #[function]
    async fn echo(self: &Self, _ctx: &Context, input: i64) -> nat::Result<i64> {
        Ok(input)
    }

    #[close]
    async fn close(self: Self, _reason: CloseReason) -> nat::Result<()> {
        Ok(())
    }
}

fn main() {
    assert_eq!(Group::FUNCTIONS.len(), 1);
}
