//! The attribute goes on a function.

use nat::register_function;

#[register_function]
struct Notepad;

fn main() {}
