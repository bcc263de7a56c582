//! Texts for clients of the Python toolkit: the place and the reason of a mistake in JSON, as Python's json module names
//! them.
//!
//! Runs only on a text that serde_json has refused. serde_json's errors have other words and count other places, and
//! clients compare both.

use super::decode::MAX_DEPTH;

/// The bytes before the mistake, and what it is.
#[derive(Debug, PartialEq)]
pub(super) struct Mistake {
    pub(super) at: usize,
    pub(super) reason: String,
}

type Read<T> = Result<T, Mistake>;

fn mistake<T>(at: usize, reason: &str) -> Read<T> {
    Err(Mistake { at, reason: reason.to_owned() })
}

/// The first mistake of `text`; nothing if there is none.
pub(super) fn mistake_in(text: &str) -> Option<Mistake> {
    let mut reader = Reader { bytes: text.as_bytes(), at: 0, unfit: None };
    reader.document().err().or(reader.unfit)
}

struct Reader<'t> {
    bytes: &'t [u8],
    at: usize,
    /// The first thing that Python takes and this server does not. What Python does not take comes before it.
    unfit: Option<Mistake>,
}

#[derive(Clone, Copy)]
enum Open {
    Object,
    Array,
}

impl Reader<'_> {
    /// Without recursion: there may be any number of brackets.
    fn document(&mut self) -> Read<()> {
        let mut open = Vec::new();
        self.skip_blanks();
        loop {
            if let Some(opened) = self.value()? {
                open.push(opened);
                if open.len() > MAX_DEPTH {
                    self.note(self.at - 1, &too_deep());
                }
                self.skip_blanks();
                match (opened, self.byte()) {
                    (Open::Object, Some(b'}')) | (Open::Array, Some(b']')) => {}
                    (Open::Object, _) => {
                        self.key()?;
                        continue;
                    }
                    (Open::Array, _) => continue,
                }
            }
            loop {
                self.skip_blanks();
                match (open.last(), self.byte()) {
                    (None, None) => return Ok(()),
                    (None, Some(_)) => return mistake(self.at, "Extra data"),
                    (Some(Open::Object), Some(b'}')) | (Some(Open::Array), Some(b']')) => {
                        self.at += 1;
                        open.pop();
                    }
                    (Some(inside), Some(b',')) => {
                        self.at += 1;
                        self.skip_blanks();
                        if let Open::Object = inside {
                            self.key()?;
                        }
                        break;
                    }
                    (Some(_), _) => return mistake(self.at, "Expecting ',' delimiter"),
                }
            }
        }
    }

    /// Reads a value, of an object or array only its beginning.
    fn value(&mut self) -> Read<Option<Open>> {
        let rest = &self.bytes[self.at..];
        let word = [&b"null"[..], b"true", b"false"].into_iter().find(|word| rest.starts_with(word));
        match (self.byte(), word) {
            (Some(b'"'), _) => self.string()?,
            (Some(b'{'), _) => {
                self.at += 1;
                return Ok(Some(Open::Object));
            }
            (Some(b'['), _) => {
                self.at += 1;
                return Ok(Some(Open::Array));
            }
            (_, Some(word)) => self.at += word.len(),
            _ => self.number()?,
        }
        Ok(None)
    }

    /// A property name, and what is between it and its value.
    fn key(&mut self) -> Read<()> {
        if self.byte() != Some(b'"') {
            return mistake(self.at, "Expecting property name enclosed in double quotes");
        }
        self.string()?;
        self.skip_blanks();
        if self.byte() != Some(b':') {
            return mistake(self.at, "Expecting ':' delimiter");
        }
        self.at += 1;
        self.skip_blanks();
        Ok(())
    }

    fn string(&mut self) -> Read<()> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.byte() {
                None => return mistake(start, "Unterminated string starting at"),
                Some(b'"') => break,
                Some(b'\\') => self.escape(start)?,
                Some(0..0x20) => return mistake(self.at, "Invalid control character at"),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self, string: usize) -> Read<()> {
        let backslash = self.at;
        match self.bytes.get(backslash + 1) {
            None => return mistake(string, "Unterminated string starting at"),
            Some(b'u') => {}
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                return Ok(());
            }
            Some(_) => return mistake(backslash, "Invalid \\escape"),
        }
        // Python wants to see a character behind the digits.
        let Some(unit) = self.code_unit(backslash).filter(|_| self.bytes.len() > backslash + 6) else {
            return mistake(backslash + 1, "Invalid \\uXXXX escape");
        };
        self.at += 6;
        match unit {
            0xd800..0xdc00 if matches!(self.code_unit(self.at), Some(0xdc00..0xe000)) => self.at += 6,
            0xd800..0xe000 => self.note(backslash, "Half of a surrogate pair is no character"),
            _ => {}
        }
        Ok(())
    }

    /// What `\uXXXX` stands for.
    fn code_unit(&self, backslash: usize) -> Option<u32> {
        let digits = self.bytes.get(backslash..backslash + 6)?.strip_prefix(b"\\u")?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        u32::from_str_radix(digits, 16).ok()
    }

    /// As much as is a number: what follows is for the next to complain about.
    fn number(&mut self) -> Read<()> {
        let start = self.at;
        let digits = |from: usize| self.bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = start + usize::from(self.byte() == Some(b'-'));
        end += match self.bytes.get(end) {
            Some(b'0') => 1,
            Some(b'1'..=b'9') => digits(end),
            _ => return mistake(start, "Expecting value"),
        };
        if self.bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if let Some(b'e' | b'E') = self.bytes.get(end) {
            let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits((end + 1 + sign).min(self.bytes.len()));
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
        let text = std::str::from_utf8(&self.bytes[start..end]).unwrap_or_default();
        if text.parse().is_ok_and(f64::is_infinite) {
            self.note(start, "The number is too large");
        }
        self.at = end;
        Ok(())
    }

    fn note(&mut self, at: usize, reason: &str) {
        self.unfit.get_or_insert_with(|| Mistake { at, reason: reason.to_owned() });
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }
}

pub(super) fn too_deep() -> String {
    format!("Nested more than {MAX_DEPTH} levels deep")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Taken from `json.loads` of Python 3.11.
    #[test]
    fn mistakes_are_those_of_python() {
        for (text, at, reason) in [
            ("", 0, "Expecting value"),
            (" ", 1, "Expecting value"),
            ("{", 1, "Expecting property name enclosed in double quotes"),
            ("{ ", 2, "Expecting property name enclosed in double quotes"),
            ("{bad", 1, "Expecting property name enclosed in double quotes"),
            ("{\"a\"", 4, "Expecting ':' delimiter"),
            ("{\"a\" 1}", 5, "Expecting ':' delimiter"),
            ("{\"a\":", 5, "Expecting value"),
            ("{\"text\": ", 9, "Expecting value"),
            ("{\"a\":1", 6, "Expecting ',' delimiter"),
            ("{\"a\":1,", 7, "Expecting property name enclosed in double quotes"),
            ("{\"a\":1,}", 7, "Expecting property name enclosed in double quotes"),
            ("{\"a\":1 \"b\"", 7, "Expecting ',' delimiter"),
            ("{\"a\":'x'}", 5, "Expecting value"),
            ("{\"a\":[1,{\"b\":", 13, "Expecting value"),
            ("[", 1, "Expecting value"),
            ("[[[", 3, "Expecting value"),
            ("[1", 2, "Expecting ',' delimiter"),
            ("[1,", 3, "Expecting value"),
            ("[1,]", 3, "Expecting value"),
            ("[1 2]", 3, "Expecting ',' delimiter"),
            ("[1}", 2, "Expecting ',' delimiter"),
            ("\"abc", 0, "Unterminated string starting at"),
            (" \"a\\", 1, "Unterminated string starting at"),
            ("\"a\\x\"", 2, "Invalid \\escape"),
            ("\"\\u12\"", 2, "Invalid \\uXXXX escape"),
            ("\"\\u1234", 2, "Invalid \\uXXXX escape"),
            ("\"\\u+123\"", 2, "Invalid \\uXXXX escape"),
            ("\"a\nb\"", 2, "Invalid control character at"),
            ("tru", 0, "Expecting value"),
            ("truex", 4, "Extra data"),
            ("-", 0, "Expecting value"),
            ("1.", 1, "Extra data"),
            ("01", 1, "Extra data"),
            ("1e", 1, "Extra data"),
            ("1e+", 1, "Extra data"),
            ("{\"a\":1}}", 7, "Extra data"),
            ("// c\n{}", 0, "Expecting value"),
        ] {
            assert_eq!(mistake_in(text), Some(Mistake { at, reason: reason.to_owned() }), "{text}");
        }
    }

    #[test]
    fn what_python_takes_and_this_server_does_not() {
        for (text, at, reason) in [
            ("[NaN]", 1, "Expecting value"),
            ("[-Infinity]", 1, "Expecting value"),
            ("[\"\\ud800\"]", 2, "Half of a surrogate pair is no character"),
            ("[\"\\ud83d\\ude00\\uDC00\"]", 14, "Half of a surrogate pair is no character"),
            ("[1, -1e999]", 4, "The number is too large"),
            ("[1e999, 2", 9, "Expecting ',' delimiter"),
        ] {
            assert_eq!(mistake_in(text), Some(Mistake { at, reason: reason.to_owned() }), "{text}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(mistake_in(&deep), Some(Mistake { at: MAX_DEPTH, reason: too_deep() }));
    }

    #[test]
    fn json_has_no_mistake() {
        for text in [
            "{}",
            " [ ] ",
            "null",
            "-0.5e-7",
            r#"{"a":[1,{"b":"\ud83d\ude00\n\\\""}],"c":{},"d":[[],[{}]]}"#,
            "[true , false, \"\u{7f}é\"]\r\n",
        ] {
            assert_eq!(mistake_in(text), None, "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
    }
}
