use std::process::ExitCode;

// A component is linked in by naming its crate, and is then known by its `_type`.
use testing_functions as _;

fn main() -> ExitCode {
    nat_cli::main()
}
