//! YAML again, with the place of each key and value: the only file that names saphyr_parser.
//!
//! Read only when something is reported. Where this reader and the one that gave the values disagree, there
//! is no place rather than a wrong one.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::Value;

use super::yaml::MERGE_KEY;
use nat_schema::Segment;

/// Maps with more entries are searched by an index.
const INDEXED_FROM: usize = 16;
/// Aliases in aliases, and merge keys in what they bring.
const DEEPEST: usize = 64;
/// A text that fails after more than this is not looked through for the place.
const MOST_EVENTS: usize = 1_000_000;

/// The nodes of one text.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    root: usize,
}

#[derive(Debug)]
pub(super) struct Node {
    /// The bytes of it.
    pub(super) span: Range<usize>,
    pub(super) form: Form,
}

#[derive(Debug)]
pub(super) enum Form {
    Plain(String),
    Quoted(String),
    Map {
        entries: Vec<(usize, usize)>,
        index: OnceCell<HashMap<String, usize>>,
        layout: Layout,
    },
    List {
        items: Vec<usize>,
        layout: Layout,
    },
    Alias(usize),
    /// Something whose place is not certain.
    Unsure,
}

/// How a collection is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// On lines of its own, by indentation.
    Block,
    /// In brackets.
    Flow,
}

/// Where a path leads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'t> {
    pub(super) value: &'t Node,
    /// The key in front of the value, if it has one.
    pub(super) key: Option<&'t Node>,
    /// The collection that holds it, and its position there.
    pub(super) parent: Option<(&'t Node, usize)>,
}

/// The byte at which this reader gives up, for failures of which the other one says no place.
pub(super) fn failure(text: &str) -> Option<usize> {
    let bytes = Offsets::of(text, 0);
    let failed = Parser::new_from_str(text).take(MOST_EVENTS).find_map(Result::err)?;
    bytes.at(failed.marker().index())
}

impl Tree {
    /// The nodes of `text`; nothing if this reader cannot read it.
    pub(super) fn of(text: &str) -> Option<Self> {
        // It takes fewer tabs than the other reader: a space in its place is as long.
        Self::read(text).or_else(|| text.contains('\t').then(|| Self::read(&text.replace('\t', " ")))?)
    }

    fn read(text: &str) -> Option<Self> {
        let skipped = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let bytes = Offsets::of(text.get(skipped..)?, skipped);
        let mut builder = Builder { text, nodes: Vec::new(), open: Vec::new(), anchors: HashMap::new(), root: None };
        for event in Parser::new_from_str(text.get(skipped..)?) {
            let (event, span) = event.ok()?;
            builder.event(event, bytes.at(span.start.index())?..bytes.at(span.end.index())?)?;
        }
        Some(Self { root: builder.root?, nodes: builder.nodes })
    }

    pub(super) fn root(&self) -> &Node {
        &self.nodes[self.root]
    }

    /// All texts, with their places.
    pub(super) fn scalars(&self) -> impl Iterator<Item = (&str, &Range<usize>)> {
        self.nodes.iter().filter_map(|node| Some((node.text()?, &node.span)))
    }

    pub(super) fn node(&self, id: usize) -> &Node {
        &self.nodes[id]
    }

    /// Where `path` leads. `value` is what the other reader found: wherever the two differ, there is nothing.
    pub(super) fn find<'t>(&'t self, path: &[Segment], value: &Value) -> Option<Spot<'t>> {
        let mut spot = Spot { value: self.root(), key: None, parent: None };
        let mut found = value;
        for segment in path {
            let around = self.followed(spot.value)?;
            spot = match (segment, &around.form) {
                (Segment::Key(key), Form::Map { .. }) => {
                    found = found.get(key)?;
                    self.entry(around, key, 0)?
                }
                (Segment::Index(at), Form::List { items, .. }) => {
                    let list = found.as_array().filter(|list| list.len() == items.len())?;
                    found = list.get(*at)?;
                    Spot { value: self.node(*items.get(*at)?), key: None, parent: Some((around, *at)) }
                }
                _ => return None,
            };
        }
        self.agrees(spot.value, found).then_some(spot)
    }

    /// The key that stands in the mapping at `path` for the `times`th time after the first.
    pub(super) fn repeated<'t>(&'t self, path: &[Segment], times: usize) -> Option<Spot<'t>> {
        let (Segment::Key(key), around) = path.split_last()? else { return None };
        let mut map = self.followed(self.root())?;
        for segment in around {
            let next = match (segment, &map.form) {
                (Segment::Key(key), Form::Map { .. }) => self.entry(map, key, 0)?.value,
                (Segment::Index(at), Form::List { items, .. }) => self.node(*items.get(*at)?),
                _ => return None,
            };
            map = self.followed(next)?;
        }
        let Form::Map { entries, .. } = &map.form else { return None };
        let (position, (key, value)) =
            entries.iter().enumerate().filter(|(_, (id, _))| self.node(*id).text() == Some(key.as_str())).nth(times)?;
        Some(Spot { value: self.node(*value), key: Some(self.node(*key)), parent: Some((map, position)) })
    }

    /// The entry of the map that `map` is or stands for.
    pub(super) fn entry_of<'t>(&'t self, map: &'t Node, key: &str) -> Option<Spot<'t>> {
        self.entry(self.followed(map)?, key, 0)
    }

    /// The entry of the map at `path` whose key is no text.
    pub(super) fn odd_key<'t>(&'t self, path: &[Segment]) -> Option<&'t Node> {
        let mut map = self.followed(self.root())?;
        for segment in path {
            let next = match (segment, &map.form) {
                (Segment::Key(key), Form::Map { .. }) => self.entry(map, key, 0)?.value,
                (Segment::Index(at), Form::List { items, .. }) => self.node(*items.get(*at)?),
                _ => return None,
            };
            map = self.followed(next)?;
        }
        let Form::Map { entries, .. } = &map.form else { return None };
        let is_odd =
            |node: &&Node| !node.text().is_some_and(|text| !matches!(text, "" | "~" | "null" | "Null" | "NULL"));
        entries.iter().map(|(key, _)| self.node(*key)).find(is_odd)
    }

    /// What an alias stands for.
    pub(super) fn followed<'t>(&'t self, mut node: &'t Node) -> Option<&'t Node> {
        for _ in 0..DEEPEST {
            match &node.form {
                Form::Alias(target) => node = self.node(*target),
                _ => return Some(node),
            }
        }
        None
    }

    /// The entry of a map, or of what its merge keys bring.
    fn entry<'t>(&'t self, map: &'t Node, key: &str, depth: usize) -> Option<Spot<'t>> {
        let Form::Map { entries, index, .. } = &map.form else { return None };
        let position = match entries.len() {
            0..INDEXED_FROM => entries.iter().position(|(id, _)| self.node(*id).text() == Some(key)),
            _ => index.get_or_init(|| self.index(entries)).get(key).copied(),
        };
        if let Some(position) = position {
            let (key, value) = *entries.get(position)?;
            return Some(Spot { value: self.node(value), key: Some(self.node(key)), parent: Some((map, position)) });
        }
        if depth > DEEPEST || key == MERGE_KEY {
            return None;
        }
        let merged = self.followed(self.entry(map, MERGE_KEY, depth + 1)?.value)?;
        match &merged.form {
            Form::Map { .. } => self.entry(merged, key, depth + 1),
            Form::List { items, .. } => items.iter().find_map(|item| {
                let source = self.followed(self.node(*item))?;
                self.entry(source, key, depth + 1)
            }),
            _ => None,
        }
    }

    fn index(&self, entries: &[(usize, usize)]) -> HashMap<String, usize> {
        let mut index = HashMap::with_capacity(entries.len());
        for (position, (key, _)) in entries.iter().enumerate() {
            if let Some(text) = self.node(*key).text() {
                index.entry(text.to_owned()).or_insert(position);
            }
        }
        index
    }

    fn agrees(&self, node: &Node, value: &Value) -> bool {
        match (self.followed(node).map(|node| &node.form), value) {
            (Some(Form::Map { .. }), Value::Object(_)) => true,
            (Some(Form::List { items, .. }), Value::Array(list)) => items.len() == list.len(),
            (Some(Form::Plain(text) | Form::Quoted(text)), Value::String(other)) => text == other,
            (Some(Form::Plain(_)), Value::Null | Value::Bool(_) | Value::Number(_)) => true,
            _ => false,
        }
    }
}

impl Node {
    /// Of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.form {
            Form::Plain(text) | Form::Quoted(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_block(&self) -> bool {
        matches!(self.form, Form::Map { layout: Layout::Block, .. } | Form::List { layout: Layout::Block, .. })
    }
}

/// From characters, in which the parser counts, to bytes.
struct Offsets {
    starts: Option<Vec<u32>>,
    skipped: usize,
    length: usize,
}

impl Offsets {
    fn of(text: &str, skipped: usize) -> Self {
        let starts = (!text.is_ascii()).then(|| {
            let starts = text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX));
            starts.chain([u32::try_from(text.len()).unwrap_or(u32::MAX)]).collect()
        });
        Self { starts, skipped, length: text.len() }
    }

    fn at(&self, character: usize) -> Option<usize> {
        let byte = match &self.starts {
            Some(starts) => *starts.get(character.min(starts.len() - 1))? as usize,
            None => character.min(self.length),
        };
        Some(byte + self.skipped)
    }
}

/// The length of a quoted text with its quotes.
fn quoted_length(text: &str) -> Option<usize> {
    let mut letters = text.char_indices();
    let (_, quote) = letters.next()?;
    let mut letters = letters.peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' if quote == '"' => {
                letters.next();
            }
            letter if letter == quote => match letters.peek() {
                Some((_, next)) if quote == '\'' && *next == quote => {
                    letters.next();
                }
                _ => return Some(at + letter.len_utf8()),
            },
            _ => {}
        }
    }
    None
}

struct Builder<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    root: Option<usize>,
}

/// A collection that has not ended, with the key that waits for its value.
struct Open {
    node: usize,
    key: Option<usize>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let form = match style {
                    ScalarStyle::Plain => Form::Plain(text.into_owned()),
                    _ => Form::Quoted(text.into_owned()),
                };
                let node = match self.scalar_span(&form, style, span.clone()) {
                    Some(span) => Node { span, form },
                    None => Node { span, form: Form::Unsure },
                };
                let id = self.add(node, anchor);
                self.place(id)
            }
            Event::Alias(anchor) => {
                let target = *self.anchors.get(&anchor)?;
                let id = self.add(Node { span, form: Form::Alias(target) }, 0);
                self.place(id)
            }
            Event::MappingStart(anchor, _) => {
                let layout = self.layout(&span, '{');
                self.begin(Form::Map { entries: Vec::new(), index: OnceCell::new(), layout }, anchor, span)
            }
            Event::SequenceStart(anchor, _) => {
                let layout = self.layout(&span, '[');
                self.begin(Form::List { items: Vec::new(), layout }, anchor, span)
            }
            Event::MappingEnd | Event::SequenceEnd => self.end(span),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Some(())
            }
        }
    }

    fn layout(&self, span: &Range<usize>, bracket: char) -> Layout {
        match self.text.get(span.start..).is_some_and(|rest| rest.starts_with(bracket)) {
            true => Layout::Flow,
            false => Layout::Block,
        }
    }

    /// A scalar must look in the text as the parser read it.
    fn scalar_span(&self, form: &Form, style: ScalarStyle, mut span: Range<usize>) -> Option<Range<usize>> {
        let mut written = self.text.get(span.clone())?;
        // Tags and anchors stand before what they are about.
        while written.starts_with(['!', '&']) && !matches!(form, Form::Plain(text) if text.is_empty()) {
            let word = written.find(char::is_whitespace)?;
            let rest = written[word..].trim_start();
            span.start += written.len() - rest.len();
            written = rest;
        }
        // The parser ends a quoted text where the next token begins, behind a comment perhaps.
        let end = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => span.start + quoted_length(written)?,
            _ => span.start + written.trim_end().len(),
        };
        let right = match (form, style) {
            (_, ScalarStyle::SingleQuoted) => written.starts_with('\''),
            (_, ScalarStyle::DoubleQuoted) => written.starts_with('"'),
            (Form::Plain(text), _) if text.is_empty() => true,
            (Form::Plain(text), _) => {
                let first = |text: &str| text.split_whitespace().next().map(str::to_owned);
                first(written) == first(text)
            }
            _ => true,
        };
        // Nothing stands somewhere between its key and what comes next.
        let empty = matches!(form, Form::Plain(text) if text.is_empty());
        right.then_some(if empty { span.start..span.start } else { span.start..end.max(span.start) })
    }

    fn add(&mut self, node: Node, anchor: usize) -> usize {
        self.nodes.push(node);
        let id = self.nodes.len() - 1;
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn begin(&mut self, form: Form, anchor: usize, span: Range<usize>) -> Option<()> {
        let id = self.add(Node { span, form }, anchor);
        self.open.push(Open { node: id, key: None });
        Some(())
    }

    fn end(&mut self, span: Range<usize>) -> Option<()> {
        let open = self.open.pop()?;
        let last = match &self.nodes[open.node].form {
            Form::Map { entries, .. } => entries.last().map(|(key, value)| (*key, *value)),
            Form::List { items, .. } => items.last().map(|item| (*item, *item)),
            _ => None,
        };
        let end = match last {
            // A block ends with its last entry; the parser sees it end where the next token begins.
            Some((key, value)) if self.nodes[open.node].is_block() => {
                self.nodes[key].span.end.max(self.nodes[value].span.end)
            }
            _ => match self.text.get(span.start..) {
                Some(rest) if rest.starts_with([']', '}']) => span.start + 1,
                _ => span.end,
            },
        };
        let node = &mut self.nodes[open.node];
        node.span.end = end.max(node.span.start);
        self.place(open.node)
    }

    /// Puts a finished node into the collection around it.
    fn place(&mut self, id: usize) -> Option<()> {
        let Some(open) = self.open.last_mut() else {
            // A second document would be refused by the other reader.
            return self.root.replace(id).is_none().then_some(());
        };
        match &mut self.nodes[open.node].form {
            Form::Map { entries, .. } => match open.key.take() {
                None => open.key = Some(id),
                Some(key) => {
                    entries.push((key, id));
                    self.settle_empty(key, id);
                }
            },
            Form::List { items, .. } => items.push(id),
            _ => return None,
        }
        Some(())
    }

    /// A value of nothing stands right behind its key's colon.
    fn settle_empty(&mut self, key: usize, value: usize) {
        let end = self.nodes[key].span.end;
        let is_empty = matches!(&self.nodes[value].form, Form::Plain(text) if text.is_empty());
        if is_empty && let Some(colon) = self.text.get(end..).and_then(|rest| rest.find(':')) {
            let at = end + colon + 1;
            self.nodes[value].span = at..at;
        }
    }
}
