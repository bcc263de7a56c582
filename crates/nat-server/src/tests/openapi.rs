//! The description of the server, as a client gets it.

use serde_json::Value;

use crate::testing::{Front, front};

async fn document(front: &Front) -> Value {
    let answer = front.ask("GET /openapi.json", &[], "").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    serde_json::from_str(&answer.body).unwrap()
}

/// Everything that the reference leads to, or the value itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
        None => value,
    }
}

fn each<'d>(value: &'d Value, see: &mut impl FnMut(&'d str, &'d Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            see(key, value);
            each(value, see);
        }),
        Value::Array(items) => items.iter().for_each(|item| each(item, see)),
        _ => {}
    }
}

fn body<'d>(document: &'d Value, path: &str) -> &'d Value {
    resolved(document, &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"])
}

fn output<'d>(document: &'d Value, path: &str) -> &'d Value {
    resolved(document, &document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"])
}

#[tokio::test]
async fn inputs_and_outputs_are_those_of_the_function() {
    let front = front("workflow: {_type: repeat}").await;
    let document = document(&front).await;
    let input = body(&document, "/generate");
    assert_eq!(input["title"], "RepeatInput");
    assert_eq!(input["required"], serde_json::json!(["text"]));
    assert_eq!(input["properties"]["times"]["default"], 1);
    let fields: Vec<_> = output(&document, "/v1/workflow")["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["text", "length", "tags"]);
}

#[tokio::test]
async fn per_user_functions_are_described_before_anybody_came() {
    let front = front("workflow: {_type: puppet, lab: LAB}").await;
    let document = document(&front).await;
    assert_eq!(body(&document, "/generate")["title"], "Order");
    assert_eq!(document["components"]["schemas"]["Deed"]["title"], "Deed");
    assert_eq!(front.lab.built.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test]
async fn plain_types_are_objects_with_one_field() {
    let document = document(&front("workflow: {_type: echo}").await).await;
    assert_eq!(body(&document, "/generate")["properties"]["text"]["type"], "string");
    assert_eq!(body(&document, "/generate")["required"], serde_json::json!(["text"]));
    assert_eq!(output(&document, "/generate")["properties"]["value"]["type"], "string");
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
    let yaml = "
general:
  enable_per_user_monitoring: true
  front_end: {_type: fastapi, endpoints: [
    {path: '/things/{id}', method: POST, description: a thing, function_name: other},
    {path: '/rest/{path:path}', method: GET, description: the rest, function_name: look}]}
functions: {other: {_type: repeat}, look: {_type: mirror}}
workflow: {_type: puppet, lab: LAB}";
    let document = document(&front(yaml).await).await;
    each(&document, &mut |key, value| {
        if let (r"$ref", Some(reference)) = (key, value.as_str()) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
        assert!(key != "$defs" && key != "$schema");
    });
    let mut ids = Vec::new();
    each(&document["paths"], &mut |key, value| {
        if key == "operationId" {
            ids.push(value.as_str().unwrap())
        }
    });
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
    let thing = &document["paths"]["/things/{id}"]["post"];
    assert_eq!((&thing["summary"], &thing["parameters"][0]["name"]), (&"a thing".into(), &"id".into()));
    let rest = &document["paths"]["/rest/{path}"]["get"];
    assert_eq!((&rest["summary"], rest.get("requestBody")), (&"the rest".into(), None));
    assert_eq!(document["paths"]["/monitor/users"]["get"]["parameters"][0]["name"], "user_id");
    assert!(!document["paths"].as_object().unwrap().keys().any(|path| path.contains("assets")));
}

#[tokio::test]
async fn operations_say_what_their_own_endpoint_does() {
    let yaml = "
general:
  front_end:
    _type: fastapi
    endpoints:
      - {path: /look, method: GET, description: Looks, function_name: look}
      - {path: /look, method: POST, description: ' Looks closely ', function_name: look}
      - {path: '/look/{far:path}', method: GET, description: Looks far, function_name: look}
      - {path: '/at/{x}', openai_api_path: '/at/{x}/chat', method: POST, description: '', function_name: look}
      - {path: '/at/{y}', method: GET, description: At, function_name: look}
functions: {look: {_type: mirror}}
workflow: {_type: echo}";
    let document = document(&front(yaml).await).await;
    let paths = &document["paths"];
    for (path, method, summary) in [
        ("/look", "get", "Looks"),
        ("/look", "post", "Looks closely"),
        ("/look/stream", "get", "Looks: results as they come, steps for people"),
        ("/look/{far}", "get", "Looks far"),
        ("/at/{x}", "post", "Runs `look`"),
        ("/at/{x}", "get", "At"),
        ("/at/{x}/full", "post", "Runs `look`: results as they come, steps as they are"),
        ("/at/{x}/chat", "post", "Runs `look`: as a chat"),
        ("/generate", "post", "Runs the workflow"),
    ] {
        assert_eq!(paths[path][method]["summary"], summary, "{method} {path}");
    }
    assert_eq!(paths.get("/at/{y}"), None, "it would be the same path by another name");
    let parameter = |path: &str, method: &str| {
        let parameter = &paths[path][method]["parameters"][0];
        (parameter["name"].clone(), parameter["schema"]["minLength"].clone())
    };
    assert_eq!(parameter("/at/{x}", "get"), ("x".into(), 1.into()));
    assert_eq!(parameter("/look/{far}", "get"), ("far".into(), 0.into()));
}

#[tokio::test]
async fn nothing_is_promised_that_cannot_come() {
    let document = document(&front("workflow: {_type: tap, lab: LAB}").await).await;
    each(&document["paths"], &mut |key, _| assert_ne!(key, "202", "nobody is asked in this version"));
    for path in ["/generate", "/v1/workflow", "/v1/chat", "/v1/chat/completions"] {
        let promised = document["paths"][path]["post"]["responses"]["200"]["description"].as_str().unwrap();
        assert!(promised.contains("where it does not fold its chunks, every call here is a 422"), "{path}: {promised}");
    }
}

#[tokio::test]
async fn who_must_say_who_they_are_is_told_how() {
    let schemes = async |yaml: &str| {
        let document = document(&front(yaml).await).await;
        let schemes = document["components"]["securitySchemes"].as_object().unwrap().clone();
        let names = schemes.keys().cloned().collect::<Vec<_>>().join(" ");
        (names, schemes, document["paths"]["/generate"]["post"]["security"].clone())
    };
    let (names, _, security) = schemes("workflow: {_type: puppet, lab: LAB}").await;
    assert_eq!(names, "sessionCookie bearer basic apiKey");
    assert_eq!(security, serde_json::json!([{"sessionCookie": []}, {"bearer": []}, {"basic": []}, {"apiKey": []}]));
    let (_, _, optional) = schemes("workflow: {_type: echo}").await;
    assert_eq!((&optional[0], optional.as_array().unwrap().len()), (&serde_json::json!({}), 5));
    let with = |settings: &str| {
        format!("{{general: {{front_end: {{_type: fastapi, {settings}}}}}, workflow: {{_type: puppet, lab: LAB}}}}")
    };
    let (names, schemes_of, _) = schemes(&with("identity_header: X-User")).await;
    assert_eq!((&*names, &schemes_of["identityHeader"]["name"]), ("identityHeader", &"X-User".into()));
    let (names, schemes_of, _) =
        schemes(&with("session: {cookie_names: [a, b]}, accepted_identity_credentials: [session_cookie, jwt]")).await;
    assert_eq!((&*names, &schemes_of["sessionCookie2"]["name"]), ("sessionCookie sessionCookie2 bearer", &"b".into()));
}

#[tokio::test]
async fn the_root_path_is_the_server() {
    let rooted = front("{general: {front_end: {_type: fastapi, root_path: /base/}}, workflow: {_type: echo}}").await;
    assert_eq!(document(&rooted).await["servers"], serde_json::json!([{"url": "/base"}]));
    assert_eq!(document(&front("workflow: {_type: echo}").await).await.get("servers"), None);
}

#[tokio::test]
async fn who_has_the_document_is_not_sent_it_again() {
    let front = front("workflow: {_type: echo}").await;
    let first = front.ask("GET /openapi.json", &[], "").await;
    let known = format!("if-none-match: {}", first.header("etag"));
    for line in ["GET /openapi.json", "HEAD /openapi.json"] {
        let again = front.ask(line, &[&known], "").await;
        assert_eq!((again.seen(), again.header("etag")), ((304, ""), first.header("etag")), "{line}");
        assert_eq!(again.header("cache-control"), "no-cache");
    }
    assert_eq!(front.ask("GET /openapi.json", &["if-none-match: \"x\""], "").await.body, first.body);
}
