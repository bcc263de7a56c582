//! Mistakes in a method's attribute.

use nat::Context;

struct Bag;

#[nat::functions]
impl Bag {
    #[function(nam = "push", input_name = "")]
    async fn push(&self, _ctx: &Context, item: String) -> nat::Result<usize> {
        Ok(item.len())
    }
}

fn main() {}
