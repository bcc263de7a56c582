//! A workflow under test, before it starts.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use nat_config::Document;
use nat_config::diagnostic::Origin;
use nat_core::config::{Config, Validation};
use nat_core::{CancellationToken, ComponentKind, Registration, Registry, Runtime, Scope};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mock::{MockComponent, mock_component};
use crate::workflow::TestWorkflow;
use crate::{Lifecycle, MockFunction, SetupError};

/// A workflow file with the changes that a test makes to it.
///
/// All component types that are linked into the test are known: those of the crate under test, and those that the test
/// registers itself with the attributes of `nat`. An integration test links the crate under test with
/// `use my_crate as _;`.
#[derive(Default)]
pub struct TestWorkflowBuilder {
    source: Option<Source>,
    variables: HashMap<String, String>,
    settings: Vec<(String, Value)>,
    mocks: Vec<(Place, MockComponent)>,
    registrations: Option<Vec<&'static Registration>>,
}

enum Source {
    Text(String),
    File(PathBuf),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    InFile,
    New,
}

impl TestWorkflowBuilder {
    /// Takes the text of a workflow file.
    #[must_use]
    pub fn yaml(mut self, text: impl Into<String>) -> Self {
        self.source = Some(Source::Text(text.into()));
        self
    }

    /// Takes a workflow file. Cargo runs the tests of a package in its folder, to which the path is relative.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.source = Some(Source::File(path.into()));
        self
    }

    /// Sets an environment variable for the file alone, where it is written as `${NAME}`. Others are those of the
    /// process.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Sets the value at a dotted path of the file, such as `general.max_users` or `functions.notepad`. A whole component
    /// can be replaced by one of another type, for example by a group that the test registers.
    #[must_use]
    pub fn set(mut self, path: impl Into<String>, value: impl Into<Value>) -> Self {
        self.settings.push((path.into(), value.into()));
        self
    }

    /// Puts a mock in the place of a function of the file, or of the workflow under the name `workflow`. The mock is
    /// shared or per-user as the function is, unless it says otherwise. The type of the function need not be linked in;
    /// a mock of an unknown type is shared unless it says otherwise.
    #[must_use]
    pub fn mock<I, O>(mut self, name: impl Into<String>, mock: &MockFunction<I, O>) -> Self
    where
        I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + 'static,
    {
        self.mocks.push((Place::InFile, mock_component(name.into(), mock)));
        self
    }

    /// Adds a mock as a further function of the file. It is shared unless it says otherwise.
    #[must_use]
    pub fn add_mock<I, O>(mut self, name: impl Into<String>, mock: &MockFunction<I, O>) -> Self
    where
        I: Serialize + DeserializeOwned + JsonSchema + Send + 'static,
        O: Serialize + JsonSchema + Send + 'static,
    {
        self.mocks.push((Place::New, mock_component(name.into(), mock)));
        self
    }

    /// Knows these component types in place of those that are linked in.
    #[must_use]
    pub fn registrations(mut self, registrations: impl IntoIterator<Item = &'static Registration>) -> Self {
        self.registrations = Some(registrations.into_iter().collect());
        self
    }

    /// Checks the file and starts the workflow, without a server. Shared components are built here, per-user ones at a
    /// user's first call.
    ///
    /// # Errors
    ///
    /// See [`SetupError`]. What had been built has been closed then.
    pub async fn start(self) -> Result<TestWorkflow, SetupError> {
        let Prepared { config, registry, keep } = self.prepare()?;
        let lifecycle = Lifecycle::default();
        let observer = Some(lifecycle.observer());
        let runtime = Runtime::start_observed(&config, &registry, CancellationToken::new(), observer).await;
        Ok(TestWorkflow::new(runtime.map_err(SetupError::Start)?, config, lifecycle, keep))
    }

    /// [`TestWorkflowBuilder::start`], behind a server on a free port of 127.0.0.1. The port and the host of the file do
    /// not count.
    ///
    /// # Errors
    ///
    /// As [`TestWorkflowBuilder::start`], and that the server does not start.
    #[cfg(feature = "server")]
    pub async fn serve(self) -> Result<crate::TestServer, SetupError> {
        crate::TestServer::over(self.start().await?).await
    }

    fn prepare(self) -> Result<Prepared, SetupError> {
        let mut document = self.document()?;
        for (path, value) in &self.settings {
            let keys: Vec<&str> = path.split('.').collect();
            document.set_option(SET, &keys, value.clone());
            let at = keys.iter().try_fold(None, |at, key| match at {
                None => Some(Some(document.content().get(*key)?)),
                Some(value) => Some(Some(Value::get(value, *key)?)),
            });
            if at.flatten() != Some(value) {
                return Err(SetupError::Setting(format!("`{path}` leads through a value that is no mapping")));
            }
        }
        let known = |mocks: Vec<&'static Registration>| {
            let known = match &self.registrations {
                Some(registrations) => Registry::new(registrations.iter().copied().chain(mocks)),
                None => Registry::linked_with(mocks),
            };
            known.map_err(SetupError::Registry)
        };
        let (mut registry, mut mocks) = (known(Vec::new())?, Vec::new());
        for (place, mock) in &self.mocks {
            let original = original(&document, *place, &mock.name)?;
            let path = original.path(&mock.name);
            let original = original.type_name().and_then(|name| registry.find(ComponentKind::FUNCTION, name));
            let scope = original.map(|original| original.registration().scope());
            let field = original.and_then(|original| original.interfaces().first()?.2.input_field());
            let type_name = format!("mock of {}", mock.name.replace('/', "_"));
            document.set_option("mock", &path, mock.settings(&type_name));
            let scope = mock.scope.or(scope).unwrap_or(Scope::Shared);
            mocks.push(mock.registration(type_name, scope, field.unwrap_or("value")));
        }
        if !mocks.is_empty() {
            registry = known(mocks)?;
        }
        let checked = Validation::of(&document, &registry);
        let config = match checked.config.filter(|_| !checked.report.has_errors()) {
            Some(config) => config,
            None => return Err(SetupError::Config(checked.report)),
        };
        // Whoever mistypes a path would test the file without the change.
        let unread = checked.report.warnings().find(|warning| warning.origin == Origin::CommandLine(SET.to_owned()));
        if let Some(warning) = unread {
            return Err(SetupError::Setting(format!("`set`: {}", warning.message)));
        }
        let keep = self.mocks.iter().map(|(_, mock)| mock.entry() as Arc<dyn Send + Sync>).collect();
        Ok(Prepared { config, registry, keep })
    }

    fn document(&self) -> Result<Document, SetupError> {
        let variable = |name: &str| self.variables.get(name).cloned().or_else(|| std::env::var(name).ok());
        match &self.source {
            Some(Source::Text(text)) => Document::parse_with(text, None, &variable),
            Some(Source::File(path)) => {
                let path = std::path::absolute(path).map_err(|error| SetupError::io(path.clone(), &error))?;
                Document::load_with(path, &variable)
            }
            None if self.mocks.is_empty() => return Err(SetupError::NoFile),
            None => Document::parse_with("{}", None, &variable),
        }
        .map_err(SetupError::Config)
    }
}

/// A file that has been checked.
struct Prepared {
    config: Config,
    registry: Registry,
    keep: Vec<Arc<dyn Send + Sync>>,
}

/// The component that a mock replaces.
enum Original {
    Workflow(Option<String>),
    Function(Option<String>),
}

impl Original {
    fn type_name(&self) -> Option<&str> {
        match self {
            Self::Workflow(type_name) | Self::Function(type_name) => type_name.as_deref(),
        }
    }

    fn path<'n>(&self, name: &'n str) -> Vec<&'n str> {
        match self {
            Self::Workflow(_) => vec!["workflow"],
            Self::Function(_) => vec!["functions", name],
        }
    }
}

/// The origin of a value that a test sets, in messages.
const SET: &str = "set";
const WORKFLOW: &str = "workflow";

fn original(document: &Document, place: Place, name: &str) -> Result<Original, SetupError> {
    let section = |section: &str| document.content().get(section).and_then(Value::as_object);
    let type_of = |component: &Value| component.get("_type").and_then(Value::as_str).map(str::to_owned);
    let function = section("functions").and_then(|functions| functions.get(name));
    match (place, function) {
        (Place::InFile, Some(function)) => Ok(Original::Function(type_of(function))),
        (Place::InFile, None) if name == WORKFLOW => {
            Ok(Original::Workflow(document.content().get(WORKFLOW).and_then(type_of)))
        }
        (Place::New, None) => Ok(Original::Function(None)),
        (Place::New, Some(_)) => {
            let reason = format!("the file has a function `{name}` already: `mock` replaces it");
            Err(SetupError::Mock(reason))
        }
        (Place::InFile, None) => {
            let is_group = section("function_groups").is_some_and(|groups| {
                groups.keys().any(|group| name == group || name.starts_with(&format!("{group}__")))
            });
            if is_group {
                let reason = format!(
                    "`{name}` belongs to a function group: register a group in the test, and put it in its place with \
                     `set(\"function_groups.NAME\", …)`"
                );
                return Err(SetupError::Mock(reason));
            }
            let names = section("functions").into_iter().flat_map(|functions| functions.keys());
            let names: Vec<String> = names.map(|known| format!("`{known}`")).chain(["`workflow`".to_owned()]).collect();
            let known = names.join(", ");
            let reason = format!("the file has no function `{name}` to be mocked, only {known}; `add_mock` adds one");
            Err(SetupError::Mock(reason))
        }
    }
}

impl std::fmt::Debug for TestWorkflowBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mocks: Vec<_> = self.mocks.iter().map(|(_, mock)| &mock.name).collect();
        f.debug_struct("TestWorkflowBuilder").field("mocks", &mocks).finish_non_exhaustive()
    }
}
