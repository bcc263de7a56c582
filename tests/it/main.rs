//! Everything that takes more than one crate, in one binary.

// Helpers beside the tests are tests, too; and these threads belong to nobody but the test that polls.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod blocked;
mod broken;
mod cli;
mod described;
mod example;
mod guide;
mod house;
mod kit;
// Elsewhere allocators give memory back, or keep it, in ways of their own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod memory;
#[cfg(target_os = "linux")]
mod open_files;
mod panics;
mod public_api;
mod served;
mod signals;
mod stuck;
