//! A whole file in a unit test.

use nat::UserId;
use nat::runtime::{CallError, CancellationToken, Config, EntryName, Registry, Runtime};

/// A running file.
pub(crate) struct File(Runtime);

impl File {
    pub(crate) async fn start(yaml: &str) -> Self {
        let registry = Registry::linked().unwrap();
        let config = Config::parse(yaml, None, &registry).unwrap();
        Self(Runtime::start(&config, &registry, CancellationToken::new()).await.unwrap())
    }

    /// What `user` is answered, as text. The build has to succeed.
    pub(crate) async fn ask(&self, user: &str, body: &str) -> Result<String, CallError> {
        let workflow = self.0.workflow(&EntryName::Workflow).unwrap();
        let input = workflow.decode(body.as_bytes()).unwrap();
        let mut session = workflow.open(Some(UserId::derived(user))).await.unwrap();
        let answer = session.call(None, input).await?.into_json()?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// The chunks that `user` is answered, as text, and the error after them.
    pub(crate) async fn stream(&self, user: &str, body: &str) -> (Vec<String>, Option<String>) {
        let workflow = self.0.workflow(&EntryName::Workflow).unwrap();
        let input = workflow.decode(body.as_bytes()).unwrap();
        let session = workflow.open(Some(UserId::derived(user))).await.unwrap();
        let mut stream = session.stream(None, input);
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next().await {
            match chunk.and_then(nat::runtime::Chunk::into_text) {
                Ok(chunk) => chunks.push(chunk),
                Err(error) => return (chunks, Some(error.to_string())),
            }
        }
        (chunks, None)
    }
}
