//! Binding the address of a server that has just ended.

use std::time::Duration;

use nat_core::Config;
use nat_core::config::FrontEnd;
use nat_server::{BindError, Server};
use tokio::time::{Instant, sleep};

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

/// Whether all of it could be served but for the port, which is still taken: routes, host, exposure.
pub(super) async fn trial(config: &Config) -> Result<(), String> {
    let mut config = config.clone();
    match &mut config.general.front_end {
        FrontEnd::FastApi(front_end) => front_end.port = 0,
        FrontEnd::Console(_) => return Err("general.front_end._type is `console`, which is not served".to_owned()),
    }
    Server::bind(&config).await.map(drop).map_err(|error| error.to_string())
}
