//! Who may ask, and how much.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use nat_schema::duration::{self, TimeSpan};

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// The session cookie.
    SessionCookie,
    /// A bearer token with three parts.
    Jwt,
    /// `X-API-Key`, or a bearer token without parts.
    ApiKey,
    /// User name and password.
    Basic,
}

/// Which other origins' pages may call (CORS).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Cors {
    /// Origins, or `*`. Default: none.
    pub allow_origins: Option<Vec<String>>,
    /// A pattern that a whole origin must match.
    pub allow_origin_regex: Option<String>,
    /// Methods. Default: GET.
    pub allow_methods: Vec<String>,
    /// Headers beside the ones that are always allowed.
    pub allow_headers: Vec<String>,
    /// Whether cookies and credentials may be sent. Default: no.
    pub allow_credentials: bool,
    /// Headers that pages may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember a preflight answer, in seconds. Default: 600.
    pub max_age: u64,
}

/// How users are told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SessionSettings {
    /// Who chooses a session's name. Default: the client.
    pub mode: SessionMode,
    /// Says that something in front of this server vouches for sessions that clients choose, so that addresses
    /// other than loopback may be bound. Default: no.
    pub trust_client_sessions: bool,
    /// The cookies that carry a session, in order of precedence. Default: `nat-session`.
    #[schemars(length(min = 1))]
    pub cookie_names: Vec<String>,
}

/// Who chooses a session's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// The client: any value is a user.
    Client,
    /// The server, which signs it. Not in this version.
    #[schemars(extend("x-nat-refused" = true))]
    Signed,
}

/// How much of anything a client may ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// Connections at once. Default: 10,000.
    #[schemars(range(min = 1))]
    pub max_connections: usize,
    /// Files that stay free of connections, for what functions and the server itself open. Where the limit of open files
    /// is too low for both, fewer connections are accepted. Default: 256.
    pub reserved_files: usize,
    /// Bytes of a request's body, chunked ones included. Default: 1 MiB.
    #[schemars(range(min = 1))]
    pub max_body_bytes: usize,
    /// Bytes of a request's headers. Default: 16 KiB. hyper reads at least 8 KiB.
    #[schemars(range(min = 8192))]
    pub max_header_bytes: usize,
    /// How long a request's headers may take to arrive. Default: 10 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive. Default: 30 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub body_timeout: Duration,
    /// Requests at once on one HTTP/2 connection. Default: 100.
    #[schemars(range(min = 1))]
    pub max_concurrent_streams: u32,
    /// How long a stream may be silent before a comment is sent, which keeps proxies from giving it up.
    /// Default: 15 seconds.
    #[serde(with = "duration")]
    #[schemars(with = "TimeSpan", extend("exclusiveMinimum" = 0))]
    pub keep_alive_interval: Duration,
}

impl Default for Cors {
    fn default() -> Self {
        Self {
            allow_origins: None,
            allow_origin_regex: None,
            allow_methods: vec!["GET".to_owned()],
            allow_headers: Vec::new(),
            allow_credentials: false,
            expose_headers: Vec::new(),
            max_age: 600,
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { mode: SessionMode::Client, trust_client_sessions: false, cookie_names: vec!["nat-session".to_owned()] }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            reserved_files: 256,
            max_body_bytes: 1024 * 1024,
            max_header_bytes: 16 * 1024,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            max_concurrent_streams: 100,
            keep_alive_interval: Duration::from_secs(15),
        }
    }
}
