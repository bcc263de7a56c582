//! A group function holds an `Rc` while it waits.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, _item: String) -> nat::Result<usize> {
        let held = std::rc::Rc::new(0);
        std::future::ready(()).await;
        Ok(*held)
    }
}

fn main() {}
