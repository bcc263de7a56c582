//! Counters: the smallest state there is.

use std::sync::atomic::{AtomicI64, Ordering};

use nat::{Builder, Context, Function, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct CounterConfig {
    #[serde(default)]
    start: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Step {
    #[serde(default = "one")]
    pub(crate) by: i64,
}

fn one() -> i64 {
    1
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Total {
    pub(crate) count: i64,
}

/// Counts for everybody.
#[register_function(input_type = Step, single_output_type = Total)]
async fn conf_counter(config: CounterConfig, _builder: &Builder) -> nat::Result<Counter> {
    Ok(Counter::starting_at(config.start))
}

/// Counts for one user.
#[register_per_user_function(input_type = Step, single_output_type = Total)]
async fn conf_per_user_counter(config: CounterConfig, _builder: &Builder) -> nat::Result<Counter> {
    Ok(Counter::starting_at(config.start))
}

pub(crate) struct Counter(AtomicI64);

impl Counter {
    pub(crate) fn starting_at(start: i64) -> Self {
        Self(AtomicI64::new(start))
    }

    /// The total with `by` in it.
    pub(crate) fn add(&self, by: i64) -> i64 {
        self.0.fetch_add(by, Ordering::Relaxed).wrapping_add(by)
    }
}

impl Function for Counter {
    type Input = Step;
    type Output = Total;

    async fn call(&self, _ctx: &Context, step: Step) -> nat::Result<Total> {
        Ok(Total { count: self.add(step.by) })
    }
}
