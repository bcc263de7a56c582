use std::process::ExitCode;

use nat_conformance as _;
use per_user_workflow as _;

fn main() -> ExitCode {
    nat_cli::main()
}
