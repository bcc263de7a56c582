//! Bringing a front end of one's own: what stands under `general.front_end` of a file, and serves its workflow.
//!
//! A front end is the type of its settings. [`FrontEnd`] says what is checked of them and how they serve, and
//! [`register_front_end!`] makes the kind known to the programs that link its crate: files may name it, `nat validate` and
//! `nat schema` know its keys, and `nat start KIND` starts it.
//!
//! ```standalone_crate
//! use nat::front_end::{FrontEnd, Started, register_front_end};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// Waits for the end.
//! #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
//! #[serde(default)]
//! struct Idle {
//!     /// A text for the log.
//!     greeting: String,
//! }
//!
//! impl FrontEnd for Idle {
//!     const TYPE_NAME: &'static str = "idle";
//!     const DESCRIPTION: &'static str = "Builds the shared components and waits";
//!
//!     async fn serve(self, started: Started) -> nat::Result<()> {
//!         started.stop.cancelled().await;
//!         Ok(())
//!     }
//! }
//!
//! register_front_end!(Idle);
//! # fn main() {}
//! ```

pub use nat_config::{Edit, Mistake};
pub use nat_core::config::{FrontEnd, FrontEndSettings, FrontEndType, Started, linked_front_ends};
pub use nat_core::{FunctionRef, register_front_end};
pub use nat_schema::Segment;
