//! What a client may do at one path by one method.

use http::Method;
use serde_json::{Map, Value, json};

use super::template;

/// One operation, before it is JSON.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) group: String,
    pub(super) summary: String,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
    /// By status, in order.
    pub(super) answers: Vec<(u16, Value)>,
    /// `None` where nobody is asked who they are.
    pub(super) security: Option<Value>,
}

impl Operation {
    /// Something that is read without saying who one is.
    pub(super) fn open(group: &str, summary: &str, answer: Value) -> Self {
        Self {
            group: group.to_owned(),
            summary: summary.to_owned(),
            parameters: Vec::new(),
            body: None,
            answers: vec![(200, answer)],
            security: None,
        }
    }

    /// `pattern` is the path as the table of routes has it.
    pub(super) fn into_json(self, method: &Method, pattern: &str) -> Value {
        let mut parameters: Vec<Value> = path_parameters(pattern).map(path_parameter).collect();
        parameters.extend(self.parameters);
        let mut operation = json!({
            "tags": [self.group],
            "summary": self.summary,
            "operationId": operation_id(method, &template(pattern)),
        });
        if !parameters.is_empty() {
            operation["parameters"] = Value::from(parameters);
        }
        if let Some(schema) = self.body {
            operation["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        let answers = self.answers.into_iter().map(|(status, answer)| (status.to_string(), answer));
        operation["responses"] = Value::Object(answers.collect::<Map<_, _>>());
        if let Some(security) = self.security {
            operation["security"] = security;
        }
        operation
    }
}

/// A parameter in the query that may be left out.
pub(super) fn query(name: &str, description: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": false, "description": description,
        "schema": { "type": "string" },
    })
}

/// One that is a whole number of `least` or more.
pub(super) fn query_number(name: &str, least: u64, description: &str) -> Value {
    let mut parameter = query(name, description);
    parameter["schema"] = json!({ "type": "integer", "minimum": least });
    parameter
}

/// An answer of JSON.
pub(super) fn answer(description: &str, schema: Value) -> Value {
    answer_of("application/json", description, schema)
}

/// An answer of another kind.
pub(super) fn answer_of(kind: &str, description: &str, schema: Value) -> Value {
    json!({ "description": description, "headers": headers(), "content": { kind: { "schema": schema } } })
}

/// One that is described once for all operations.
pub(super) fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn headers() -> Value {
    json!({ "X-Request-Id": { "$ref": "#/components/headers/RequestId" } })
}

fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

/// Only the one that takes the rest of a path may be empty.
fn path_parameter(name: &str) -> Value {
    let (name, least) = match name.strip_prefix('*') {
        Some(name) => (name, 0),
        None => (name, 1),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": least } })
}

/// Unique, because paths are, and because what stands for a character that is not in a name says which it was.
fn operation_id(method: &Method, path: &str) -> String {
    let mut id = method.as_str().to_ascii_lowercase();
    for character in path.chars() {
        match character {
            '/' => id.push('_'),
            '_' => id.push_str("__"),
            '{' | '}' => {}
            letter if letter.is_ascii_alphanumeric() => id.push(letter),
            other => id.push_str(&format!("-{:x}-", u32::from(other))),
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_tell_paths_apart() {
        let id = |path| operation_id(&Method::POST, path);
        assert_eq!(id("/v1/chat/completions"), "post_v1_chat_completions");
        let mut ids = ["/a/b", "/a_b", "/a-b", "/a.b", "/a", "/"].map(id).to_vec();
        ids.dedup();
        assert_eq!(ids.len(), 6, "{ids:?}");
    }

    #[test]
    fn parameters_of_a_path_are_found() {
        assert_eq!(path_parameters("/a/{b}/c{d}/e").collect::<Vec<_>>(), ["b", "d"]);
        assert_eq!(path_parameters("/a").count(), 0);
    }
}
