//! A mistake in values that are each right by themselves.

use super::error::{Edit, keys};
use nat_schema::Segment;

pub(super) struct Mistake {
    pub(super) path: Vec<Segment>,
    pub(super) message: String,
    pub(super) mend: Option<String>,
    pub(super) expected: Option<String>,
    /// Its path begins where the path of the mistake begins.
    pub(super) edit: Option<Edit>,
    /// Another place that it is about, and what to say there.
    pub(super) related: Option<(Vec<Segment>, String)>,
}

impl Mistake {
    pub(super) fn new<'k>(path: impl IntoIterator<Item = &'k str>, message: impl Into<String>) -> Self {
        Self { path: keys(path), message: message.into(), mend: None, expected: None, edit: None, related: None }
    }

    pub(super) fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }

    pub(super) fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    pub(super) fn edit(self, edit: Edit) -> Self {
        Self { edit: Some(edit), ..self }
    }

    /// Takes the setting itself out.
    pub(super) fn removable(self) -> Self {
        let path = self.path.clone();
        self.edit(Edit::Remove(path))
    }

    /// Another text for the setting itself.
    pub(super) fn replaced(self, text: &str) -> Self {
        let path = self.path.clone();
        self.edit(Edit::Replace(path, text.to_owned()))
    }

    pub(super) fn related(self, path: Vec<Segment>, label: impl Into<String>) -> Self {
        Self { related: Some((path, label.into())), ..self }
    }

    pub(super) fn under(mut self, segment: &Segment) -> Self {
        self.path.insert(0, segment.clone());
        if let Some(path) = self.edit.as_mut().and_then(Edit::path_mut) {
            path.insert(0, segment.clone());
        }
        if let Some((path, _)) = &mut self.related {
            path.insert(0, segment.clone());
        }
        self
    }
}
