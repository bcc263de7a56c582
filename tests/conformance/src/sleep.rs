//! Calls and builds that take time, and how many of them run at once.

use std::time::Duration;

use nat::{Builder, Context, Function, register_function, register_per_user_function};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
struct SleepConfig {
    #[serde(default)]
    build_ms: u64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct SleepInput {
    #[serde(default)]
    ms: u64,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct SleepOutput {
    slept_ms: u64,
    /// The number of this call.
    calls: u64,
    /// Most calls that ran at once so far.
    peak: u64,
}

/// Waits for as long as it is told to.
#[register_function(input_type = SleepInput, single_output_type = SleepOutput)]
async fn conf_sleep(_settings: (), _builder: &Builder) -> nat::Result<Sleeper> {
    Ok(Sleeper::default())
}

/// Waits for as long as it is told to, and takes its time to be built.
#[register_per_user_function(input_type = SleepInput, single_output_type = SleepOutput)]
async fn conf_per_user_sleep(config: SleepConfig, _builder: &Builder) -> nat::Result<Sleeper> {
    tokio::time::sleep(Duration::from_millis(config.build_ms)).await;
    Ok(Sleeper::default())
}

#[derive(Default)]
struct Sleeper {
    load: Mutex<Load>,
}

#[derive(Default)]
struct Load {
    calls: u64,
    running: u64,
    peak: u64,
}

/// One call under way. A call may be dropped at its await, and must not count as running for ever.
struct Running<'a> {
    load: &'a Mutex<Load>,
    number: u64,
}

impl<'a> Running<'a> {
    fn begin(load: &'a Mutex<Load>) -> Self {
        let mut now = load.lock();
        now.calls += 1;
        now.running += 1;
        now.peak = now.peak.max(now.running);
        Self { load, number: now.calls }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.load.lock().running -= 1;
    }
}

impl Function for Sleeper {
    type Input = SleepInput;
    type Output = SleepOutput;

    async fn call(&self, _ctx: &Context, input: SleepInput) -> nat::Result<SleepOutput> {
        let running = Running::begin(&self.load);
        tokio::time::sleep(Duration::from_millis(input.ms)).await;
        Ok(SleepOutput { slept_ms: input.ms, calls: running.number, peak: self.load.lock().peak })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_does_not_count_as_running() {
        let sleeper = Sleeper::default();
        let ctx = Context::for_test(None);
        let given_up = sleeper.call(&ctx, SleepInput { ms: 60_000 });
        assert!(tokio::time::timeout(Duration::from_secs(1), given_up).await.is_err());

        let (first, second) =
            join(sleeper.call(&ctx, SleepInput { ms: 20 }), sleeper.call(&ctx, SleepInput { ms: 10 })).await;
        assert_eq!(first.unwrap(), SleepOutput { slept_ms: 20, calls: 2, peak: 2 });
        assert_eq!(second.unwrap(), SleepOutput { slept_ms: 10, calls: 3, peak: 2 });
    }
}
