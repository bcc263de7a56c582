//! `nat run`: a workflow on inputs from the command line.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use nat_core::{CallError, EntryName, OpenError, RequestInfo, Runtime, StartError, UserId, Workflow};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tracing::error;

use super::validate::summary;
use crate::args::{LogLevel, RunOptions};
use crate::console as terminal;
use crate::failure::Failure;
use crate::logging::Log;
use crate::project::{For, Project};
use crate::signals::{self, Running, Signals};

mod console;
mod plain;

use console::Console;

const RULE: &str = "--------------------------------------------------";

pub(crate) fn run(options: &RunOptions, typed: &[OsString], level: LogLevel, log: &Log) -> Result<ExitCode, Failure> {
    if options.input_file.is_some() && !options.input.is_empty() {
        return Err("Must specify either --input or --input_file, not both".into());
    }
    let project = Project::load(&options.file, For::Calling, typed)?;
    log.configure(&project.config);
    project.log_warnings();
    let defaults = project.config.general.front_end.get::<Console>().cloned().unwrap_or_default();
    let inputs = inputs(options, &defaults)?;
    let caller = Caller {
        user: UserId::named(options.user_id.as_ref().unwrap_or(&defaults.user_id)),
        conversation_id: options.conversation_id.clone().or(defaults.conversation_id),
    };
    if level <= LogLevel::Info {
        terminal::out(&summary(&project.config, &project.registry))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let signals = Signals::listen(Running::OneShot, &project.config.general, runtime.handle().clone(), log)
        .map_err(|error| format!("signals cannot be listened to: {error}"))?;
    let ended = runtime.block_on(signals.answering(call_all(caller, &project, inputs, &signals)));
    // A call that blocks its thread is not waited for: nobody wants its result any more.
    let blocked = signals::end_workers(runtime);
    signals.over();
    let Ended { results, unclosed } = ended?;
    if let Some(results) = &results {
        show(results, level)?;
    }
    if !signals.received() {
        return Ok(ExitCode::SUCCESS);
    }
    // At the second signal nothing is waited for, so that nothing has been waited for in vain.
    if signals.hurry.is_cancelled() || (blocked.is_empty() && unclosed == 0) {
        return Ok(signals.end(log));
    }
    signals::report_blocked(&blocked, unclosed);
    Ok(ExitCode::from(signals::BLOCKED))
}

struct Ended {
    /// Nothing if a signal came first.
    results: Option<Vec<String>>,
    /// Instances that could not be closed.
    unclosed: usize,
}

/// Who runs it, in which conversation.
struct Caller {
    user: UserId,
    conversation_id: Option<String>,
}

/// What was typed; else what the file's console front end says.
fn inputs(options: &RunOptions, defaults: &Console) -> Result<Vec<String>, Failure> {
    match (&options.input_file, options.input.as_slice()) {
        (Some(path), _) => Ok(vec![file(path)?]),
        (None, typed @ [_, ..]) => Ok(typed.to_vec()),
        (None, []) => Ok(defaults.inputs()?),
    }
}

fn file(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path);
    text.map_err(|error| format!("the input file {} cannot be read: {error}", path.display()))
}

/// Runs all inputs at once, as many as the workflow lets run; the results keep their order. At a signal the
/// calls are dropped and the instances closed; at the second one nothing is waited for.
async fn call_all(caller: Caller, project: &Project, inputs: Vec<String>, signals: &Signals) -> Result<Ended, Failure> {
    let interrupted = |unclosed| Ok(Ended { results: None, unclosed });
    let started = tokio::select! {
        started = Runtime::start(&project.config, &project.registry, signals.stop.child_token()) => started,
        () = signals.hurry.cancelled() => return interrupted(0),
    };
    let runtime = match started {
        Ok(runtime) => runtime,
        Err(StartError::Interrupted) => return interrupted(0),
        Err(other) => return Err(other.to_string().into()),
    };
    let workflow = runtime.workflow(&EntryName::Workflow).ok_or_else(|| StartError::NoWorkflow.to_string())?;
    let mut calls = calls(caller, &workflow, inputs);
    let results = tokio::select! {
        // A result that is complete is shown, signal or not.
        biased;
        results = results(&mut calls) => Some(results),
        () = signals.stop.cancelled() => None,
    };
    let closed = async {
        let deadline = Instant::now() + project.config.general.shutdown_timeout;
        // An instance is closed once no call uses it, so what is left of these goes first.
        let _ = timeout_at(deadline, calls.shutdown()).await;
        runtime.shutdown(deadline.saturating_duration_since(Instant::now())).await.unclosed.len()
    };
    let unclosed = tokio::select! {
        unclosed = closed => unclosed,
        () = signals.hurry.cancelled() => 0,
    };
    match results.map(|results| results.into_iter().collect::<Result<Vec<_>, _>>()).transpose() {
        // What fails while it is told to stop does so because of that.
        Err(_) if signals.received() => interrupted(unclosed),
        results => Ok(Ended { results: results?, unclosed }),
    }
}

/// One call for each input, with the place of the input.
type Calls = JoinSet<(usize, Result<String, String>)>;

/// Starts a call for each input, all at once.
fn calls(caller: Caller, workflow: &Workflow, inputs: Vec<String>) -> Calls {
    let Caller { user, conversation_id } = caller;
    let request = conversation_id.map(|id| Arc::new(CommandLine { conversation_id: id }));
    let mut calls = JoinSet::new();
    for (at, input) in inputs.into_iter().enumerate() {
        let (workflow, user, request) = (workflow.clone(), user.clone(), request.clone());
        calls.spawn(async move { (at, call(&workflow, user, request, &input).await) });
    }
    calls
}

/// Waits for all of them; their order is that of the inputs.
async fn results(calls: &mut Calls) -> Vec<Result<String, String>> {
    let mut results = Vec::with_capacity(calls.len());
    while let Some(ended) = calls.join_next().await {
        results.push(ended.unwrap_or_else(|error| (usize::MAX, Err(error.to_string()))));
    }
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

async fn call(
    workflow: &Workflow,
    user: UserId,
    request: Option<Arc<CommandLine>>,
    input: &str,
) -> Result<String, String> {
    let input = workflow.decode_text(input).map_err(|invalid| {
        let interface = workflow.interface();
        match interface.input_field() {
            Some(_) => format!("the input does not fit the workflow: {invalid}"),
            None => {
                let fields = fields(interface.input_schema().as_value());
                format!("the input does not fit the workflow, which takes JSON {fields}: {invalid}")
            }
        }
    })?;
    let mut session = workflow.open(Some(user)).await.map_err(|error| match error {
        OpenError::Build(error) => error.error.message().to_owned(),
        other => other.to_string(),
    })?;
    let info = request.map(|request| request as Arc<dyn RequestInfo>);
    let output = session.call(info, input).await.and_then(nat_core::Output::into_text);
    output.map_err(|error| match error {
        // Whoever runs it is the operator, who may read everything.
        CallError::Function(error) => error.message().to_owned(),
        other => {
            error!("{other}: the log has the reason");
            other.to_string()
        }
    })
}

/// `with the fields `text`, `times` (optional)`
fn fields(schema: &Value) -> String {
    let is_required = |name: &str| {
        let required = schema.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|one| one == name))
    };
    let names = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|fields| fields.keys());
    let names: Vec<String> = names
        .map(|name| if is_required(name) { format!("`{name}`") } else { format!("`{name}` (optional)") })
        .collect();
    match names.is_empty() {
        true => "of its own form".to_owned(),
        false => format!("with the fields {}", names.join(", ")),
    }
}

fn show(results: &[String], level: LogLevel) -> Result<(), Failure> {
    let results: Vec<String> = results.iter().map(|result| plain::plain(result)).collect();
    if level > LogLevel::Info {
        return terminal::out(&format!("{}\n", results.join("\n")));
    }
    let (green, plain) = match terminal::colour() {
        terminal::Colour::Wanted => ("\u{1b}[32m", "\u{1b}[39m"),
        terminal::Colour::Unwanted => ("", ""),
    };
    terminal::err(&format!("\n{RULE}\n{green}Workflow Result:\n{}{plain}\n{RULE}\n", results.join("\n")));
    Ok(())
}

/// What a call from the command line knows of its request.
struct CommandLine {
    conversation_id: String,
}

impl RequestInfo for CommandLine {
    fn method(&self) -> &str {
        ""
    }

    fn path(&self) -> &str {
        ""
    }

    fn scheme(&self) -> &str {
        ""
    }

    fn header(&self, _name: &str) -> Option<&str> {
        None
    }

    fn headers(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn query(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn cookies(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn conversation_id(&self) -> Option<&str> {
        Some(&self.conversation_id)
    }
}
