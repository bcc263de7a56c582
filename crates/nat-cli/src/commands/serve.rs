//! `nat serve`: a workflow over HTTP, until a signal.

mod bind;
mod overview;
mod watch;

use std::ffi::OsString;
use std::fmt::Display;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use nat_core::config::General;
use nat_core::{Runtime, StartError};
use nat_server::{HttpConfig, Server};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::args::ServeOptions;
use crate::failure::Failure;
use crate::logging::Log;
use crate::memory;
use crate::project::{For, Project};
use crate::signals::{self, Allowance, Running, Signals};
use watch::{Changed, Now, Start, Watch};

pub(crate) fn serve(options: &ServeOptions, typed: &[OsString], log: &Log) -> Result<ExitCode, Failure> {
    info!("Starting NAT from config file: '{}'", options.file.config_file.display());
    let project = Project::load(&options.file, For::Serving(&options.front_end.given), typed)?;
    let runtime =
        threads(&HttpConfig::of(&project.config)).map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let signals = Signals::listen(Running::Server, &project.config.general, runtime.handle().clone(), log)
        .map_err(|error| format!("signals cannot be listened to: {error}"))?;
    let ended = runtime.block_on(signals.answering(until_stopped(project, options, &signals, log)));
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

/// One thread for each core, unless the file asks for several.
fn threads(front_end: &HttpConfig) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Ok(workers @ 2..) = usize::try_from(front_end.workers) {
        builder.worker_threads(workers);
    }
    builder.enable_all().build()
}

/// What `docker stop` and Compose wait before they kill, unless they are told otherwise.
const PATIENCE_OF_DOCKER: Duration = Duration::from_secs(10);

/// Says where a stop may take longer than a container's manager waits for it.
fn warn_of_a_long_stop(general: &General) {
    let longest = Allowance::of(general).longest();
    if longest > PATIENCE_OF_DOCKER {
        let (drain, close) = (general.shutdown_timeout, general.close_timeout);
        let seconds = longest.as_secs_f64().ceil();
        warn!(
            "a stop may take {longest:?} (general.shutdown_timeout {drain:?} + general.close_timeout {close:?}), and \
             `docker stop` kills after 10s: lower these, or allow {seconds} s with `docker stop -t`, `stop_grace_period` \
             (Compose) or `terminationGracePeriodSeconds` (Kubernetes, 30 by default)"
        );
    }
}

/// What comes after a server's end.
enum Next {
    /// With so many instances that could not be closed.
    Exit(usize),
    Serve(Changed),
}

/// Serves one version of the file after the other. Gives the number of instances that could not be closed in the end.
async fn until_stopped(
    project: Project,
    options: &ServeOptions,
    signals: &Signals,
    log: &Log,
) -> Result<usize, Failure> {
    let (mut project, mut bound) = (Box::new(project), None);
    let mut port = None;
    loop {
        log.configure(&project.config);
        project.log_warnings();
        signals.allow(&project.config.general);
        warn_of_a_long_stop(&project.config.general);
        if let (Some(port), Some(front_end)) = (port, project.config.general.front_end.get_mut::<HttpConfig>())
            && front_end.port == 0
        {
            // Whoever was told the address of the first start finds the next one there, too.
            front_end.port = port;
        }
        let start = if port.is_some() { Start::Further } else { Start::First };
        let reload = HttpConfig::of(&project.config).reload;
        let watch = reload.then(|| Watch::new(&options.file, &options.front_end.given, &project, start));
        match serve_once(&project, bound.take(), signals, watch, &mut port, log).await? {
            Next::Exit(unclosed) => return Ok(unclosed),
            Next::Serve(next) => (project, bound) = (next.project, next.server),
        }
        info!("Starting again with the new file");
    }
}

async fn serve_once(
    project: &Project,
    bound: Option<Box<Server>>,
    signals: &Signals,
    watch: Option<Watch<'_>>,
    port: &mut Option<u16>,
    log: &Log,
) -> Result<Next, Failure> {
    let stop = signals.stop.child_token();
    // The socket before anything is built: the cheaper refusal first.
    let bound = match (bound, &port) {
        (Some(bound), _) => Ok(*bound),
        (None, None) => Server::bind(&project.config).await,
        (None, Some(_)) => bind::again(&project.config).await,
    };
    let server = match bound {
        Ok(server) => server,
        Err(error) => return not_started(&error, signals, watch).await,
    };
    *port = server.addresses().first().map(std::net::SocketAddr::port);
    let runtime = match Runtime::start(&project.config, &project.registry, stop.clone()).await {
        Ok(runtime) => runtime,
        Err(StartError::Interrupted) => return Ok(Next::Exit(0)),
        Err(failed) => {
            let ends = watch.as_ref().is_none_or(|watch| !watch.is_further());
            error!("Application startup failed.{}", if ends { " Exiting." } else { "" });
            return not_started(&failed, signals, watch).await;
        }
    };
    overview::show(project, &runtime, server.addresses(), log);
    let changed = CancellationToken::new();
    let now = Now::Served(*port);
    let end = || async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = changed.cancelled() => {}
        }
    };
    let watched = async {
        let next = match watch {
            Some(mut watch) => watch.changed(now).await,
            None => std::future::pending().await,
        };
        info!("the file has changed: running requests may finish");
        changed.cancel();
        next
    };
    let mut tidying = pin!(memory::give_back(runtime.clone(), server.traffic()));
    let mut serving = Box::pin(server.run(runtime.clone(), end()));
    tokio::pin!(watched);
    let mut next = None;
    let report = loop {
        tokio::select! {
            report = &mut serving => break Some(report),
            file = &mut watched, if !changed.is_cancelled() => next = Some(file),
            never = &mut tidying => match never {},
            () = signals.hurry.cancelled() => break None,
        }
    };
    let ended = match report {
        Some(report) => {
            let instances = report.runtime.instances;
            info!("{} instances built, {} closed", instances.built, instances.closed);
            report.runtime
        }
        None => {
            // The calls go with the connections: closing waits for those in flight, and these are not wanted.
            drop(serving);
            runtime.shutdown(Duration::ZERO).await
        }
    };
    // A signal that came while the old file was drained means the end all the same.
    match next.filter(|_| !signals.received()) {
        Some(file) => Ok(Next::Serve(file)),
        None => Ok(Next::Exit(ended.unclosed.len())),
    }
}

/// What cannot start ends the process, unless somebody is at work on the file.
async fn not_started(failed: &dyn Display, signals: &Signals, watch: Option<Watch<'_>>) -> Result<Next, Failure> {
    let Some(mut watch) = watch.filter(Watch::is_further) else {
        return Err(failed.to_string().into());
    };
    failed.to_string().lines().for_each(|line| error!("{line}"));
    error!("nothing is served until the file changes");
    tokio::select! {
        next = watch.changed(Now::Nothing) => Ok(Next::Serve(next)),
        () = signals.stop.cancelled() => Ok(Next::Exit(0)),
    }
}
