//! A whole file in a unit test.

use nat::testing::{CallFailure, TestWorkflow};
use serde_json::Value;

/// A running file.
pub(crate) struct File(TestWorkflow);

impl File {
    pub(crate) async fn start(yaml: &str) -> Self {
        Self(TestWorkflow::from_yaml(yaml).await.unwrap())
    }

    /// The answer to `user`, as text.
    pub(crate) async fn ask(&self, user: &str, body: &str) -> Result<String, CallFailure> {
        let answer = self.0.user(user).call(read(body)).await;
        answer.map(|answer| answer.to_string())
    }

    /// The chunks of the answer to `user`, as text, and the error after them.
    pub(crate) async fn stream(&self, user: &str, body: &str) -> (Vec<String>, Option<String>) {
        let mut stream = self.0.user(user).stream(read(body)).await.unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next_text().await {
            match chunk {
                Ok(chunk) => chunks.push(chunk),
                Err(failure) => return (chunks, Some(message(&failure))),
            }
        }
        (chunks, None)
    }
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

fn message(failure: &CallFailure) -> String {
    failure.error().unwrap_or_else(|| panic!("{failure}")).to_string()
}
