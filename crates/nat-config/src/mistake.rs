//! A mistake in values that are each right by themselves.

use crate::error::{Edit, keys};
use nat_schema::Segment;

/// A mistake that a check of a section found, before it is known where the section stands.
#[derive(Debug)]
pub struct Mistake {
    /// Where in the section.
    pub path: Vec<Segment>,
    /// The sentence.
    pub message: String,
    /// The suggestion.
    pub mend: Option<String>,
    /// In words, a value that would be right.
    pub expected: Option<String>,
    /// Its path begins where the path of the mistake begins.
    pub edit: Option<Edit>,
    /// Another place that it is about, and what to say there.
    pub related: Option<(Vec<Segment>, String)>,
    /// The place that is shown, if `path` is too large to be pointed at.
    pub shown_at: Option<Vec<Segment>>,
}

impl Mistake {
    /// A mistake at a path of keys.
    pub fn new<'k>(path: impl IntoIterator<Item = &'k str>, message: impl Into<String>) -> Self {
        Self {
            path: keys(path),
            message: message.into(),
            mend: None,
            expected: None,
            edit: None,
            related: None,
            shown_at: None,
        }
    }

    /// The same with a suggestion.
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }

    /// The same with a description of a value that would be right.
    pub fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// The same with the change that the suggestion means.
    pub fn edit(self, edit: Edit) -> Self {
        Self { edit: Some(edit), ..self }
    }

    /// Takes the setting itself out.
    pub fn removable(self) -> Self {
        let path = self.path.clone();
        self.edit(Edit::Remove(path))
    }

    /// Another text for the setting itself.
    pub fn replaced(self, text: &str) -> Self {
        let path = self.path.clone();
        self.edit(Edit::Replace(path, text.to_owned()))
    }

    /// The same with another place that explains it.
    pub fn related(self, path: Vec<Segment>, label: impl Into<String>) -> Self {
        Self { related: Some((path, label.into())), ..self }
    }

    /// The same, shown at another place than its own.
    pub fn shown_at(self, path: Vec<Segment>) -> Self {
        Self { shown_at: Some(path), ..self }
    }

    /// The same, one step further down.
    pub fn under(mut self, segment: &Segment) -> Self {
        self.path.insert(0, segment.clone());
        if let Some(path) = self.edit.as_mut().and_then(Edit::path_mut) {
            path.insert(0, segment.clone());
        }
        if let Some((path, _)) = &mut self.related {
            path.insert(0, segment.clone());
        }
        if let Some(path) = &mut self.shown_at {
            path.insert(0, segment.clone());
        }
        self
    }
}
