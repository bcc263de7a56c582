//! What this crate itself sends: errors, and the answers of its own routes.

use crate::config::HttpConfig;
use serde_json::{Map, Value, json};

use super::operation::answer;

/// The schemas, by name. No type of a person's can take these names.
pub(super) fn schemas() -> Map<String, Value> {
    let all = json!({
        "HTTPValidationError": object("What is wrong with a request.", &["detail"], json!({
            "detail": { "type": "array", "minItems": 1, "maxItems": nat_schema::MAX_FINDINGS, "items": { "$ref": "#/components/schemas/ValidationError" } },
        })),
        "ValidationError": object("One mistake.", &["type", "loc", "msg", "input"], json!({
            "type": { "type": "string", "description": "The kind of mistake, for programs." },
            "loc": {
                "type": "array", "description": "Where: `body`, then fields and indexes; or `query` and a name.",
                "items": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
            },
            "msg": { "type": "string", "description": "The mistake, for people." },
            "input": { "description": "What stands there." },
            "ctx": { "type": "object", "description": "The limits that do not hold." },
        })),
        "WorkflowError": object("Why a function did not answer.", &["code", "message", "details"], json!({
            "code": { "type": "string", "enum": ["workflow_error", "unknown_error"] },
            "message": { "type": "string", "description": "For people." },
            "details": { "type": "string", "description": "The kind of error, such as `ValueError`." },
        })),
        "Detail": object("Why the server did not answer.", &["detail"], json!({
            "detail": { "type": "string" },
        })),
        "Health": object("The server runs.", &["status"], json!({ "status": { "const": "healthy" } })),
        "ResultEvent": event("A result, or why there are no more.", json!({
            "anyOf": [object("", &["value"], json!({ "value": { "type": "string" } })), schema("WorkflowError")],
        })),
        "ChatEvent": event("A `ChatChunk`; `[DONE]` in the end; or why there are no more.", json!({})),
        "McpClientListing": object("MCP clients and their tools.", &["mcp_clients"], json!({
            "mcp_clients": { "type": "array", "items": { "type": "object" } },
        })),
        "UserListing": object("Users with an instance.", &["timestamp", "total_active_users", "users"], json!({
            "timestamp": local_time("When this was so."),
            "total_active_users": count("Entries of `users`."),
            "users": { "type": "array", "items": { "$ref": "#/components/schemas/UserReport" } },
            "next_cursor": {
                "type": ["integer", "null"], "minimum": 0,
                "description": "Where the next page begins, null after the last one. Only in answers to a `limit` or `cursor`.",
            },
        })),
        "UserReport": object("One user.", &["user_id", "session", "requests", "memory"], json!({
            "user_id": { "type": "string", "description": "Derived from the user's credential." },
            "session": object("", &["created_at", "last_activity", "ref_count", "is_active"], json!({
                "created_at": local_time("When the instance was built."),
                "last_activity": local_time("When a request last began or ended."),
                "ref_count": count("Running requests."),
                "is_active": { "type": "boolean", "description": "Whether any request runs." },
            })),
            "requests": object("", &["total_requests", "active_requests", "avg_latency_ms", "error_count"], json!({
                "total_requests": count("Requests that have ended."),
                "active_requests": count("Running requests."),
                "avg_latency_ms": { "type": "number", "minimum": 0, "description": "Mean over requests that have ended." },
                "error_count": count("Requests that failed."),
            })),
            "memory": object("", &["per_user_functions_count", "per_user_function_groups_count", "exit_stack_size"], json!({
                "per_user_functions_count": count("Functions of the instance, without its workflow."),
                "per_user_function_groups_count": count("Function groups of the instance."),
                "exit_stack_size": count("Components that are closed with it."),
            })),
        })),
    });
    match all {
        Value::Object(mut all) => {
            for (name, schema) in &mut all {
                schema["title"] = Value::from(name.as_str());
            }
            all
        }
        _ => Map::new(),
    }
}

/// Answers that many operations share.
pub(super) fn responses(front_end: &HttpConfig) -> Value {
    let identity = match front_end.identity_header {
        Some(_) => schema("Detail"),
        None => schema("WorkflowError"),
    };
    let later = |description, schema| with_header(answer(description, schema), "Retry-After", "RetryAfter");
    json!({
        "Unauthorized": with_header(
            answer("The client does not say who it is, or with a credential that is broken or not accepted.", identity),
            "WWW-Authenticate", "Challenge",
        ),
        "BodyTooSlow": answer("The body did not arrive in time.", schema("Detail")),
        "BodyTooLarge": answer("The body is larger than this server reads.", schema("Detail")),
        "TooManyCalls": later("Too many calls wait already.", schema("WorkflowError")),
        "InternalError": answer("A number under which the log has the rest.", schema("WorkflowError")),
        "Unavailable": later("The server has no place for the call now.", schema("WorkflowError")),
    })
}

/// Headers of answers.
pub(super) fn headers() -> Value {
    json!({
        "RequestId": { "description": "The id that came with the request.", "schema": { "type": "string" } },
        "RetryAfter": { "description": "Seconds after which it is worth another try.", "schema": { "type": "integer", "minimum": 1 } },
        "Challenge": { "description": "How to say who one is.", "schema": { "type": "string" } },
    })
}

fn with_header(mut answer: Value, name: &str, component: &str) -> Value {
    answer["headers"][name] = json!({ "$ref": format!("#/components/headers/{component}") });
    answer
}

fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn object(description: &str, required: &[&str], properties: Value) -> Value {
    let mut object = json!({ "type": "object", "properties": properties, "required": required });
    if !description.is_empty() {
        object["description"] = Value::from(description);
    }
    object
}

/// An event as its readers see it. The data of most is JSON.
fn event(description: &str, content: Value) -> Value {
    let mut data = json!({ "type": "string" });
    if content != json!({}) {
        data["contentMediaType"] = Value::from("application/json");
        data["contentSchema"] = content;
    }
    let kind = json!({ "type": "string", "enum": ["message", "error"], "default": "message" });
    object(description, &["data"], json!({ "event": kind, "data": data }))
}

fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

/// Without a zone, so not what JSON Schema calls a `date-time`.
fn local_time(description: &str) -> Value {
    json!({ "type": "string", "description": format!("{description} Local time, ISO 8601, without a zone.") })
}
