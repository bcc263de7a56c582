//! The HTTP server's settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Cors, Credential, Endpoint, FunctionEndpoint, Limits, SessionMode, SessionSettings, StepAdaptor};
use nat_config::Mistake;
use nat_config::{Edit, keys};
use nat_schema::Segment;
use nat_schema::network::Network;

/// The HTTP server. Named as in the Python toolkit, whose configurations it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HttpConfig {
    /// A prefix under which everything answers as well, for a proxy that strips none. Default: empty.
    pub root_path: String,
    /// The address or name to bind. Default: `localhost`.
    pub host: String,
    /// The port to bind; 0 takes any free one. Default: 8000.
    pub port: u16,
    /// Whether to start again when the file or one of its bases changes. Default: no.
    pub reload: bool,
    /// Threads that serve; 1 means one for each core. Default: 1.
    #[schemars(range(min = 1))]
    pub workers: u32,
    /// Of the Python toolkit's job scheduler; without effect.
    pub scheduler_address: Option<String>,
    /// Of the Python toolkit's job store; without effect.
    pub db_url: Option<String>,
    /// Background jobs that run at once. Default: 10.
    #[schemars(range(min = 1))]
    pub max_running_async_jobs: usize,
    /// Of the Python toolkit's job scheduler; without effect. Default: processes.
    pub dask_workers: DaskWorkers,
    /// Of the Python toolkit's job scheduler; without effect. Default: WARNING.
    pub dask_log_level: String,
    /// Of the Python toolkit's job scheduler; without effect. Default: "0".
    pub dask_worker_memory_limit: String,
    /// Of the Python toolkit's job scheduler; without effect. Default: 1.
    pub dask_threads_per_worker: i64,
    /// Which steps streams show.
    pub step_adaptor: StepAdaptor,
    /// The kinds of credentials that are accepted; null accepts all. Not together with `identity_header`.
    pub accepted_identity_credentials: Option<Vec<Credential>>,
    /// Names of `authentication` providers that verify credentials. Not together with `identity_header`.
    pub identity_authentication: Vec<String>,
    /// The one header that says who is asking, set by a proxy; see `trusted_proxies`.
    pub identity_header: Option<String>,
    /// The routes of the workflow. Giving it replaces all of them.
    pub workflow: Endpoint,
    /// The route of evaluations.
    pub evaluate: Endpoint,
    /// The route of single evaluations.
    pub evaluate_item: Endpoint,
    /// The page that OAuth providers redirect to; null for none. Default: `/auth/redirect`.
    pub oauth2_callback_path: Option<String>,
    /// Routes of further functions.
    pub endpoints: Vec<FunctionEndpoint>,
    /// Which other origins' pages may call.
    pub cors: Cors,
    /// Without effect: there is no gunicorn here. Default: no.
    pub use_gunicorn: bool,
    /// Without effect: a Python class.
    pub runner_class: Option<String>,
    /// The object store behind `/static`.
    pub object_store: Option<String>,
    /// Whether `/generate*` and `/chat*` are left out. Default: no.
    pub disable_legacy_routes: bool,
    /// Whether `/v1/chat/completions` may answer 202 and wait for a human. Default: no.
    pub enable_interactive_extensions: bool,
    /// How users are told apart.
    pub session: SessionSettings,
    /// Whether the texts of foreign errors reach clients; null: only where clients choose their identity and the
    /// server is bound to loopback.
    pub expose_errors: Option<bool>,
    /// Peers whose `identity_header` and forwarding headers count. Default: loopback.
    pub trusted_proxies: Vec<Network>,
    /// Names by which browsers may call a server on loopback, beside `localhost`, names below it and IP addresses;
    /// `*.example.org` for all names below one. Not asked about where `identity_header` or
    /// `session.trust_client_sessions` is set. Default: none.
    pub allowed_hosts: Vec<String>,
    /// How much of anything a client may ask for.
    pub limits: Limits,
}

/// What runs jobs in the Python toolkit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DaskWorkers {
    /// Threads.
    Threads,
    /// Processes.
    Processes,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            root_path: String::new(),
            host: "localhost".to_owned(),
            port: 8000,
            reload: false,
            workers: 1,
            scheduler_address: None,
            db_url: None,
            max_running_async_jobs: 10,
            dask_workers: DaskWorkers::Processes,
            dask_log_level: "WARNING".to_owned(),
            dask_worker_memory_limit: "0".to_owned(),
            dask_threads_per_worker: 1,
            step_adaptor: StepAdaptor::default(),
            accepted_identity_credentials: None,
            identity_authentication: Vec::new(),
            identity_header: None,
            workflow: Endpoint::workflow(),
            evaluate: Endpoint::post("/evaluate", "Evaluates the workflow on a data set"),
            evaluate_item: Endpoint::post("/evaluate/item", "Evaluates the workflow on one item"),
            oauth2_callback_path: Some("/auth/redirect".to_owned()),
            endpoints: Vec::new(),
            cors: Cors::default(),
            use_gunicorn: false,
            runner_class: None,
            object_store: None,
            disable_legacy_routes: false,
            enable_interactive_extensions: false,
            session: SessionSettings::default(),
            expose_errors: None,
            trusted_proxies: vec![Network::LOOPBACK_V4, Network::LOOPBACK_V6],
            allowed_hosts: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl HttpConfig {
    pub(super) fn identity_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if !self.identity_authentication.is_empty() {
            let message = "Value error, authentication providers are not available in this version";
            let mend = "credentials would be accepted unverified: leave the key out, and let a proxy verify them and \
                        set `identity_header`";
            let expected = "no providers in this version";
            mistakes.push(Mistake::new(["identity_authentication"], message).expected(expected).mend(mend).removable());
        }
        if self.identity_header.is_none() && self.accepted_identity_credentials.as_ref().is_some_and(Vec::is_empty) {
            let message = "Value error, no credential at all would be accepted: nobody could call a per-user function";
            let mistake = Mistake::new(["accepted_identity_credentials"], message).removable();
            mistakes.push(
                mistake
                    .expected("at least one of `session_cookie`, `jwt`, `api_key` and `basic`")
                    .mend("leave the key out: all of them are accepted then"),
            );
        }
        if let Some(header) = &self.identity_header {
            if self.accepted_identity_credentials.is_some() || !self.identity_authentication.is_empty() {
                let message = "Value error, identity_header cannot be combined with accepted_identity_credentials or \
                               identity_authentication";
                let other = match self.accepted_identity_credentials {
                    Some(_) => "accepted_identity_credentials",
                    None => "identity_authentication",
                };
                let mistake = Mistake::new(["identity_header"], message).related(keys([other]), "beside this");
                mistakes.push(
                    mistake
                        .expected(format!("no `{other}` beside it"))
                        .mend(format!("a proxy that sets the header has checked: remove `{other}`"))
                        .edit(Edit::Remove(keys([other]))),
                );
            }
            if !is_token(header) {
                mistakes.push(
                    Mistake::new(["identity_header"], "Value error, this is no name of an HTTP header")
                        .expected("letters, digits and hyphens, such as `X-Auth-User`"),
                );
            }
        }
        if self.session.mode == SessionMode::Signed {
            let message = "Value error, signed sessions are not available in this version";
            let mend = "leave `mode` out, or let a proxy set `identity_header`";
            let expected = "`client`: there is no `signed` in this version";
            mistakes.push(Mistake::new(["session", "mode"], message).expected(expected).mend(mend).removable());
        }
        for (index, name) in self.session.cookie_names.iter().enumerate().filter(|(_, name)| !is_token(name)) {
            let message = format!("Value error, `{name}` is no name of a cookie");
            let mut mistake = Mistake::new(["session", "cookie_names"], message);
            mistake.path.push(Segment::Index(index));
            mistakes.push(mistake.expected("letters, digits, hyphens and underscores, such as `nat-session`"));
        }
        mistakes
    }
}

/// What RFC 9110 calls a token: the names of headers and cookies.
fn is_token(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_part)
}
