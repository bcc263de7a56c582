//! A group's functions are methods of its own.

struct Bag;

trait Pushes {}

#[nat::functions]
impl Pushes for Bag {}

fn main() {}
