//! Steps: which ones a client gets, and in which of the two forms.

mod render;

use std::sync::Arc;

use crate::config::{StepAdaptor, StepMode, StepType};
use bytes::Bytes;
use nat_core::{Listening, Step, StepKind};
use serde::Serialize;
use tracing::error;
use uuid::Uuid;

use super::frames;
use render::Renderer;

/// Which steps a stream shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    Everything,
    /// Of functions, tools and models.
    Usual,
    Listed(Arc<[StepKind]>),
    Nothing,
}

/// Steps on their way to one client.
pub(crate) struct StepFrames {
    filter: Filter,
    form: Form,
}

enum Form {
    /// For people.
    Rendered(Renderer),
    /// For programs.
    Raw,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: Name,
    parent_id: Name,
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    /// Markdown, or JSON in a text.
    payload: String,
}

/// A step by its id, or `root`.
struct Name(Option<Uuid>);

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(id) => serializer.collect_str(id),
            None => serializer.serialize_str("root"),
        }
    }
}

impl Filter {
    /// As `front_end.step_adaptor` says.
    pub(crate) fn of_adaptor(adaptor: &StepAdaptor) -> Self {
        const CUSTOM: &[StepType] = &[StepType::CustomStart, StepType::CustomEnd];
        match (adaptor.mode, &*adaptor.custom_event_types) {
            (StepMode::Default, _) => Self::Usual,
            (StepMode::Off, _) => Self::Nothing,
            (StepMode::Custom, []) => Self::listed(CUSTOM.iter().map(|kind| kind.as_str())),
            (StepMode::Custom, listed) => Self::listed(listed.iter().map(|kind| kind.as_str())),
        }
    }

    /// As a `filter_steps` says: types by their exact names, or `none`. Without one, or with an empty one, everything.
    pub(crate) fn of_query(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes());
        match pairs.filter(|(name, _)| name == "filter_steps").map(|(_, value)| value).last() {
            Some(none) if none.trim().eq_ignore_ascii_case("none") => Self::Nothing,
            Some(names) if !names.is_empty() => Self::listed(names.split(',').map(str::trim)),
            _ => Self::Everything,
        }
    }

    fn listed<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let kind = |name| StepKind::ALL.iter().copied().find(|kind| kind.as_str() == name);
        let listed: Arc<[StepKind]> = names.filter_map(kind).collect();
        if listed.is_empty() { Self::Nothing } else { Self::Listed(listed) }
    }

    fn shows(&self, kind: StepKind) -> bool {
        match self {
            Self::Everything => true,
            Self::Usual => ["FUNCTION_", "TOOL_", "LLM_"].iter().any(|prefix| kind.as_str().starts_with(prefix)),
            Self::Listed(listed) => listed.contains(&kind),
            Self::Nothing => false,
        }
    }
}

impl StepFrames {
    pub(crate) fn rendered(filter: Filter) -> Self {
        Self { filter, form: Form::Rendered(Renderer::default()) }
    }

    pub(crate) fn raw(filter: Filter) -> Self {
        Self { filter, form: Form::Raw }
    }

    /// No steps are made where nobody looks at them.
    pub(crate) fn listening(&self) -> Listening {
        if self.filter == Filter::Nothing { Listening::Nobody } else { Listening::Somebody }
    }

    /// The step's frame, if it is shown.
    pub(super) fn frame(&mut self, step: &Step) -> Option<Bytes> {
        if !self.filter.shows(step.kind()) {
            if let Form::Rendered(renderer) = &mut self.form {
                renderer.pass_over(step);
            }
            return None;
        }
        let (id, kind) = (Name(Some(step.id())), step.kind().as_str());
        let written = match &mut self.form {
            Form::Rendered(renderer) => {
                let (name, payload) = renderer.render(step);
                let (parent_id, name) = (Name(step.caller_id()), &*name);
                frames::json("intermediate_data", &Shown { id, parent_id, kind: "markdown", name, payload })
            }
            Form::Raw => serde_json::to_string(&step.payload()).and_then(|payload| {
                let (parent_id, name) = (Name(step.parent_id()), step.name());
                frames::json("intermediate_data", &Shown { id, parent_id, kind, name, payload })
            }),
        };
        // Steps hold JSON values and texts only.
        written.inspect_err(|error| error!(%error, kind, "a step could not be written")).ok().map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_choose_steps() {
        let listed = |kinds: &[StepKind]| Filter::Listed(kinds.into());
        for (query, expected) in [
            ("", Filter::Everything),
            ("filter_steps=", Filter::Everything),
            ("other=none", Filter::Everything),
            ("filter_steps=none", Filter::Nothing),
            ("filter_steps=None", Filter::Nothing),
            ("filter_steps=BOGUS", Filter::Nothing),
            ("filter_steps=function_end", Filter::Nothing),
            ("filter_steps=LLM_END,BOGUS,%20TOOL_END", listed(&[StepKind::LlmEnd, StepKind::ToolEnd])),
            ("filter_steps=LLM_END&filter_steps=TOOL_END", listed(&[StepKind::ToolEnd])),
        ] {
            assert_eq!(Filter::of_query(query), expected, "{query}");
        }
    }

    #[test]
    fn adaptors_choose_steps() {
        let shown = |mode, custom_event_types| {
            let filter = Filter::of_adaptor(&StepAdaptor { mode, custom_event_types });
            let shown = StepKind::ALL.iter().copied().filter(|kind| filter.shows(*kind)).map(StepKind::as_str);
            shown.collect::<Vec<_>>().join(" ")
        };
        let usual = "LLM_START LLM_END LLM_NEW_TOKEN TOOL_START TOOL_END FUNCTION_START FUNCTION_END";
        assert_eq!(shown(StepMode::Default, vec![StepType::TaskEnd]), usual);
        assert_eq!(shown(StepMode::Off, vec![StepType::TaskEnd]), "");
        assert_eq!(shown(StepMode::Custom, vec![]), "CUSTOM_START CUSTOM_END");
        assert_eq!(shown(StepMode::Custom, vec![StepType::TaskEnd]), "TASK_END");
    }
}
