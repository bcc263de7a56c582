//! An input that was refused, as the 422 that clients of the Python toolkit know.

use http::StatusCode;
use nat_core::InvalidInput;
use nat_schema::{Finding, Segment};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::reply::{self, Reply};

/// About how much of a body that is not JSON is shown.
const MAX_ECHO_BYTES: usize = 2048;

/// One entry of `detail`.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    loc: Location<'a>,
    msg: &'a str,
    input: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<&'a Map<String, Value>>,
}

/// `["body", …]` or `["query", NAME]`
enum Location<'a> {
    Body(&'a [Segment]),
    Query(&'a str),
}

impl Serialize for Location<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Body(segments) => {
                let mut path = serializer.serialize_seq(Some(1 + segments.len()))?;
                path.serialize_element("body")?;
                for segment in *segments {
                    path.serialize_element(segment)?;
                }
                path.end()
            }
            Self::Query(name) => ["query", name].serialize(serializer),
        }
    }
}

/// All that is wrong with a body.
pub(crate) fn refused(invalid: &InvalidInput) -> Reply {
    match invalid {
        InvalidInput::Findings(findings) => entries(findings.iter().map(entry).collect()),
        InvalidInput::Malformed { offset, reason } => {
            let mut context = Map::new();
            context.insert("error".to_owned(), Value::from(reason.as_str()));
            entries(vec![Entry {
                kind: "json_invalid",
                loc: Location::Body(&[Segment::Index(*offset)]),
                msg: "JSON decode error",
                input: &json!({}),
                ctx: Some(&context),
            }])
        }
        // Whatever core learns to say about an input, the client's share of it is one line.
        other => entries(vec![one("value_error", &format!("Value error, {other}"), &Value::Null)]),
    }
}

/// A request without a body.
pub(crate) fn missing_body() -> Reply {
    entries(vec![one("missing", "Field required", &Value::Null)])
}

/// A body that does not say it is JSON: it counts as one piece of text.
pub(crate) fn not_json(body: &[u8]) -> Reply {
    let message = "Input should be a valid dictionary or object to extract fields from";
    entries(vec![one("model_attributes_type", message, &Value::from(echo(body)))])
}

/// A whole number in the query, of `least` or more; `None` where it is not given.
pub(crate) fn query_number(query: &str, name: &str, least: u64) -> Result<Option<u64>, Reply> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let Some(given) = pairs.filter(|(key, _)| key == name).map(|(_, value)| value).last() else { return Ok(None) };
    let refused = |kind, msg: &str, ctx| {
        let input = Value::from(echo(given.as_bytes()));
        entries(vec![Entry { kind, loc: Location::Query(name), msg, input: &input, ctx }])
    };
    match given.parse::<i128>() {
        // More than can be counted is as good as the most.
        Ok(number) if number >= least.into() => Ok(Some(u64::try_from(number).unwrap_or(u64::MAX))),
        Ok(_) => {
            let context = Map::from_iter([("ge".to_owned(), Value::from(least))]);
            let message = format!("Input should be greater than or equal to {least}");
            Err(refused("greater_than_equal", &message, Some(&context)))
        }
        Err(_) => {
            let message = "Input should be a valid integer, unable to parse string as an integer";
            Err(refused("int_parsing", message, None))
        }
    }
}

fn entries(detail: Vec<Entry<'_>>) -> Reply {
    reply::detail(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

fn entry(finding: &Finding) -> Entry<'_> {
    Entry {
        kind: finding.kind,
        loc: Location::Body(&finding.path),
        msg: &finding.message,
        input: &finding.input,
        ctx: finding.context.as_ref(),
    }
}

fn one<'a>(kind: &'a str, msg: &'a str, input: &'a Value) -> Entry<'a> {
    Entry { kind, loc: Location::Body(&[]), msg, input, ctx: None }
}

/// The client's own text, cut so that no answer grows with the request.
fn echo(body: &[u8]) -> String {
    let shown = &body[..body.len().min(MAX_ECHO_BYTES)];
    let mut text = String::from_utf8_lossy(shown).into_owned();
    if shown.len() < body.len() {
        // A character that was cut in two came out as one replacement character.
        text.truncate(text.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn shown(reply: Reply) -> String {
        assert_eq!(reply.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let bytes = reply.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn finding(path: Vec<Segment>, context: Option<Value>) -> Finding {
        let context = context.map(|context| context.as_object().cloned().unwrap());
        Finding {
            kind: "string_type",
            path,
            message: "Input should be a valid string".into(),
            input: json!(1),
            context,
        }
    }

    #[tokio::test]
    async fn shapes_are_those_of_the_contract() {
        let nested = vec![Segment::Key("tags".into()), Segment::Index(1)];
        let findings = vec![finding(nested, None), finding(vec![], Some(json!({"ge": 600})))];
        let malformed = InvalidInput::Malformed { offset: 1, reason: "Expecting value".into() };
        for (reply, expected) in [
            (missing_body(), r#"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#),
            (
                refused(&malformed),
                r#"{"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]}"#,
            ),
            (
                refused(&InvalidInput::Findings(findings)),
                r#"{"detail":[{"type":"string_type","loc":["body","tags",1],"msg":"Input should be a valid string","input":1},{"type":"string_type","loc":["body"],"msg":"Input should be a valid string","input":1,"ctx":{"ge":600}}]}"#,
            ),
            (
                not_json(br#"{"text":"x"}"#),
                r#"{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":"{\"text\":\"x\"}"}]}"#,
            ),
        ] {
            assert_eq!(shown(reply).await, expected);
        }
    }

    #[tokio::test]
    async fn numbers_in_a_query_are_checked() {
        for (query, expected) in [("", None), ("n=1", Some(1)), ("n=3&m=x&n=12", Some(12)), ("n=%2B7", Some(7))] {
            assert_eq!(query_number(query, "n", 1).unwrap(), expected, "{query}");
        }
        assert_eq!(query_number(&format!("n={}", u128::MAX / 4), "n", 1).unwrap(), Some(u64::MAX));
        let less = r#"{"detail":[{"type":"greater_than_equal","loc":["query","n"],"msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}}]}"#;
        assert_eq!(shown(query_number("n=0", "n", 1).unwrap_err()).await, less);
        let none = r#"{"detail":[{"type":"int_parsing","loc":["query","n"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":""}]}"#;
        assert_eq!(shown(query_number("n=", "n", 1).unwrap_err()).await, none);
    }

    #[test]
    fn an_echo_is_bounded_and_cuts_no_character() {
        assert_eq!(echo(b"\xff{"), "\u{fffd}{");
        let long = "é".repeat(MAX_ECHO_BYTES);
        assert_eq!(echo(format!("x{long}").as_bytes()), format!("x{}…", "é".repeat(MAX_ECHO_BYTES / 2 - 1)));
        assert!(echo(long.as_bytes()).len() < MAX_ECHO_BYTES + 8);
    }
}
