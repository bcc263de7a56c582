//! Which keys hold secrets, and how a text is cleared of them.

use std::collections::HashMap;

use nat_schema::distance;

/// Shorter texts are too common to be searched for in sentences.
const SHORTEST: usize = 3;
/// From here on a text is told from a word even inside one.
const DISTINCTIVE: usize = 6;
/// As much of a long text is searched for: messages cut long values short.
const PROBE: usize = 24;

/// How much of what stands under a key must never be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hides {
    /// Texts: a number or a truth there is a setting, such as a limit.
    Texts,
    Everything,
}

/// Whether what stands under this key must never be shown.
pub(super) fn looks_secret(key: &str) -> bool {
    hides(key).is_some()
}

/// What of the value under this key must never be shown, by the words of the key, in singular or plural, and
/// by words that look like a slip for one of them.
pub(super) fn hides(key: &str) -> Option<Hides> {
    const SECRETS: [&str; 8] =
        ["password", "passwd", "passphrase", "pwd", "secret", "apikey", "credential", "authorization"];
    const KEYS: [&str; 9] =
        ["api", "access", "private", "secret", "signing", "encryption", "account", "auth", "license"];
    const LAST: [&str; 4] = ["token", "bearer", "auth", "cookie"];
    /// Keys that open nothing.
    const NO_KEYS: [&str; 9] =
        ["public", "primary", "foreign", "sort", "partition", "cache", "group", "routing", "object"];
    /// What is counted or limited.
    const AMOUNTS: [&str; 8] = ["max", "min", "num", "number", "count", "total", "limit", "n"];
    const SLIPS: [&str; 5] = ["password", "passwd", "secret", "credential", "token"];
    /// A letter away from one of these, and nothing of the kind.
    const NO_SLIPS: [&str; 4] = ["passed", "taken", "woken", "secrete"];
    // Which credentials are taken is no secret.
    if matches!(key.trim(), "accepted_identity_credentials" | "allow_credentials") {
        return None;
    }
    let words = words(key);
    let plain: Vec<&str> = words.iter().map(|word| singular(word)).collect();
    let last = *plain.last()?;
    let is_key = |pair: &[&str]| KEYS.contains(&pair[0]) && (pair[1] == "key" || is_slip(pair[1], "key"));
    if plain.iter().any(|word| SECRETS.contains(word)) || words.last().is_some_and(|word| word == "token") {
        return Some(Hides::Everything);
    }
    if plain.windows(2).any(is_key) {
        return Some(Hides::Everything);
    }
    let is_amount = plain.iter().any(|word| AMOUNTS.contains(word));
    let ends_in_key = last == "key" && plain.len() > 1 && !NO_KEYS.contains(&plain[plain.len() - 2]);
    let is_value = plain.contains(&"token") && matches!(last, "value" | "string" | "text");
    let slipped = |word: &&str| !NO_SLIPS.contains(word) && SLIPS.iter().any(|secret| is_slip(word, secret));
    let hides = LAST.contains(&last) || ends_in_key || is_value || plain.iter().any(slipped);
    (hides && !is_amount).then_some(Hides::Texts)
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|rest| !rest.ends_with('s')).unwrap_or(word)
}

/// Whether one letter is missing, too many, another one, or has changed places.
fn is_slip(word: &str, meant: &str) -> bool {
    let first = |text: &str| text.chars().next();
    word != meant && word.len().abs_diff(meant.len()) <= 1 && first(word) == first(meant) && distance(word, meant) == 1
}

/// `apiKey`, `api_key` and `API-KEY` have the same words.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in key.chars() {
        let splits = !letter.is_alphanumeric() || (letter.is_uppercase() && before_lower);
        if splits && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Texts that must not be shown, each with what is shown in its place.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// By their first bytes, the longest first.
    by_start: HashMap<[u8; SHORTEST], Vec<(String, String)>>,
    /// What may be hidden even where it is short: see [`Secrets::cleared_exactly`].
    exact: Vec<(String, String)>,
    /// Ordinary words, hidden only there, too.
    words: Vec<(String, String)>,
}

impl Secrets {
    /// Hides a text in all its parts and in the forms in which messages echo texts.
    pub(super) fn add(&mut self, text: &str, shown: &str) {
        for part in text.lines().map(str::trim).chain([text.trim()]) {
            self.add_forms(part, shown);
        }
    }

    fn add_forms(&mut self, part: &str, shown: &str) {
        let debugged = format!("{part:?}");
        let escaped = debugged.trim_matches('"');
        for form in [part, escaped] {
            self.add_form(form, shown);
        }
    }

    /// Hides what a variable holds. A word of every day stands in sentences too that say nothing of the value.
    pub(super) fn add_value(&mut self, text: &str, shown: &str) {
        let lines = text.lines().map(str::trim);
        for part in lines.chain([text.trim()]) {
            match is_word(part) {
                true => self.words.push((part.to_owned(), shown.to_owned())),
                false => self.add_forms(part, shown),
            }
        }
    }

    fn add_form(&mut self, form: &str, shown: &str) {
        if let Some(start) = start(form) {
            let forms = self.by_start.entry(start).or_default();
            if !forms.iter().any(|(known, _)| known == form) {
                let at = forms.partition_point(|(known, _)| known.len() >= form.len());
                forms.insert(at, (form.to_owned(), shown.to_owned()));
            }
        } else if !form.is_empty() && !self.exact.iter().any(|(known, _)| known == form) {
            self.exact.push((form.to_owned(), shown.to_owned()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_start.is_empty() && self.exact.is_empty() && self.words.is_empty()
    }

    /// The text without what must not be shown.
    pub(super) fn cleared(&self, text: &str) -> String {
        if self.by_start.is_empty() {
            return text.to_owned();
        }
        let mut output = String::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            match self.found(text, at) {
                Some((length, shown)) => {
                    output.push_str(shown);
                    at += length;
                }
                None => {
                    let letter = text[at..].chars().next().map_or(1, char::len_utf8);
                    output.push_str(&text[at..at + letter]);
                    at += letter;
                }
            }
        }
        output
    }

    /// As [`Secrets::cleared`], and short texts and words too: for sentences about the very value.
    pub(super) fn cleared_exactly(&self, text: &str) -> String {
        in_quotes(in_quotes(self.cleared(text), &self.exact), &self.words)
    }

    /// As [`Secrets::cleared`], for a key: one that is an ordinary word tells nothing.
    pub(super) fn cleared_key(&self, key: &str) -> String {
        if is_word(key) { key.to_owned() } else { self.cleared(key) }
    }

    /// As [`Secrets::cleared`], for the whole of a value.
    pub(super) fn cleared_value(&self, text: &str) -> String {
        match self.words.iter().find(|(word, _)| !word.is_empty() && word == text) {
            Some((_, shown)) => shown.clone(),
            None => self.cleared(text),
        }
    }

    fn found(&self, text: &str, at: usize) -> Option<(usize, &str)> {
        let rest = &text[at..];
        let candidates = self.by_start.get(&start(rest)?)?;
        candidates.iter().find_map(|(secret, shown)| {
            let common = common_length(rest, secret);
            let enough = secret.len().min(PROBE);
            if common < enough {
                return None;
            }
            let inside_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
            let apart = !inside_word(text[..at].chars().next_back()) && !inside_word(rest[common..].chars().next());
            (secret.len() >= DISTINCTIVE || apart).then_some((common, shown.as_str()))
        })
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_lowercase() || matches!(letter, '_' | '-' | '.' | ' '))
}

fn in_quotes(mut text: String, hidden: &[(String, String)]) -> String {
    for (secret, shown) in hidden.iter().filter(|(secret, _)| !secret.is_empty()) {
        for (open, close) in [("'", "'"), ("`", "`"), ("\"", "\"")] {
            text = text.replace(&format!("{open}{secret}{close}"), &format!("{open}{shown}{close}"));
        }
    }
    text
}

fn start(text: &str) -> Option<[u8; SHORTEST]> {
    text.as_bytes().first_chunk().copied()
}

/// Bytes that both begin with, in whole characters.
fn common_length(one: &str, other: &str) -> usize {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    same.map(|(letter, _)| letter.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_hide_everything_or_texts_or_nothing() {
        for key in [
            "password",
            "passwords",
            "db_pwd",
            "clientSecret",
            "api_key",
            "api_keys",
            "APIKEY",
            "access-key",
            "token",
            "auth_token",
            "api_ky",
            "credentials",
            "Authorization",
        ] {
            assert_eq!(hides(key), Some(Hides::Everything), "{key}");
        }
        for key in
            ["tokens", "token_value", "openai_key", "raw_key", "bearer", "auth", "cookie", "pasword", "secert", "tokn"]
        {
            assert_eq!(hides(key), Some(Hides::Texts), "{key}");
        }
        for key in [
            "max_tokens",
            "token_limit",
            "cookie_names",
            "key",
            "keys",
            "primary_key",
            "authentication",
            "passed",
            "monkey",
            "taken",
            "identity_authentication",
            "tokenizer",
            "accepted_identity_credentials",
            "author",
            "prefix",
            "",
        ] {
            assert_eq!(hides(key), None, "{key}");
        }
    }
}
