//! From a path in the content to the place in a file where it was written.

use std::cell::OnceCell;
use std::ops::Range;

use serde_json::Value;

use super::{Document, Layer};
use crate::diagnostic::{Origin, Place};
use crate::error::{Aim, Point};
use crate::marked::{Spot, Tree};
use nat_schema::Segment;

/// Looks places up; each file is read again once, when the first place in it is asked for.
pub(super) struct Locator<'d> {
    document: &'d Document,
    trees: Vec<OnceCell<Option<Tree>>>,
    lines: Vec<OnceCell<Vec<usize>>>,
}

/// What is known of a path.
pub(super) struct Located {
    pub(super) place: Option<Place>,
    pub(super) origin: Origin,
    /// Whether the path itself was found, or only what should hold it.
    pub(super) found: Found,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Whole,
    Ancestor,
}

/// Who has a path, and how much of it.
struct Owner {
    source: SourceOf,
    depth: usize,
}

#[derive(Clone, Copy)]
enum SourceOf {
    Layer(usize),
    Given(usize),
}

impl<'d> Locator<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        let trees = document.layers.iter().map(|_| OnceCell::new()).collect();
        let sources = document.layers.len() + document.given.len();
        Self { document, trees, lines: (0..sources).map(|_| OnceCell::new()).collect() }
    }

    /// Where a path leads; if it leads nowhere, the nearest of what is around it.
    pub(super) fn locate(&self, path: &[Segment], aim: Aim, layer: Option<usize>) -> Located {
        let owner = match layer {
            Some(layer) => Owner { source: SourceOf::Layer(layer), depth: path.len() },
            None => self.owner(path),
        };
        let found = if owner.depth == path.len() { Found::Whole } else { Found::Ancestor };
        match owner.source {
            SourceOf::Given(index) => {
                let given = &self.document.given[index];
                let span = given.value_at..given.typed.len();
                let place = self.place(self.document.layers.len() + index, span);
                Located { place, origin: given.origin.clone(), found }
            }
            SourceOf::Layer(index) => {
                let Some(at) = self.document.layers.get(index) else {
                    return Located { place: None, origin: Origin::File, found };
                };
                let span = self.span(index, &path[..owner.depth], if found == Found::Whole { aim } else { Aim::Key });
                let (span, variable) = match &span {
                    Some(span) => {
                        let written = at.expanded.written(span.clone());
                        (Some(written.span), written.variable.map(str::to_owned))
                    }
                    None => (None, None),
                };
                let origin = match (variable, index, &at.path) {
                    (Some(name), _, _) => Origin::Environment(name),
                    (None, 1.., Some(path)) => Origin::Base(path.clone()),
                    _ => Origin::File,
                };
                Located { place: span.and_then(|span| self.place(index, span)), origin, found }
            }
        }
    }

    /// A stretch of a file that is no place of a value.
    pub(super) fn point(&self, layer: usize, point: &Point) -> Option<Place> {
        let at = self.document.layers.get(layer)?;
        match point {
            Point::Written(span) => self.place(layer, span.clone()),
            Point::Expanded(span) => self.place(layer, at.expanded.written(span.clone()).span),
        }
    }

    /// The spot of a path in the file that owns it, for edits; nothing if it is not in a file.
    pub(super) fn spot(&self, path: &[Segment], layer: Option<usize>) -> Option<(usize, &Tree, Spot<'_>)> {
        let index = match layer {
            Some(layer) => layer,
            None => match self.owner(path) {
                Owner { source: SourceOf::Layer(index), depth } if depth == path.len() => index,
                _ => return None,
            },
        };
        let tree = self.tree(index)?;
        Some((index, tree, self.find(index, tree, path)?))
    }

    pub(super) fn repeated(&self, layer: usize, path: &[Segment], times: usize) -> Option<(&Tree, Spot<'_>)> {
        let tree = self.tree(layer)?;
        Some((tree, tree.repeated(path, times)?))
    }

    pub(super) fn layer(&self, index: usize) -> Option<&'d Layer> {
        self.document.layers.get(index)
    }

    /// The texts of a file that variables gave some of, each with the variable.
    pub(super) fn texts_from_variables(&self, layer: usize) -> Vec<(&str, &'d str)> {
        let Some(at) = self.document.layers.get(layer) else { return Vec::new() };
        if at.expanded.values().next().is_none() {
            return Vec::new();
        }
        let scalars = self.tree(layer).into_iter().flat_map(Tree::scalars);
        let from_variable =
            |(text, span): (_, &Range<usize>)| Some((text, at.expanded.written(span.clone()).variable?));
        scalars.filter_map(from_variable).collect()
    }

    /// The nodes of a file, read when first asked for.
    fn tree(&self, layer: usize) -> Option<&Tree> {
        let text = &self.document.layers.get(layer)?.expanded.text;
        self.trees.get(layer)?.get_or_init(|| Tree::of(text)).as_ref()
    }

    /// The spot of a path, or of the same with `type` for `_type`.
    fn find<'t>(&'t self, layer: usize, tree: &'t Tree, path: &[Segment]) -> Option<Spot<'t>> {
        let layer = self.document.layers.get(layer)?;
        // A text from a file stands there by the file's name.
        let (value, path) = match layer.texts.iter().any(|text| text == path) {
            true => {
                let (Segment::Key(key), around) = path.split_last()? else { return None };
                return tree.entry_of(tree.find(around, &layer.value)?.value, key);
            }
            false => (&layer.value, path),
        };
        tree.find(path, value).or_else(|| tree.find(&with_plain_tag(path)?, value))
    }

    fn span(&self, layer: usize, path: &[Segment], aim: Aim) -> Option<Range<usize>> {
        let (at, tree) = (self.document.layers.get(layer)?, self.tree(layer)?);
        if let Aim::Repeated(times) = aim {
            return Some(tree.repeated(path, times)?.key?.span.clone());
        }
        if aim == Aim::OddKey
            && let Some(key) = tree.odd_key(path)
        {
            return Some(key.span.clone());
        }
        // What cannot be found is pointed at by what is around it.
        let mut path = path;
        loop {
            if let Some(spot) = self.find(layer, tree, path) {
                // What a variable left empty is pointed at, not its key.
                let value = &spot.value.span;
                let rest = at.expanded.text.get(value.start..).and_then(|rest| rest.find('\n'));
                let line_end = rest.map_or(at.expanded.text.len(), |found| value.start + found);
                let empty = (value.is_empty() && aim == Aim::Value).then_some(value.start..line_end);
                let variable = empty.and_then(|line| at.expanded.empty_variable(line));
                return Some(variable.unwrap_or_else(|| shown(spot, aim)));
            }
            path = path.split_last()?.1;
        }
    }

    /// The uppermost source that has the path; if none has, the one that has the most of it.
    fn owner(&self, path: &[Segment]) -> Owner {
        let keys = |given: &[String]| {
            given.len() <= path.len()
                && given.iter().zip(path).all(|(own, segment)| *segment == Segment::Key(own.clone()))
        };
        let given = self.document.given.iter().enumerate().rev().find(|(_, given)| keys(&given.path));
        if let Some((index, _)) = given {
            return Owner { source: SourceOf::Given(index), depth: path.len() };
        }
        let mut best = Owner { source: SourceOf::Layer(0), depth: 0 };
        for (index, layer) in self.document.layers.iter().enumerate() {
            let (depth, covers) = depth_of(path, &layer.value);
            if depth == path.len() || best.depth < depth {
                best = Owner { source: SourceOf::Layer(index), depth };
            }
            // What is no map hides all that lies below it.
            if depth == path.len() || covers == Covers::All {
                break;
            }
        }
        let begins = |given: &super::Given| {
            given.path.len() > best.depth
                && path.len() > best.depth
                && path.iter().zip(&given.path).all(|(segment, own)| *segment == Segment::Key(own.clone()))
        };
        match self.document.given.iter().rposition(begins) {
            Some(index) => Owner { source: SourceOf::Given(index), depth: path.len() },
            None => best,
        }
    }

    fn place(&self, source: usize, span: Range<usize>) -> Option<Place> {
        let text = match self.document.layers.get(source) {
            Some(layer) => layer.written.as_str(),
            None => self.document.given.get(source - self.document.layers.len())?.typed.as_str(),
        };
        let (start, end) = (floor(text, span.start), floor(text, span.end));
        let starts = self
            .lines
            .get(source)?
            .get_or_init(|| std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect());
        let line = starts.partition_point(|line| *line <= start);
        let column = text.get(starts[line - 1]..start)?.chars().count() + 1;
        Some(Place { source, span: start..end.max(start), line, column })
    }
}

/// Whether a layer leaves room for what lies below it.
#[derive(PartialEq, Eq)]
enum Covers {
    All,
    Some,
}

/// How much of a path a value has.
fn depth_of(path: &[Segment], mut value: &Value) -> (usize, Covers) {
    for (depth, segment) in path.iter().enumerate() {
        let next = match (segment, value) {
            (Segment::Key(key), Value::Object(map)) => match map.get(key) {
                Some(next) => Some(next),
                None if key == "_type" => map.get("type"),
                None => None,
            },
            (Segment::Index(at), Value::Array(items)) => items.get(*at),
            _ => return (depth, Covers::All),
        };
        match next {
            Some(next) => value = next,
            None => return (depth, if value.is_object() { Covers::Some } else { Covers::All }),
        }
    }
    (path.len(), Covers::All)
}

fn with_plain_tag(path: &[Segment]) -> Option<Vec<Segment>> {
    let tag = Segment::Key("_type".to_owned());
    let at = path.iter().position(|segment| *segment == tag)?;
    let mut path = path.to_vec();
    path[at] = Segment::Key("type".to_owned());
    Some(path)
}

/// What to point at: the value, but the key of one that stretches over lines or is empty.
fn shown(spot: Spot<'_>, aim: Aim) -> Range<usize> {
    match (aim, spot.key) {
        (Aim::Key | Aim::Repeated(_) | Aim::OddKey, Some(key)) => key.span.clone(),
        (Aim::Value, Some(key)) if spot.value.is_block() || spot.value.span.is_empty() => key.span.clone(),
        _ => spot.value.span.clone(),
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
