//! `/v1/chat/completions`: what clients of the OpenAI API ask for beside the conversation.

use nat_chat::ChatRequest;

use crate::sse::{ChatFrames, UsageChunk};

/// How the answer is streamed; `None` where it is not to be.
pub(super) fn frames(request: &ChatRequest) -> Option<ChatFrames> {
    request.stream.unwrap_or_default().then(|| ChatFrames::completions(usage_chunk(request)))
}

fn usage_chunk(request: &ChatRequest) -> UsageChunk {
    let options = request.stream_options.as_ref();
    match options.and_then(|options| options.get("include_usage")).and_then(serde_json::Value::as_bool) {
        Some(true) => UsageChunk::Sent,
        _ => UsageChunk::NotSent,
    }
}
