//! Calls that fail as they are told to, and builds that fail.

use std::path::PathBuf;

use nat::{Builder, Context, Error, Function, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::counters::{Step, Total};

#[derive(Serialize, Deserialize, JsonSchema)]
struct FailInput {
    #[serde(default = "value")]
    kind: String,
    #[serde(default = "boom")]
    message: String,
}

fn value() -> String {
    "value".to_owned()
}

fn boom() -> String {
    "boom".to_owned()
}

#[derive(Debug, Serialize, JsonSchema)]
struct FailOutput {
    ok: bool,
}

/// Fails as it is told to.
#[register_function(input_type = FailInput, single_output_type = FailOutput)]
async fn conf_fail(_settings: (), _builder: &Builder) -> nat::Result<Failing> {
    Ok(Failing)
}

/// Fails as it is told to, for one user.
#[register_per_user_function(input_type = FailInput, single_output_type = FailOutput)]
async fn conf_per_user_fail(_settings: (), _builder: &Builder) -> nat::Result<Failing> {
    Ok(Failing)
}

struct Failing;

impl Function for Failing {
    type Input = FailInput;
    type Output = FailOutput;

    async fn call(&self, _ctx: &Context, FailInput { kind, message }: FailInput) -> nat::Result<FailOutput> {
        Err(match kind.as_str() {
            "none" => return Ok(FailOutput { ok: true }),
            "value" => Error::value(message),
            "runtime" => Error::runtime(message),
            "type" => Error::type_error(message),
            "permission" => Error::permission(message),
            unknown => Error::value(format!("no kind of failure is called `{unknown}`")),
        })
    }
}

/// Cannot be built.
#[register_function]
async fn conf_broken(_settings: (), _builder: &Builder) -> nat::Result<Gated> {
    Err(Error::runtime("shared component refused to build"))
}

#[derive(Deserialize, JsonSchema)]
struct GateConfig {
    #[serde(default = "no_gate")]
    gate_path: PathBuf,
}

fn no_gate() -> PathBuf {
    "/nonexistent/gate".into()
}

/// Can be built only while the file at `gate_path` is there.
#[register_per_user_function(input_type = Step, single_output_type = Total)]
async fn conf_per_user_broken(config: GateConfig, _builder: &Builder) -> nat::Result<Gated> {
    if config.gate_path.exists() { Ok(Gated) } else { Err(Error::runtime("instance refused to build")) }
}

struct Gated;

impl Function for Gated {
    type Input = Step;
    type Output = Total;

    async fn call(&self, _ctx: &Context, step: Step) -> nat::Result<Total> {
        Ok(Total { count: step.by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_kind_has_its_name() {
        let names = [
            ("value", "ValueError"),
            ("runtime", "RuntimeError"),
            ("type", "TypeError"),
            ("permission", "PermissionError"),
        ];
        for (kind, name) in names {
            let input = FailInput { kind: kind.to_owned(), message: "bad thing".to_owned() };
            let error = Failing.call(&Context::for_test(None), input).await.unwrap_err();
            assert_eq!((error.kind().name(), error.public_message()), (name, Some("bad thing")));
        }
    }
}
