//! From text to a tree.

use std::borrow::Cow;

use super::tree::{Numeral, Tree};

/// Reads a text that serde_json has found to be JSON, which bounds its nesting too; nothing for any other.
pub fn parse(text: &str) -> Option<Tree<'_>> {
    let mut parser = Parser { text, at: 0 };
    let tree = parser.value()?;
    parser.skip_blanks();
    (parser.at == text.len()).then_some(tree)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn value(&mut self) -> Option<Tree<'t>> {
        self.skip_blanks();
        match self.byte()? {
            b'{' => self.fields(),
            b'[' => self.list(),
            b'"' => self.string().map(Tree::Text),
            b't' => self.word("true", Tree::Bool(true)),
            b'f' => self.word("false", Tree::Bool(false)),
            b'n' => self.word("null", Tree::Null),
            _ => self.number().map(Tree::Number),
        }
    }

    fn fields(&mut self) -> Option<Tree<'t>> {
        let mut entries = Vec::new();
        let mut more = self.opens(b'}');
        while more {
            self.skip_blanks();
            let key = self.string()?;
            self.skip_blanks();
            self.eat(b':')?;
            entries.push((key, self.value()?));
            more = self.goes_on(b'}')?;
        }
        Some(Tree::Fields(entries))
    }

    fn list(&mut self) -> Option<Tree<'t>> {
        let mut items = Vec::new();
        let mut more = self.opens(b']');
        while more {
            items.push(self.value()?);
            more = self.goes_on(b']')?;
        }
        Some(Tree::List(items))
    }

    /// After the opening bracket: whether anything stands before the closing one.
    fn opens(&mut self, close: u8) -> bool {
        self.at += 1;
        self.skip_blanks();
        let is_empty = self.byte() == Some(close);
        self.at += usize::from(is_empty);
        !is_empty
    }

    /// After an entry: a comma, or the closing bracket.
    fn goes_on(&mut self, close: u8) -> Option<bool> {
        self.skip_blanks();
        let byte = self.byte()?;
        self.at += 1;
        match byte {
            b',' => Some(true),
            _ => (byte == close).then_some(false),
        }
    }

    fn string(&mut self) -> Option<Cow<'t, str>> {
        let start = self.at;
        self.eat(b'"')?;
        let mut escapes = false;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.text.as_bytes().get(self.at..)?)?;
            if self.byte()? == b'"' {
                break;
            }
            escapes = true;
            self.at += 2;
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at)?;
        if escapes {
            return serde_json::from_str::<String>(quoted).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(&quoted[1..quoted.len() - 1]))
    }

    fn number(&mut self) -> Option<Numeral> {
        let rest = &self.text[self.at..];
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let literal = &rest[..rest.bytes().take_while(|byte| is_part(byte)).count()];
        self.at += literal.len();
        // The float of a text is serde_json's own, so that every way to a number gives the same one.
        let float = || serde_json::from_str(literal).ok().map(Numeral::Float);
        if literal == "-0" || literal.contains(['.', 'e', 'E']) {
            return float();
        }
        let unsigned = literal.parse().ok().map(Numeral::Unsigned);
        unsigned
            .or_else(|| literal.parse().ok().map(Numeral::Signed))
            .or_else(|| literal.parse().ok().map(Numeral::Wide))
            .or_else(|| literal.parse().ok().map(Numeral::Widest))
            .or_else(float)
    }

    fn word(&mut self, word: &str, tree: Tree<'t>) -> Option<Tree<'t>> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            tree
        })
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.byte()? == byte).then(|| self.at += 1)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }
}
