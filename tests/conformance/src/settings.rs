//! Settings of several types, one of them required.

use nat::{Builder, Function, from_fn, register_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counters::Step;

#[derive(Clone, Deserialize, Serialize, JsonSchema)]
struct StrictConfig {
    required_name: String,
    #[serde(default = "default_limit")]
    limit: i64,
    #[serde(default = "default_ratio")]
    ratio: f64,
    #[serde(default)]
    flag: bool,
}

fn default_limit() -> i64 {
    5
}

fn default_ratio() -> f64 {
    0.5
}

/// Answers its own settings.
#[register_function]
async fn conf_strict(
    config: StrictConfig,
    _builder: &Builder,
) -> nat::Result<impl Function<Input = Step, Output = StrictConfig>> {
    Ok(from_fn(config, |config, _ctx, _step: Step| async move { Ok(StrictConfig::clone(&config)) }))
}

#[cfg(test)]
mod tests {
    use crate::testing::File;

    #[tokio::test]
    async fn settings_are_answered_with_their_defaults() {
        let file = File::start("workflow: {_type: conf_strict, required_name: x, limit: '7'}").await;
        let answer = file.ask("alice", "{}").await.unwrap();
        assert_eq!(answer, r#"{"required_name":"x","limit":7,"ratio":0.5,"flag":false}"#);
    }
}
