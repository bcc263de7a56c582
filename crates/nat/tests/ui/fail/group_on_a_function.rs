//! The attribute goes on an `impl` block.

#[nat::functions]
fn push() {}

fn main() {}
