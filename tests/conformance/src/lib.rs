//! The components that the conformance suite's configurations name (`conf_…`), beside those of the bundled
//! example. Each does one thing that a test can see from outside; a shared and a per-user type that do the
//! same are two registrations of one struct.

use per_user_workflow as _;

mod chat;
mod counters;
mod failures;
mod groups;
mod harmful;
mod probes;
mod relays;
mod settings;
mod sleep;
mod streams;
#[cfg(test)]
mod testing;
mod text;
mod troubled;
