//! `nat start KIND`: a front end of another crate, until it ends or a signal comes.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use nat_core::config::FrontEndType;
use nat_core::{Runtime, StartError};
use tracing::info;

use crate::args::StartOptions;
use crate::failure::Failure;
use crate::logging::Log;
use crate::project::{For, Project};
use crate::signals::{self, Running, Signals};

pub(crate) fn start(
    kind: &'static FrontEndType,
    options: &StartOptions,
    typed: &[OsString],
    log: &Log,
) -> Result<ExitCode, Failure> {
    info!("Starting NAT from config file: '{}'", options.file.config_file.display());
    let mut project = Project::load(&options.file, For::Starting(kind), typed)?;
    log.configure(&project.config);
    project.log_warnings();
    if project.config.general.front_end.type_name() != kind.name() {
        project.config.general.front_end = kind.default_settings();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let signals = Signals::listen(Running::Server, &project.config.general, runtime.handle().clone(), log)
        .map_err(|error| format!("signals cannot be listened to: {error}"))?;
    let ended = runtime.block_on(signals.answering(serve(&project, &signals)));
    signals.over();
    // A call that blocks its thread is not waited for: everything else has ended by now.
    let blocked = signals::end_workers(runtime);
    let unclosed = ended?;
    if unclosed == 0 && blocked.is_empty() {
        return Ok(signals.exit(log));
    }
    signals::report_blocked(&blocked, unclosed);
    Ok(ExitCode::from(signals::BLOCKED))
}

/// Serves until the front end ends. Gives the number of instances that could not be closed.
async fn serve(project: &Project, signals: &Signals) -> Result<usize, Failure> {
    let config = &project.config;
    let stop = signals.stop.child_token();
    let runtime = match Runtime::start(config, &project.registry, stop.clone()).await {
        Ok(runtime) => runtime,
        Err(StartError::Interrupted) => return Ok(0),
        Err(failed) => return Err(failed.to_string().into()),
    };
    let (ended, time) = tokio::select! {
        ended = config.general.front_end.serve(config.clone(), runtime.clone(), stop) => {
            (ended, config.general.shutdown_timeout)
        }
        () = signals.hurry.cancelled() => (Ok(()), Duration::ZERO),
    };
    let unclosed = tokio::select! {
        report = runtime.shutdown(time) => report.unclosed.len(),
        () = signals.hurry.cancelled() => 0,
    };
    match ended {
        Ok(()) => Ok(unclosed),
        Err(error) => Err(error.message().to_owned().into()),
    }
}
