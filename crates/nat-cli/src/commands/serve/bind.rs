//! Binding the address of a server that has just ended.

use std::time::Duration;

use nat_core::{Config, StartError};
use nat_server::{BindError, HttpConfig, Server};
use tokio::time::{Instant, sleep};

use super::watch::Now;

/// The sockets of the server before are closed by tasks that may not have run yet.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Binds as configured, as soon as the predecessor has let go.
pub(super) async fn again(config: &Config) -> Result<Server, BindError> {
    let deadline = Instant::now() + GRACE;
    loop {
        match Server::bind(config).await {
            Err(BindError::InUse { .. }) if Instant::now() < deadline => sleep(PAUSE).await,
            bound => return bound,
        }
    }
}

/// Whether all of it could be served. A port that is not the running server's is bound at once; where it is,
/// everything else is tried: routes, host, exposure.
pub(super) async fn trial(config: &Config, now: Now) -> Result<Option<Box<Server>>, String> {
    if config.workflow.is_none() {
        return Err(StartError::NoWorkflow.to_string());
    }
    let mut config = config.clone();
    let Some(front_end) = config.general.front_end.get_mut::<HttpConfig>() else {
        return Err("general.front_end is no HTTP server".to_owned());
    };
    let is_free = matches!(now, Now::Served(Some(taken)) if front_end.port != 0 && front_end.port != taken);
    if !is_free {
        front_end.port = 0;
    }
    let bound = Server::bind(&config).await.map_err(|error| error.to_string())?;
    Ok(is_free.then(|| Box::new(bound)))
}
