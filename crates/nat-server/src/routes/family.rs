//! The routes of one endpoint, drawn from its paths.

use crate::config::{Endpoint, HttpConfig, Method as EndpointMethod, OnDisconnect};
use http::Method;
use nat_core::EntryName;

use super::Target;
use super::chat::Mode;
use super::entrance::Takes;
use super::stream::Steps;
use crate::error::Wording;
use crate::sse::{ErrorForm, Filter};

/// What is common to all routes of an endpoint.
pub(super) struct Family<'f> {
    entry: &'f EntryName,
    endpoint: &'f Endpoint,
    front_end: &'f HttpConfig,
    method: Method,
    takes: Takes,
}

/// A path with what will answer there.
pub(super) type Planned = (String, Method, Target);

impl<'f> Family<'f> {
    pub(super) fn new(entry: &'f EntryName, endpoint: &'f Endpoint, front_end: &'f HttpConfig) -> Self {
        let (method, takes) = match endpoint.method {
            EndpointMethod::Get => (Method::GET, Takes::Nothing),
            // The configuration refuses PUT and DELETE.
            _ => (Method::POST, Takes::Body),
        };
        Self { entry, endpoint, front_end, method, takes }
    }

    pub(super) fn routes(&self) -> Vec<Planned> {
        let Endpoint { path, legacy_path, openai_api_path, openai_api_v1_path, legacy_openai_api_path, .. } =
            self.endpoint;
        let legacy = |path: &'f Option<String>| path.as_deref().filter(|_| !self.front_end.disable_legacy_routes);
        let mut routes = Vec::new();
        if let Some(path) = path {
            routes.extend(self.results(path, Wording::ExecutionFailed, ErrorForm::Event));
        }
        if let Some(path) = legacy(legacy_path) {
            routes.extend(self.results(path, Wording::Kind, ErrorForm::EventAndLine));
        }
        // Equal paths mean that one route answers in both forms.
        if let Some(path) = openai_api_path.as_ref().filter(|path| openai_api_v1_path.as_ref() != Some(path)) {
            routes.extend(self.chats(path, Wording::ExecutionFailed, ErrorForm::Event));
        }
        if let Some(path) = legacy(legacy_openai_api_path) {
            routes.extend(self.chats(path, Wording::Kind, ErrorForm::EventAndLine));
        }
        if let Some(path) = openai_api_v1_path {
            let wording = match self.front_end.enable_interactive_extensions {
                true => Wording::ExecutionFailed,
                false => Wording::Kind,
            };
            let target = self.chat(Mode::AsAsked, wording, ErrorForm::EventAndLine);
            routes.push((path.clone(), Method::POST, target));
        }
        routes
    }

    fn results(&self, path: &str, wording: Wording, errors: ErrorForm) -> Vec<Planned> {
        let rendered = Steps::Rendered(Filter::of_adaptor(&self.front_end.step_adaptor));
        let single = Target::Call { entry: self.entry.clone(), wording, takes: self.takes };
        let below = [("stream", self.stream(rendered, errors)), ("full", self.stream(Steps::Raw, errors))];
        self.with_below(path, single, below)
    }

    fn chats(&self, path: &str, wording: Wording, errors: ErrorForm) -> Vec<Planned> {
        let single = self.chat(Mode::Single, wording, errors);
        self.with_below(path, single, [("stream", self.chat(Mode::Stream, wording, errors))])
    }

    /// A path and those below it. A path that ends in a parameter for the rest of it has none: all that is below
    /// is a value of the parameter.
    fn with_below<const N: usize>(&self, path: &str, target: Target, below: [(&str, Target); N]) -> Vec<Planned> {
        let mut routes = vec![(path.to_owned(), self.method.clone(), target)];
        let parent = path.trim_end_matches('/');
        if !parent.ends_with(":path}") {
            let below =
                below.into_iter().map(|(name, target)| (format!("{parent}/{name}"), self.method.clone(), target));
            routes.extend(below);
        }
        routes
    }

    fn stream(&self, steps: Steps, errors: ErrorForm) -> Target {
        let (entry, takes, on_disconnect) = self.common();
        Target::Stream { entry, takes, steps, errors, on_disconnect }
    }

    fn chat(&self, mode: Mode, wording: Wording, errors: ErrorForm) -> Target {
        let steps = Filter::of_adaptor(&self.front_end.step_adaptor);
        let (entry, takes, on_disconnect) = self.common();
        Target::Chat { entry, takes, mode, wording, steps, errors, on_disconnect }
    }

    fn common(&self) -> (EntryName, Takes, OnDisconnect) {
        (self.entry.clone(), self.takes, self.endpoint.on_disconnect)
    }
}
