//! Which keys hold secrets, and how a text is cleared of them.

use std::collections::HashMap;

/// Shorter texts are too common to be searched for in sentences.
const SHORTEST: usize = 3;
/// From here on a text is told from a word even inside one.
const DISTINCTIVE: usize = 6;
/// As much of a long text is searched for: messages cut long values short.
const PROBE: usize = 24;

/// Whether the value under this key must never be shown.
pub(super) fn looks_secret(key: &str) -> bool {
    const WORDS: [&str; 7] = ["password", "passwd", "passphrase", "secret", "secrets", "apikey", "credential"];
    const KEYS: [&str; 7] = ["api", "access", "private", "secret", "signing", "encryption", "account"];
    // Most keys hold none of these, and a file has many keys.
    const STEMS: [&[u8]; 6] = [b"pass", b"secret", b"token", b"key", b"credential", b"authorization"];
    let holds = |stem: &[u8]| key.as_bytes().windows(stem.len()).any(|part| part.eq_ignore_ascii_case(stem));
    if !STEMS.into_iter().any(holds) {
        return false;
    }
    let words = words(key);
    let last = words.last().map_or("", String::as_str);
    let is_key = |pair: &[String]| pair[1] == "key" && KEYS.contains(&pair[0].as_str());
    words.iter().any(|word| WORDS.contains(&word.as_str()))
        || matches!(last, "token" | "authorization")
        || words.windows(2).any(is_key)
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
}

impl Secrets {
    /// Hides a text in all its parts and in the forms in which messages echo texts.
    pub(super) fn add(&mut self, text: &str, shown: &str) {
        let lines = text.lines().map(str::trim);
        for part in lines.chain([text.trim()]) {
            let debugged = format!("{part:?}");
            let escaped = debugged.trim_matches('"');
            for form in [part, escaped] {
                self.add_form(form, shown);
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
        self.by_start.is_empty() && self.exact.is_empty()
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

    /// As [`Secrets::cleared`], and short texts too: for sentences about the very value.
    pub(super) fn cleared_exactly(&self, text: &str) -> String {
        let mut text = self.cleared(text);
        for (secret, shown) in &self.exact {
            for (open, close) in [("'", "'"), ("`", "`"), ("\"", "\"")] {
                text = text.replace(&format!("{open}{secret}{close}"), &format!("{open}{shown}{close}"));
            }
        }
        text
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

fn start(text: &str) -> Option<[u8; SHORTEST]> {
    text.as_bytes().first_chunk().copied()
}

/// Bytes that both begin with, in whole characters.
fn common_length(one: &str, other: &str) -> usize {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    same.map(|(letter, _)| letter.len_utf8()).sum()
}
