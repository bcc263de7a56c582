//! `nat validate`: everything that can be known of a file, with nothing built unless asked for.

use std::ffi::OsString;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use nat_config::diagnostic::{Report, Severity};
use nat_core::{CancellationToken, Config, EntryName, OpenError, Registry, Runtime, Scope, StartError, UserId};
use serde_json::{Value, json};

use crate::args::{ReportFormat, ValidateOptions};
use crate::failure::Failure;
use crate::project::{For, Project};
use crate::{console, report};

mod fix;
mod write;

use fix::Changes;

pub(crate) fn validate(options: &ValidateOptions, typed: &[OsString]) -> Result<ExitCode, Failure> {
    let (loaded, changes) = match options.fix {
        false => (Project::load(&options.file, For::Checking, typed), None),
        true => match fix::fix(options, typed) {
            Ok((loaded, changes)) => (loaded, Some(changes)),
            Err(failure) => (Err(failure), None),
        },
    };
    let checked = check(options, loaded);
    let file = options.file.config_file.display().to_string();
    match options.format {
        ReportFormat::Text => in_text(&file, checked, changes.as_ref()),
        ReportFormat::Json => in_json(&file, checked, changes.as_ref()),
    }
}

/// A file without mistakes, with what is odd about it and the end of a trial build if there was one.
struct Valid {
    project: Project,
    trial: Option<Result<(), String>>,
}

fn check(options: &ValidateOptions, loaded: Result<Project, Failure>) -> Result<Valid, Failure> {
    let project = match loaded {
        Err(Failure::Report(report)) if options.strict => return Err(strict(*report).into()),
        other => other?,
    };
    if options.strict && project.report.warnings().next().is_some() {
        return Err(strict(project.report).into());
    }
    let trial = options.build.then(|| trial(&project)).transpose()?;
    Ok(Valid { project, trial })
}

/// Warnings as errors.
fn strict(mut report: Report) -> Report {
    for one in &mut report.diagnostics {
        one.severity = Severity::Error;
        if let Some(unknown) = one.message.strip_suffix(" is ignored") {
            one.message.truncate(unknown.len());
        }
    }
    report
}

fn in_text(file: &str, checked: Result<Valid, Failure>, changes: Option<&Changes>) -> Result<ExitCode, Failure> {
    console::out(&format!("Validating configuration file: {file}\n"))?;
    if let Some(changes) = changes {
        console::out(&changes.text())?;
        console::err(&changes.notes());
    }
    let refuse = |failure: Failure| {
        if !matches!(failure, Failure::Typing(_)) {
            console::out(&format!("✗ Validation failed!\n\nError:\n{failure}\n"))?;
        }
        Err(failure)
    };
    let Valid { project, trial } = match checked {
        Ok(valid) => valid,
        Err(failure) => return refuse(failure),
    };
    console::err(&report::text(&project.report, console::colour(), console::width()));
    if let Some(Err(reason)) = trial {
        return refuse(reason.into());
    }
    console::out(&format!("✓ Configuration file is valid!\n\n{}", summary(&project.config, &project.registry)))?;
    if trial.is_some() {
        console::out("\n✓ Its components were built and closed.\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn in_json(file: &str, checked: Result<Valid, Failure>, changes: Option<&Changes>) -> Result<ExitCode, Failure> {
    let failed = |message: String| {
        let mut answer = report::json(&Report::default(), file, false);
        answer["message"] = message.into();
        answer
    };
    let (mut answer, ended) = match checked {
        Ok(Valid { project, trial }) => {
            let mut answer = report::json(&project.report, file, !matches!(trial, Some(Err(_))));
            let code = if matches!(trial, Some(Err(_))) { ExitCode::from(1) } else { ExitCode::SUCCESS };
            answer["build"] = match trial {
                None => Value::Null,
                Some(Ok(())) => json!({ "ok": true, "message": null }),
                Some(Err(reason)) => json!({ "ok": false, "message": reason }),
            };
            (answer, Ok(code))
        }
        Err(Failure::Report(found)) => (report::json(&found, file, false), Ok(ExitCode::from(1))),
        // Whoever reads the answer finds one in every case.
        Err(Failure::Message(message)) => (failed(message), Ok(ExitCode::from(1))),
        Err(typing @ Failure::Typing(_)) => (failed(typing.to_string()), Err(typing)),
    };
    if answer.get("build").is_none() {
        answer["build"] = Value::Null;
    }
    answer["fixes"] = changes.map_or(Value::Null, Changes::json);
    console::out(&format!("{answer:#}\n"))?;
    ended
}

/// Builds the shared components and, if any is per user, those of a user who is nobody else. The inner
/// error is the file's, the outer one this program's.
fn trial(project: &Project) -> Result<Result<(), String>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let ended = runtime.block_on(build_and_close(project));
    // A build that blocks its thread has timed out by now, and is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    Ok(ended)
}

async fn build_and_close(project: &Project) -> Result<(), String> {
    let config = &project.config;
    let started = Runtime::start(config, &project.registry, CancellationToken::new()).await;
    let runtime = started.map_err(|error| match error {
        StartError::Build { component, error } => format!("`{component}` cannot be built: {error}"),
        other => other.to_string(),
    })?;
    let endpoints = config.general.front_end.entry_points().into_iter();
    let endpoints = endpoints.map(|(_, name)| EntryName::Function(name.as_str().to_owned()));
    let entries = std::iter::once(EntryName::Workflow).chain(endpoints).filter_map(|entry| runtime.workflow(&entry));
    // An instance holds every per-user component of the file, whichever entry asks for it.
    let per_user = entries.into_iter().find(|entry| entry.scope() == Scope::PerUser);
    let opened = match per_user {
        None => Ok(()),
        Some(entry) => entry.open(Some(UserId::named("nat-validate"))).await.map(drop).map_err(|error| match error {
            OpenError::Build(error) => format!("a user's components cannot be built: {}", error.error.message()),
            other => other.to_string(),
        }),
    };
    runtime.shutdown(config.general.shutdown_timeout).await;
    opened
}

/// What the file holds, in numbers.
pub(crate) fn summary(config: &Config, registry: &Registry) -> String {
    let workflow = config.workflow.as_ref().map_or("None", |workflow| workflow.type_name.as_str());
    let mut text = format!("Configuration Summary:\n--------------------\nWorkflow Type: {workflow}\n");
    let known = [
        ("Functions", "functions"),
        ("Function Groups", "function_groups"),
        ("LLMs", "llms"),
        ("Embedders", "embedders"),
        ("Memory", "memory"),
        ("Object Stores", "object_stores"),
        ("Retrievers", "retrievers"),
        ("TTC Strategies", "ttc_strategies"),
        ("Authentication Providers", "authentication"),
    ];
    for (label, section) in known {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "Number of {label}: {}", config.count(section));
    }
    let further = registry.kinds().into_iter().filter(|kind| kind.is_registered_kind()).map(|kind| kind.section());
    for section in further.filter(|section| known.iter().all(|(_, known)| known != section)) {
        let _ = writeln!(text, "Number of {section}: {}", config.count(section));
    }
    text
}
