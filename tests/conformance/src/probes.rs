//! What a function can see: its own instance, who asks, and the request.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use nat::{Builder, CloseReason, Context, Function, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::counters::Counter;

#[derive(Deserialize, JsonSchema)]
struct ProbeConfig {
    #[serde(default)]
    log_path: Option<PathBuf>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
struct ProbeInput {
    #[serde(default)]
    note: String,
}

#[derive(Serialize, JsonSchema)]
struct ProbeOutput {
    instance: String,
    calls: i64,
    user_id: Option<String>,
    conversation_id: Option<String>,
    note: String,
}

/// Says which instance answers, and for whom.
#[register_function(input_type = ProbeInput, single_output_type = ProbeOutput)]
async fn conf_probe(_settings: (), _builder: &Builder) -> nat::Result<Probe> {
    Probe::open(None)
}

/// Says which instance answers, and for whom; keeps a journal of instances where `log_path` says.
#[register_per_user_function(input_type = ProbeInput, single_output_type = ProbeOutput)]
async fn conf_per_user_probe(config: ProbeConfig, _builder: &Builder) -> nat::Result<Probe> {
    Probe::open(config.log_path)
}

struct Probe {
    instance: String,
    calls: Counter,
    journal: Option<PathBuf>,
}

impl Probe {
    fn open(journal: Option<PathBuf>) -> nat::Result<Self> {
        let instance = Uuid::new_v4().simple().to_string();
        let probe = Self { instance, calls: Counter::starting_at(0), journal };
        probe.record("open")?;
        Ok(probe)
    }

    fn record(&self, event: &str) -> nat::Result<()> {
        let Some(path) = &self.journal else { return Ok(()) };
        let mut journal = OpenOptions::new().create(true).append(true).open(path)?;
        // One write for the whole line: instances of several users append to the same file at once.
        journal.write_all(format!("{event} {}\n", self.instance).as_bytes())?;
        Ok(())
    }
}

impl Function for Probe {
    type Input = ProbeInput;
    type Output = ProbeOutput;

    async fn call(&self, ctx: &Context, input: ProbeInput) -> nat::Result<ProbeOutput> {
        Ok(ProbeOutput {
            instance: self.instance.clone(),
            calls: self.calls.add(1),
            user_id: ctx.user_id().map(ToString::to_string),
            conversation_id: ctx.conversation_id().map(str::to_owned),
            note: input.note,
        })
    }

    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        self.record("close")
    }
}

#[derive(Serialize, JsonSchema)]
struct RequestOutput {
    method: Option<String>,
    path: Option<String>,
    query: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
    /// The request header `x-conf`.
    header: Option<String>,
    user_id: Option<String>,
    conversation_id: Option<String>,
    user_message_id: Option<String>,
}

/// Shows the request that it answers.
#[register_function(input_type = ProbeInput, single_output_type = RequestOutput)]
async fn conf_request(_settings: (), _builder: &Builder) -> nat::Result<Mirror> {
    Ok(Mirror)
}

struct Mirror;

impl Function for Mirror {
    type Input = ProbeInput;
    type Output = RequestOutput;

    async fn call(&self, ctx: &Context, _input: ProbeInput) -> nat::Result<RequestOutput> {
        let request = ctx.request();
        Ok(RequestOutput {
            method: request.map(|request| request.method().to_owned()),
            path: request.map(|request| request.path().to_owned()),
            query: request.map(|request| request.query()).unwrap_or_default().into_iter().collect(),
            cookies: request.map(|request| request.cookies()).unwrap_or_default().into_iter().collect(),
            header: request.and_then(|request| request.header("x-conf")).map(str::to_owned),
            user_id: ctx.user_id().map(ToString::to_string),
            conversation_id: ctx.conversation_id().map(str::to_owned),
            user_message_id: ctx.user_message_id().map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_journal_holds_both_ends_of_an_instance() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let probe = Probe::open(Some(path.clone())).unwrap();
        let output = probe.call(&Context::for_test(None), ProbeInput::default()).await.unwrap();
        assert_eq!((output.calls, output.user_id), (1, None));
        probe.close(CloseReason::Idle).await.unwrap();
        let instance = output.instance;
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("open {instance}\nclose {instance}\n"));
    }

    #[tokio::test]
    async fn without_a_request_there_is_nothing_to_show() {
        let output = Mirror.call(&Context::for_test(None), ProbeInput::default()).await.unwrap();
        assert!(output.method.is_none() && output.query.is_empty() && output.header.is_none());
    }
}
