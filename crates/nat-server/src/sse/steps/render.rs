//! A step as Markdown, for people.

use std::borrow::Cow;
use std::collections::HashMap;

use nat_core::{Edge, Step, StepKind};
use serde::de::IgnoredAny;
use serde_json::Value;
use uuid::Uuid;

/// Renders the steps of one stream.
#[derive(Default)]
pub(super) struct Renderer {
    /// What models that are still talking have said. Each piece is shown with all that came before it, since a reader
    /// replaces what it has of a step by what comes next.
    talking: HashMap<Uuid, String>,
}

impl Renderer {
    /// Takes note of a step that is not shown.
    pub(super) fn pass_over(&mut self, step: &Step) {
        if step.kind() == StepKind::LlmEnd {
            self.talking.remove(&step.id());
        }
    }

    /// The name and the payload that are shown.
    pub(super) fn render<'s>(&mut self, step: &'s Step) -> (Cow<'s, str>, String) {
        match step.kind() {
            StepKind::FunctionStart => {
                (format!("Function Start: {}", step.name()).into(), block("Function Input:", step.input()))
            }
            StepKind::FunctionEnd => (format!("Function Complete: {}", step.name()).into(), both("Function ", step)),
            StepKind::ToolStart | StepKind::ToolEnd => (format!("Tool: {}", step.name()).into(), both("", step)),
            StepKind::LlmStart => (step.name().into(), both("", step)),
            StepKind::LlmNewToken => {
                let so_far = self.talking.entry(step.id()).or_default();
                so_far.push_str(step.chunk().unwrap_or_default());
                (step.name().into(), format!("{}{}", block("Input:", step.input()), fenced("Output:", so_far)))
            }
            StepKind::LlmEnd => {
                self.talking.remove(&step.id());
                (step.name().into(), both("", step))
            }
            other => (other.as_str().into(), fenced("", &other_payload(step))),
        }
    }
}

fn both(prefix: &str, step: &Step) -> String {
    let mut payload = block(&format!("{prefix}Input:"), step.input());
    // A call that failed, or was given up, has no output.
    if step.kind().edge() == Edge::End && step.output().is_some() {
        payload.push_str(&block(&format!("{prefix}Output:"), step.output()));
    }
    payload
}

fn block(title: &str, value: Option<&Value>) -> String {
    fenced(title, &text(value))
}

fn other_payload(step: &Step) -> String {
    match (step.chunk(), step.kind().edge()) {
        (Some(chunk), _) => chunk.to_owned(),
        (None, Edge::End) => text(step.output()),
        (None, _) => text(step.input()),
    }
}

/// Text as it is, anything else as JSON.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => Value::Null.to_string(),
    }
}

/// A title and a fenced text. Readers put the payload into a page, so what could be a tag is escaped.
fn fenced(title: &str, text: &str) -> String {
    let language = if serde_json::from_str::<IgnoredAny>(text).is_ok() { "json" } else { "python" };
    let title = if title.is_empty() { String::new() } else { format!("**{title}**\n") };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("{title}```{language}\n{text}\n```")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_fenced_by_what_they_are() {
        assert_eq!(fenced("Input:", "{\"a\": 1}"), "**Input:**\n```json\n{\"a\": 1}\n```");
        assert_eq!(fenced("Input:", "by=1"), "**Input:**\n```python\nby=1\n```");
        assert_eq!(fenced("", "<a href='x'>&</a>"), "```python\n&lt;a href='x'&gt;&amp;&lt;/a&gt;\n```");
    }

    #[test]
    fn values_are_text_or_json() {
        assert_eq!(text(Some(&serde_json::json!("a b"))), "a b");
        assert_eq!(text(Some(&serde_json::json!({"a": [1, "b"]}))), r#"{"a":[1,"b"]}"#);
        assert_eq!(text(None), "null");
    }

    /// What a model has said is kept until its end, shown or not.
    #[tokio::test]
    async fn nothing_is_kept_of_a_model_that_has_ended() {
        let file = "functions: {puppet: {_type: puppet, lab: LAB}}\nworkflow: {_type: caller, target: puppet}";
        let front = crate::testing::front(file).await;
        let workflow = front.runtime.workflow(&nat_core::EntryName::Workflow).unwrap();
        let session = workflow.open(Some(nat_core::UserId::derived("alice"))).await.unwrap();
        let mut events = session.call_with_steps(None, workflow.decode(b"{}").unwrap());
        let (mut renderer, mut most) = (Renderer::default(), 0);
        while let Some(event) = events.next().await {
            let nat_core::Event::Step(step) = event.unwrap() else { continue };
            match step.kind() {
                StepKind::LlmNewToken => drop(renderer.render(&step)),
                _ => renderer.pass_over(&step),
            }
            most = most.max(renderer.talking.len());
        }
        assert_eq!((most, renderer.talking.len()), (1, 0));
    }
}
