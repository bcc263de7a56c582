//! The command line as a person meets it: whole commands, whole outputs.

mod commands;
mod diagnostics;
mod fix;
mod help;
mod interrupt;
mod logs;
mod own_crate;
mod process;
mod reload;
