//! Per-user functions by example.
//!
//! Two functions with state, and a workflow that drives both. All three are registered as per-user, so each
//! user has an instance of each, built at their first request and closed when they have been away for long
//! enough:
//!
//! ```text
//!                         ┌─ notepad       alice's notes
//! alice ── assistant ─────┤
//!                         └─ preferences   alice's settings
//!
//!                         ┌─ notepad       bob's notes
//! bob ──── assistant ─────┤
//!                         └─ preferences   bob's settings
//! ```
//!
//! Read [`notepad`] first: it is the smallest whole function. [`preferences`] adds a setting with structure,
//! and [`assistant`] shows how one function holds others.

pub mod assistant;
pub mod notepad;
pub mod preferences;
