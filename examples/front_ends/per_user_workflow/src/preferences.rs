//! Preferences: a user starts with the configured ones and changes only their own.

use indexmap::IndexMap;
use nat::{Builder, Context, Function, register_per_user_function};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What can be set under `functions:` in the configuration file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PreferencesConfig {
    /// Preferences that a new user starts with.
    pub default_preferences: IndexMap<String, String>,
}

impl Default for PreferencesConfig {
    fn default() -> Self {
        let defaults = [("theme", "light"), ("language", "en")];
        Self { default_preferences: defaults.map(|(key, value)| (key.to_owned(), value.to_owned())).into() }
    }
}

/// What a call takes.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct PreferenceInput {
    /// Action to perform: 'set', 'get', or 'list'
    pub action: String,
    /// Name of the preference (for 'set' and 'get')
    #[serde(default)]
    pub key: String,
    /// Value to store (for 'set')
    #[serde(default)]
    pub value: String,
}

/// What a call gives.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PreferenceOutput {
    /// Whether the action was carried out
    pub success: bool,
    /// What happened, for a person to read
    pub message: String,
    /// The preference that was asked for (filled by 'get')
    pub value: String,
    /// All of the user's preferences (filled by 'set' and 'list')
    pub preferences: IndexMap<String, String>,
}

/// A store of preferences of its own for each user.
#[register_per_user_function(input_type = PreferenceInput, single_output_type = PreferenceOutput)]
async fn per_user_preferences(config: PreferencesConfig, _builder: &Builder) -> nat::Result<Preferences> {
    Ok(Preferences { stored: Mutex::new(config.default_preferences) })
}

/// One user's preferences.
struct Preferences {
    stored: Mutex<IndexMap<String, String>>,
}

impl Function for Preferences {
    type Input = PreferenceInput;
    type Output = PreferenceOutput;

    async fn call(&self, _ctx: &Context, input: PreferenceInput) -> nat::Result<PreferenceOutput> {
        let PreferenceInput { action, key, value } = input;
        let mut stored = self.stored.lock();
        Ok(match action.to_lowercase().as_str() {
            action @ ("set" | "get") if key.is_empty() => {
                PreferenceOutput::refused(format!("Key is required for '{action}' action"))
            }
            "set" => {
                let message = format!("Preference '{key}' set to '{value}'");
                stored.insert(key, value);
                PreferenceOutput { preferences: stored.clone(), ..PreferenceOutput::done(message) }
            }
            "get" => match stored.get(&key) {
                Some(value) => {
                    let message = format!("Preference '{key}' = '{value}'");
                    PreferenceOutput { value: value.clone(), ..PreferenceOutput::done(message) }
                }
                None => PreferenceOutput::refused(format!("Preference '{key}' not found")),
            },
            "list" => {
                let message = format!("Found {} preferences", stored.len());
                PreferenceOutput { preferences: stored.clone(), ..PreferenceOutput::done(message) }
            }
            unknown => PreferenceOutput::refused(format!("Unknown action: {unknown}. Use 'set', 'get', or 'list'")),
        })
    }
}

impl PreferenceOutput {
    fn done(message: impl Into<String>) -> Self {
        Self { success: true, message: message.into(), ..Self::default() }
    }

    fn refused(message: impl Into<String>) -> Self {
        Self { success: false, message: message.into(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferences() -> Preferences {
        Preferences { stored: Mutex::new(PreferencesConfig::default().default_preferences) }
    }

    async fn ask(preferences: &Preferences, action: &str, key: &str, value: &str) -> PreferenceOutput {
        let input = PreferenceInput { action: action.to_owned(), key: key.to_owned(), value: value.to_owned() };
        preferences.call(&Context::for_test(None), input).await.unwrap()
    }

    #[tokio::test]
    async fn a_new_user_has_the_configured_preferences() {
        let got = ask(&preferences(), "get", "theme", "").await;
        assert_eq!((got.message.as_str(), got.value.as_str()), ("Preference 'theme' = 'light'", "light"));
        assert_eq!(ask(&preferences(), "list", "", "").await.message, "Found 2 preferences");
    }

    #[tokio::test]
    async fn a_change_keeps_its_place_and_an_addition_goes_last() {
        let preferences = preferences();
        let set = ask(&preferences, "set", "theme", "dark").await;
        assert_eq!(set.message, "Preference 'theme' set to 'dark'");
        let set = ask(&preferences, "SET", "alerts", "off").await;
        let all = serde_json::to_string(&set.preferences).unwrap();
        assert_eq!(all, r#"{"theme":"dark","language":"en","alerts":"off"}"#);
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        for action in ["set", "get"] {
            let refused = ask(&preferences(), action, "", "x").await;
            assert_eq!(refused, PreferenceOutput::refused(format!("Key is required for '{action}' action")));
        }
        let absent = ask(&preferences(), "get", "font", "").await;
        assert_eq!(absent, PreferenceOutput::refused("Preference 'font' not found"));
        let unknown = ask(&preferences(), "drop", "theme", "").await;
        assert_eq!(unknown, PreferenceOutput::refused("Unknown action: drop. Use 'set', 'get', or 'list'"));
    }
}
