//! Two front ends for tests: one with endpoints, which is the default, and one that runs once.

use nat_config::{Mistake, keys};
use nat_schema::Segment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{FrontEnd, FunctionRef, Started};
use crate::{Result, register_front_end};

register_front_end!(Routes);
register_front_end!(Console);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Routes {
    pub(crate) port: u16,
    pub(crate) identity_header: Option<String>,
    pub(crate) session: Session,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) endpoints: Vec<Route>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Session {
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Client,
    #[schemars(extend("x-nat-refused" = true))]
    Signed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Route {
    pub(crate) function_name: FunctionRef,
    pub(crate) path: String,
    pub(crate) method: String,
    pub(crate) description: String,
}

impl Default for Routes {
    fn default() -> Self {
        let (identity_header, session) = (None, Session::default());
        Self { port: 8000, identity_header, session, trusted_proxies: Vec::new(), endpoints: Vec::new() }
    }
}

impl FrontEnd for Routes {
    const TYPE_NAME: &'static str = "fastapi";
    const ALIASES: &'static [&'static str] = &["routes"];
    const DESCRIPTION: &'static str = "Endpoints of a test.";
    const IS_DEFAULT: bool = true;

    fn mistakes(&self) -> Vec<Mistake> {
        let header = self.identity_header.iter().filter(|header| header.contains(' '));
        let mistake = |_| {
            Mistake::new(["identity_header"], "Value error, this is no name of an HTTP header")
                .expected("letters, digits and hyphens, such as `X-Auth-User`")
        };
        header.map(mistake).collect()
    }

    fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)> {
        let path = |at| [keys(["endpoints"]), vec![Segment::Index(at)], keys(["function_name"])].concat();
        let endpoints = self.endpoints.iter().enumerate();
        endpoints.map(|(at, one)| (path(at), one.function_name.clone())).collect()
    }

    async fn serve(self, started: Started) -> Result<()> {
        started.stop.cancelled().await;
        Ok(())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Console {
    pub(crate) input: Option<String>,
}

impl FrontEnd for Console {
    const TYPE_NAME: &'static str = "console";
    const DESCRIPTION: &'static str = "One run of a test.";

    async fn serve(self, _: Started) -> Result<()> {
        Ok(())
    }
}
