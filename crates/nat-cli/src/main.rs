//! The `nat` command, with no components but the ones that are built in. A program of one's own that
//! links components has the same `main`.

fn main() -> std::process::ExitCode {
    nat_cli::main()
}
