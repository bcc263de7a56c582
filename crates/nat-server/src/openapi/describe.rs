//! A route as its operation.

use std::collections::HashSet;

use crate::config::HttpConfig;
use nat_chat::{ChatChunk, ChatResponse};
use nat_core::{Answers, EntryName, Scope};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::operation::{Operation, answer, answer_of, query, query_number, shared};
use super::schemas::{Direction, Schemas};
use super::security::Security;
use crate::routes::chat::Mode;
use crate::routes::docs::PageName;
use crate::routes::entrance::{Entrance, Takes};
use crate::routes::stream::Steps;
use crate::routes::{Handler, Route};

/// The group of what the server itself answers.
const SERVER: &str = "server";
const PAGES: &str = "description";
const WORKFLOW: &str = "workflow";
const EVENTS: &str = "text/event-stream";
const FILTER: &str = "The types of steps to send, separated by commas; `none` for no steps. Without it, all.";

/// Draws operations, and gathers what they refer to.
pub(super) struct Describer<'f> {
    front_end: &'f HttpConfig,
    pub(super) schemas: Schemas,
    pub(super) security: Security,
}

impl<'f> Describer<'f> {
    pub(super) fn new(front_end: &'f HttpConfig) -> Self {
        Self { front_end, schemas: Schemas::new(), security: Security::new(front_end) }
    }

    /// What a client may do there; `None` for what only pages load.
    pub(super) fn operation(&mut self, route: &Route) -> Option<Operation> {
        let about = route.about.as_str();
        Some(match &route.handler {
            Handler::Health => Operation::open(SERVER, "Whether the server runs", answer("It does.", schema("Health"))),
            Handler::Monitor => {
                let listing = answer("In order of creation.", schema("UserListing"));
                let mut monitor = Operation::open(SERVER, "Every user with an instance", listing);
                let refused = answer("`limit` or `cursor` is no such number.", schema("HTTPValidationError"));
                monitor.answers.push((422, refused));
                monitor.parameters = vec![
                    query("user_id", "Only the user with exactly this id."),
                    query_number("limit", 1, "At most so many users, and where the next page begins."),
                    query_number("cursor", 0, "Begin where the last page said: its `next_cursor`."),
                ];
                monitor
            }
            Handler::McpClients => Operation::open(
                SERVER,
                "The tools of MCP clients",
                answer("There are no such clients here.", schema("McpClientListing")),
            ),
            Handler::Description => {
                let object = json!({ "type": "object" });
                let mut operation = Operation::open(PAGES, "This document", answer("OpenAPI 3.1.", object));
                operation.answers.push((304, json!({ "description": "The client has it already." })));
                operation
            }
            Handler::Page(name, _) => {
                let summary = match name {
                    PageName::SwaggerUi => "This document, to read and try (Swagger UI)",
                    PageName::Redoc => "This document, to read (Redoc)",
                    PageName::OAuthRedirect => "Where an identity provider sends the reader of the page above",
                };
                Operation::open(PAGES, summary, answer_of("text/html", "A page.", json!({ "type": "string" })))
            }
            Handler::Asset(_) => return None,
            Handler::Call(route) => self.single(about, &route.entrance),
            Handler::Stream(route) => self.stream(about, &route.entrance, &route.steps),
            Handler::Chat(route) => self.chat(about, &route.entrance, route.mode),
        })
    }

    /// One result.
    fn single(&mut self, about: &str, entrance: &Entrance) -> Operation {
        let interface = entrance.workflow.interface();
        let (schema, field) = (interface.output_schema().as_value(), interface.output_field());
        let name = format!("{}Output", pascal(entrance.workflow.entry()));
        let output = self.schemas.add(schema, field, Direction::Output, &name);
        let body = self.input(entrance);
        let description = format!("The function's output.{}", only_if_folded(entrance));
        self.call(summary(about, entrance), entrance, body, answer(&description, output))
    }

    /// Results as they come, with steps in between.
    fn stream(&mut self, about: &str, entrance: &Entrance, steps: &Steps) -> Operation {
        let body = self.input(entrance);
        let (steps, parameters) = match steps {
            Steps::Rendered(_) => ("steps for people", Vec::new()),
            Steps::Raw => ("steps as they are", vec![query("filter_steps", FILTER)]),
        };
        let description = format!(
            "Lines `data: {{\"value\": …}}` with results, and `intermediate_data: …` with {steps}. A failure after \
             the first byte is an event `error` with a `WorkflowError`."
        );
        let events = answer_of(EVENTS, &description, schema("ResultEvent"));
        let summary = format!("{}: results as they come, {steps}", summary(about, entrance));
        Operation { parameters, ..self.call(summary, entrance, body, events) }
    }

    /// Conversations in the OpenAI form.
    fn chat(&mut self, about: &str, entrance: &Entrance, mode: Mode) -> Operation {
        let input = |schemas: &mut Schemas| {
            schemas.add(nat_core::chat_request_schema().as_value(), None, Direction::Input, "ChatRequest")
        };
        let body = (entrance.takes == Takes::Body).then(|| input(&mut self.schemas));
        let whole = self.schemas.add(&written::<ChatResponse>(), None, Direction::Output, "ChatResponse");
        let chunk = self.schemas.add(&written::<ChatChunk>(), None, Direction::Output, "ChatChunk");
        let whole = answer(&format!("The completion.{}", only_if_folded(entrance)), whole);
        let chunk = chunk["$ref"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let description = format!("Lines `data: …` with one `{chunk}` each, and `data: [DONE]` in the end.");
        let events = answer_of(EVENTS, &description, schema("ChatEvent"));
        let manner = match mode {
            Mode::Single => "as a chat",
            Mode::Stream => "as a chat, streamed",
            Mode::AsAsked => "as a chat, streamed if asked to",
        };
        let output = match mode {
            Mode::Single => whole,
            Mode::Stream => events,
            Mode::AsAsked => {
                let mut either = whole;
                let whole = either["description"].as_str().unwrap_or_default().trim_end_matches('.');
                either["description"] = Value::from(format!("{whole}; with `stream`, {}", lowered(&description)));
                either["content"][EVENTS] = events["content"][EVENTS].clone();
                either
            }
        };
        self.call(format!("{}: {manner}", summary(about, entrance)), entrance, body, output)
    }

    fn input(&mut self, entrance: &Entrance) -> Option<Value> {
        let interface = entrance.workflow.interface();
        (entrance.takes == Takes::Body).then(|| {
            let name = format!("{}Input", pascal(entrance.workflow.entry()));
            self.schemas.add(interface.input_schema().as_value(), interface.input_field(), Direction::Input, &name)
        })
    }

    /// Any route that calls a function.
    fn call(&mut self, summary: String, entrance: &Entrance, body: Option<Value>, output: Value) -> Operation {
        let workflow = &entrance.workflow;
        // Without a body too: a type may refuse to be read from nothing though its schema asks for nothing.
        let invalid = json!({ "anyOf": [schema("HTTPValidationError"), schema("WorkflowError")] });
        let mut answers = vec![(200, output), (401, shared("Unauthorized"))];
        if body.is_some() {
            answers.extend([(408, shared("BodyTooSlow")), (413, shared("BodyTooLarge"))]);
        }
        answers.extend([
            (422, answer("The input does not fit, or the function failed.", invalid)),
            (429, shared("TooManyCalls")),
            (500, shared("InternalError")),
            (503, shared("Unavailable")),
        ]);
        Operation {
            group: group(workflow.entry()),
            summary,
            parameters: Vec::new(),
            body,
            answers,
            security: Some(match workflow.scope() {
                Scope::PerUser => self.security.required(),
                Scope::Shared => self.security.optional(),
            }),
        }
    }

    /// The groups of operations: first what a person came for.
    pub(super) fn groups(&self) -> Vec<Value> {
        let functions = self.front_end.endpoints.iter().map(|one| one.function_name.as_str());
        let mut groups: Vec<&str> = std::iter::once(WORKFLOW).chain(functions).chain([SERVER, PAGES]).collect();
        let mut seen = HashSet::new();
        groups.retain(|group| seen.insert(*group));
        groups.into_iter().map(|group| json!({ "name": group })).collect()
    }
}

/// What the configuration says that the function does; where it says nothing, which function it is.
fn summary(about: &str, entrance: &Entrance) -> String {
    match entrance.workflow.entry() {
        _ if !about.is_empty() => about.to_owned(),
        EntryName::Function(name) => format!("Runs `{name}`"),
        _ => "Runs the workflow".to_owned(),
    }
}

/// What to add where one output is promised of a function that streams. Whether it folds its chunks shows only when
/// it is asked to.
fn only_if_folded(entrance: &Entrance) -> &'static str {
    match entrance.workflow.interface().answers() {
        Answers::Streaming => " The function streams: where it does not fold its chunks, every call here is a 422.",
        _ => "",
    }
}

/// The schema of a type as it is sent.
fn written<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

fn lowered(sentence: &str) -> String {
    sentence.chars().take(1).flat_map(char::to_lowercase).chain(sentence.chars().skip(1)).collect()
}

/// A reference to a schema of this crate.
fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn group(entry: &EntryName) -> String {
    match entry {
        EntryName::Function(name) => name.clone(),
        _ => WORKFLOW.to_owned(),
    }
}

/// `my_function` as the beginning of a type's name.
fn pascal(entry: &EntryName) -> String {
    let name = group(entry);
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| format!("{}{}", word[..1].to_ascii_uppercase(), &word[1..])).collect()
}
