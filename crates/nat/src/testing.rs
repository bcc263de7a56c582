//! Tests of functions and workflow files. With the feature `testing`, for dev-dependencies:
//!
//! ```toml
//! [dev-dependencies]
//! nat = { version = "…", features = ["testing"] }
//! ```
//!
//! The feature `testing-server` adds `TestServer`, a workflow file behind HTTP.
//!
//! ```standalone_crate
//! use std::sync::atomic::{AtomicI64, Ordering};
//!
//! use nat::testing::{TestContext, TestWorkflow};
//! use nat::{Builder, Context, Function, register_per_user_function};
//! use serde_json::json;
//!
//! #[register_per_user_function(input_type = i64, single_output_type = i64)]
//! async fn counter(_config: (), _builder: &Builder) -> nat::Result<Counter> {
//!     Ok(Counter::default())
//! }
//!
//! #[derive(Default)]
//! struct Counter(AtomicI64);
//!
//! impl Function for Counter {
//!     type Input = i64;
//!     type Output = i64;
//!
//!     async fn call(&self, _ctx: &Context, by: i64) -> nat::Result<i64> {
//!         Ok(self.0.fetch_add(by, Ordering::Relaxed) + by)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // The function alone.
//! let ctx = TestContext::new().user("alice").build();
//! assert_eq!(Counter::default().call(&ctx, 2).await.unwrap(), 2);
//!
//! // The file, for several users.
//! let workflow = TestWorkflow::from_yaml("workflow: {_type: counter}").await.unwrap();
//! let (alice, bob) = (workflow.user("alice"), workflow.user("bob"));
//! assert_eq!(alice.call(json!({"value": 2})).await.unwrap(), json!({"value": 2}));
//! assert_eq!(alice.call_typed::<i64, i64>(2).await.unwrap(), 4);
//! assert_eq!(bob.call(json!({"value": 1})).await.unwrap(), json!({"value": 1}));
//!
//! workflow.shutdown().await;
//! assert_eq!(workflow.lifecycle().built("<workflow>"), 2);
//! workflow.lifecycle().assert_all_closed();
//! # }
//! ```

pub use nat_testing::*;
