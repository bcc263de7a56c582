//! `nat` with the components of both crates.

use nat_outside_component as _;

fn main() -> std::process::ExitCode {
    nat_cli::main()
}
