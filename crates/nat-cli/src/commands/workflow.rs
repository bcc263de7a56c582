//! `nat workflow`: crates with workflows of one's own.

mod create;
mod delete;
mod name;
mod reinstall;
mod sources;
mod template;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use reinstall::reinstall;
