//! A group function's input lacks a trait.

use nat::Context;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct NoteInput {}

struct Bag;

#[nat::functions]
impl Bag {
    #[function]
    async fn push(&self, _ctx: &Context, _item: NoteInput) -> nat::Result<usize> {
        Ok(0)
    }
}

fn main() {}
