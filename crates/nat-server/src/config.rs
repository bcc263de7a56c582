//! `general.front_end` with `_type: fastapi`: the settings of the HTTP server, and what is checked of them.

mod endpoint;
mod exposure;
mod guards;
mod http;
mod origins;
mod path;
mod paths;
mod steps;
#[cfg(test)]
mod tests;
mod unsupported;

use nat_config::{Mistake, keys};
use nat_core::config::{FrontEnd, Started};
use nat_core::{EntryName, Error, FunctionRef, Interface, Result, register_front_end};
use nat_schema::Segment;
use nat_schema::text::list_of_names;
use serde_json::{Map, Value};

pub use endpoint::{Endpoint, FunctionEndpoint, Method, OnDisconnect};
pub use guards::{Cors, Credential, Limits, SessionMode, SessionSettings};
pub use http::{DaskWorkers, HttpConfig};
pub use steps::{StepAdaptor, StepMode, StepType};
pub use unsupported::NOT_SERVED;
pub(crate) use unsupported::{Unserved, unserved};

use crate::Server;

register_front_end!(HttpConfig);

impl FrontEnd for HttpConfig {
    const TYPE_NAME: &'static str = "fastapi";
    const DESCRIPTION: &'static str = "The HTTP server (`nat serve`)";
    const IS_DEFAULT: bool = true;

    fn warnings_as_written(section: &Map<String, Value>) -> Vec<Mistake> {
        unsupported::as_written(section)
    }

    fn warnings(&self) -> Vec<Mistake> {
        unsupported::as_read(self)
    }

    fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = self.identity_mistakes();
        mistakes.extend(origins::mistakes(self));
        mistakes.extend(paths::mistakes(self));
        mistakes
    }

    fn mistake_when_started(&self) -> Option<Mistake> {
        exposure::mistake(self)
    }

    fn entry_points(&self) -> Vec<(Vec<Segment>, FunctionRef)> {
        let path = |index| [keys(["endpoints"]), vec![Segment::Index(index)], keys(["function_name"])].concat();
        let endpoints = self.endpoints.iter().enumerate();
        endpoints.map(|(index, endpoint)| (path(index), endpoint.function_name.clone())).collect()
    }

    /// Refuses endpoints that call a function without the input that it cannot do without.
    fn mistakes_beside<'i>(&self, interface: &dyn Fn(&EntryName) -> Option<&'i Interface>) -> Vec<Mistake> {
        let workflow = (EntryName::Workflow, &self.workflow, "the workflow".to_owned(), keys(["workflow"]));
        let others = self.endpoints.iter().enumerate().map(|(index, one)| {
            let name = one.function_name.as_str();
            let place = [keys(["endpoints"]), vec![Segment::Index(index)]].concat();
            (EntryName::Function(name.to_owned()), &one.endpoint, format!("function `{name}`"), place)
        });
        let mistake = |(entry, endpoint, name, place): (EntryName, &Endpoint, String, Vec<Segment>)| {
            let missing = interface(&entry).map(Interface::required_fields).unwrap_or_default();
            if endpoint.method != Method::Get || !endpoint.has_calls() || missing.is_empty() {
                return None;
            }
            let missing = list_of_names(missing.iter().map(String::as_str));
            let message = format!("Value error, {name} needs {missing}, and GET calls it without input");
            let mut mistake = Mistake::new([], message).expected("`POST`").mend("write `method: POST`");
            mistake.path = [place, keys(["method"])].concat();
            Some(mistake.replaced("POST"))
        };
        std::iter::once(workflow).chain(others).filter_map(mistake).collect()
    }

    async fn serve(self, started: Started) -> Result<()> {
        let Started { config, runtime, stop, .. } = started;
        let server = Server::bind(&config).await.map_err(|error| Error::runtime(error.to_string()))?;
        server.run(runtime, stop.cancelled_owned()).await;
        Ok(())
    }
}

impl HttpConfig {
    /// The settings of a configuration whose front end is this one, and the defaults where it is another.
    pub fn of(config: &nat_core::Config) -> HttpConfig {
        config.general.front_end.get::<HttpConfig>().cloned().unwrap_or_default()
    }
}
