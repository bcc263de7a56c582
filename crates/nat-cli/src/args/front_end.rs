//! One option for each key of the HTTP front end, drawn from the schema that also checks the file: a key
//! cannot be forgotten here, or be called something else.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use nat_core::config::general_schema;
use serde_json::Value;

/// The keys that were given, with their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrontEndOptions {
    pub(crate) given: Vec<(&'static str, Value)>,
}

/// How the value of an option is written.
#[derive(Clone)]
enum Form {
    Text,
    Boolean,
    Integer {
        least: i64,
        most: i64,
    },
    Choice(Vec<&'static str>),
    /// Comma-separated, or the option repeated.
    Texts,
    /// A mapping, or a list of mappings.
    Json,
}

struct Key {
    name: &'static str,
    description: &'static str,
    form: Form,
}

impl Args for FrontEndOptions {
    fn augment_args(command: Command) -> Command {
        keys().into_iter().fold(command, |command, key| command.arg(key.argument()))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FrontEndOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = keys().into_iter().filter_map(|key| key.value(matches).map(|value| (key.name, value)));
        Ok(Self { given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Key {
    fn argument(&self) -> Arg {
        let argument = Arg::new(self.name).long(self.name).help(self.description).help_heading("The front end");
        match &self.form {
            Form::Text => argument.value_name("TEXT").allow_negative_numbers(true),
            Form::Boolean => {
                let argument = argument.value_name("BOOLEAN").value_parser(boolean);
                // A flag by itself means yes.
                argument.num_args(0..=1).default_missing_value("true").hide_possible_values(true)
            }
            Form::Integer { least, most } => {
                let (least, most) = (*least, *most);
                let parser = move |text: &str| integer(text, least, most);
                argument.value_name("INTEGER").allow_negative_numbers(true).value_parser(parser)
            }
            Form::Choice(values) => {
                argument.value_name("CHOICE").value_parser(PossibleValuesParser::new(values.iter().copied()))
            }
            Form::Texts => argument.value_name("LIST").value_delimiter(',').action(ArgAction::Append),
            Form::Json => argument.value_name("JSON").value_parser(json),
        }
    }

    fn value(&self, matches: &ArgMatches) -> Option<Value> {
        match self.form {
            Form::Text | Form::Choice(_) => matches.get_one::<String>(self.name).map(|text| Value::from(text.as_str())),
            Form::Boolean => matches.get_one::<bool>(self.name).map(|answer| Value::from(*answer)),
            Form::Integer { .. } => matches.get_one::<i64>(self.name).map(|number| Value::from(*number)),
            Form::Texts => {
                let texts = matches.get_many::<String>(self.name)?;
                Some(texts.filter(|text| !text.is_empty()).map(|text| Value::from(text.as_str())).collect())
            }
            Form::Json => matches.get_one::<Value>(self.name).cloned(),
        }
    }
}

/// The words that YAML and the Python toolkit take.
fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err(format!("'{text}' is not a valid boolean.")),
    }
}

fn integer(text: &str, least: i64, most: i64) -> Result<i64, String> {
    match text.trim().parse::<i64>() {
        Err(_) => Err(format!("'{text}' is not a valid integer.")),
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        Ok(number) if most == i64::MAX => Err(format!("{number} is less than {least}.")),
        Ok(number) => Err(format!("{number} is not between {least} and {most}.")),
    }
}

fn json(text: &str) -> Result<Value, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
        Ok(_) => Err(format!("'{text}' is no JSON object or list.")),
        Err(error) => Err(format!("'{text}' is no JSON ({error}).")),
    }
}

/// The keys of `general.front_end` with `_type: fastapi`, in the order of the documentation.
fn keys() -> Vec<Key> {
    let schema = general_schema().as_value();
    let properties = schema.pointer("/$defs/HttpConfig/properties").and_then(Value::as_object);
    let key = |(name, property): (&'static String, &'static Value)| {
        let description = match name.as_str() {
            "reload" => "Restart gracefully when the file or one it builds on changes",
            _ => property.get("description").and_then(Value::as_str).unwrap_or_default(),
        };
        let sentence = description.split_once("\n\n").map_or(description, |(first, _)| first);
        Key { name, description: sentence.trim_end_matches('.'), form: form(property, schema) }
    };
    properties.into_iter().flatten().filter(|(name, _)| *name != "_type").map(key).collect()
}

fn form(property: &'static Value, schema: &'static Value) -> Form {
    let reference = property.get("$ref").and_then(Value::as_str);
    if let Some(target) = reference.and_then(|path| schema.pointer(path.trim_start_matches('#'))) {
        return form(target, schema);
    }
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        return Form::Choice(values.iter().filter_map(Value::as_str).collect());
    }
    // An enum whose values have descriptions of their own.
    let branches = property.get("oneOf").and_then(Value::as_array);
    if let Some(values) = branches.and_then(|all| all.iter().map(|one| one.get("const")?.as_str()).collect()) {
        return Form::Choice(values);
    }
    let type_name = match property.get("type") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        Some(name) => name.as_str(),
        None => None,
    };
    let limit = |key: &str| property.get(key).and_then(Value::as_i64);
    match type_name {
        Some("boolean") => Form::Boolean,
        Some("integer") => {
            Form::Integer { least: limit("minimum").unwrap_or(i64::MIN), most: limit("maximum").unwrap_or(i64::MAX) }
        }
        Some("array") if holds_texts(property, schema) => Form::Texts,
        Some("string") => Form::Text,
        _ => Form::Json,
    }
}

fn holds_texts(list: &'static Value, schema: &'static Value) -> bool {
    let items = list.get("items");
    items.is_some_and(|items| matches!(form(items, schema), Form::Text | Form::Choice(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[&str]) -> Result<Vec<(&'static str, Value)>, clap::error::ErrorKind> {
        let command = FrontEndOptions::augment_args(Command::new("serve").no_binary_name(true));
        let matches = command.try_get_matches_from(words).map_err(|error| error.kind())?;
        Ok(FrontEndOptions::from_arg_matches(&matches).expect("options that were parsed").given)
    }

    #[test]
    fn values_have_the_type_of_their_key() {
        let words = [
            "--port",
            "0",
            "--reload",
            "--host",
            "::1",
            "--use_gunicorn",
            "no",
            "--dask_workers",
            "threads",
            "--trusted_proxies",
            "10.0.0.0/8,::1",
            "--trusted_proxies",
            "127.0.0.1",
            "--cors",
            r#"{"max_age": 5}"#,
        ];
        let mut given = given(&words).expect("all of them are right");
        given.sort_by_key(|(name, _)| *name);
        let expected = serde_json::json!({
            "cors": {"max_age": 5}, "dask_workers": "threads", "host": "::1", "port": 0, "reload": true,
            "trusted_proxies": ["10.0.0.0/8", "::1", "127.0.0.1"], "use_gunicorn": false,
        });
        let given: serde_json::Map<_, _> = given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(Value::Object(given), expected);
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for words in [["--port", "many"], ["--port", "65536"], ["--workers", "0"], ["--cors", "{"], ["--cors", "5"]] {
            assert_eq!(given(&words).map(drop), Err(clap::error::ErrorKind::ValueValidation), "{words:?}");
        }
    }

    #[test]
    fn every_key_of_the_contract_is_there() {
        let names: Vec<_> = keys().into_iter().map(|key| key.name).collect();
        for name in [
            "root_path",
            "host",
            "port",
            "reload",
            "workers",
            "scheduler_address",
            "db_url",
            "max_running_async_jobs",
            "dask_workers",
            "dask_log_level",
            "dask_worker_memory_limit",
            "dask_threads_per_worker",
            "step_adaptor",
            "accepted_identity_credentials",
            "identity_authentication",
            "identity_header",
            "workflow",
            "evaluate",
            "evaluate_item",
            "oauth2_callback_path",
            "endpoints",
            "cors",
            "use_gunicorn",
            "runner_class",
            "object_store",
            "disable_legacy_routes",
            "enable_interactive_extensions",
        ] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
    }
}
