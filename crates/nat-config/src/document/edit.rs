//! From a change by path to a change of the text.

use std::ops::Range;

use super::layout::{self, Entry};
use super::locate::Locator;
use crate::diagnostic::{Applicability, Replacement};
use crate::error::Edit;
use crate::marked::{Form, Layout, Node, Spot, Tree};
use nat_schema::Segment;

/// The change of the text that makes the edit; nothing if it would touch what a variable gave, or what is in
/// no file.
pub(super) fn replacement(locator: &Locator<'_>, edit: &Edit, layer: Option<usize>) -> Option<Replacement> {
    let (index, span, text) = match edit {
        Edit::Rename(path, name) => {
            let (index, _, spot) = locator.spot(path, layer)?;
            let text = source(locator, index)?;
            let key = spot.key?;
            let written = text.get(key.span.clone())?;
            let new = match written.contains('\u{a0}') {
                // What looks like an indentation stays one.
                true => written.replace('\u{a0}', " "),
                false => layout::scalar(name, written),
            };
            (index, key.span.clone(), new)
        }
        Edit::Replace(path, new) => {
            let (index, _, spot) = locator.spot(path, layer)?;
            let (span, text) = replaced(source(locator, index)?, spot, new)?;
            (index, span, text)
        }
        Edit::Write(path, new) => {
            let (index, _, spot) = locator.spot(path, layer)?;
            (index, spot.value.span.clone(), new.clone())
        }
        Edit::Entry(path, new) => {
            let (index, _, spot) = locator.spot(path, layer)?;
            let start = spot.key?.span.start;
            (index, start..spot.value.span.end.max(start), new.clone())
        }
        Edit::Quote(path) => {
            let (index, _, spot) = locator.spot(path, layer)?;
            let Form::Plain(_) = spot.value.form else { return None };
            let written = source(locator, index)?.get(spot.value.span.clone())?;
            (index, spot.value.span.clone(), layout::quoted(written))
        }
        Edit::Enlist(path) => {
            let (index, _, spot) = locator.spot(path, layer)?;
            let written = source(locator, index)?.get(spot.value.span.clone())?;
            let is_scalar = matches!(spot.value.form, Form::Plain(_) | Form::Quoted(_));
            let simple = is_scalar && !written.contains('\n') && !written.contains(',');
            (index, spot.value.span.clone(), simple.then(|| format!("[{written}]"))?)
        }
        Edit::Remove(path) => {
            let (index, tree, spot) = locator.spot(path, layer)?;
            (index, removed(source(locator, index)?, tree, spot)?, String::new())
        }
        Edit::RemoveRepeated(path, times) => {
            let index = layer?;
            let (tree, spot) = locator.repeated(index, path, *times)?;
            (index, removed(source(locator, index)?, tree, spot)?, String::new())
        }
        Edit::Text(span, text) => (layer?, span.clone(), text.clone()),
        Edit::Append(path, new) => appended(locator, path, new, layer)?,
    };
    let layer = locator.layer(index)?;
    let applicability = applicability(locator, edit, index, &span, &text);
    let written = layer.expanded.written(span);
    let text = match layer.written.find('\n') {
        Some(at) if layer.written[..at].ends_with('\r') => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        _ => text,
    };
    match written.variable {
        Some(_) => None,
        None => Some(Replacement { source: index, span: written.span, text, applicability }),
    }
}

/// Whether a change takes away what stands in the file: an entry, a whole collection, or more than one line of text.
fn applicability(locator: &Locator<'_>, edit: &Edit, layer: usize, span: &Range<usize>, new: &str) -> Applicability {
    let replaced = || source(locator, layer).and_then(|text| text.get(span.clone())).unwrap_or_default().trim();
    let is_collection = |path: &[Segment]| {
        let spot = locator.spot(path, Some(layer));
        spot.is_some_and(|(_, tree, spot)| match tree.followed(spot.value).map(|node| &node.form) {
            Some(Form::Map { entries, .. }) => !entries.is_empty(),
            Some(Form::List { items, .. }) => !items.is_empty(),
            Some(_) => false,
            None => true,
        })
    };
    let removes = match edit {
        Edit::Remove(_) | Edit::RemoveRepeated(..) => true,
        Edit::Text(..) => new.trim().is_empty() && !replaced().is_empty(),
        Edit::Replace(path, _) | Edit::Write(path, _) | Edit::Entry(path, _) => {
            replaced().contains('\n') || is_collection(path)
        }
        Edit::Rename(..) | Edit::Quote(_) | Edit::Enlist(_) | Edit::Append(..) => false,
    };
    if removes { Applicability::Removes } else { Applicability::Automatic }
}

fn source<'d>(locator: &Locator<'d>, layer: usize) -> Option<&'d str> {
    Some(locator.layer(layer)?.expanded.text.as_str())
}

fn replaced(text: &str, spot: Spot<'_>, new: &str) -> Option<(Range<usize>, String)> {
    let value = spot.value;
    if matches!(value.form, Form::Alias(_)) {
        return Some((value.span.clone(), new.to_owned()));
    }
    if value.is_block() || value.span.is_empty() {
        // It begins behind the colon, since what stands on lines of its own needs an indentation.
        let key = spot.key?;
        let colon = key.span.end + text.get(key.span.end..)?.find(':')? + 1;
        return Some((colon..value.span.end.max(colon), format!(" {new}")));
    }
    let written = text.get(value.span.clone())?;
    let new = match new.starts_with(['[', '{']) {
        true => new.to_owned(),
        false => layout::scalar(new, written),
    };
    Some((value.span.clone(), new))
}

fn removed(text: &str, tree: &Tree, spot: Spot<'_>) -> Option<Range<usize>> {
    let (parent, position) = spot.parent?;
    let entry = |at: usize| match &parent.form {
        Form::Map { entries, .. } => {
            let (key, value) = entries.get(at)?;
            let (key, value) = (tree.node(*key), tree.node(*value));
            Some(Entry { start: key.span.start, end: key.span.end.max(value.span.end) })
        }
        Form::List { items, .. } => {
            let item = tree.node(*items.get(at)?);
            Some(Entry { start: item.span.start, end: item.span.end })
        }
        _ => None,
    };
    let before = position.checked_sub(1).and_then(entry);
    let (own, after) = (entry(position)?, entry(position + 1));
    match layout_of(parent)? {
        Layout::Flow => Some(layout::flow_entry(text, before, own, after)),
        Layout::Block => layout::block_entry(text, own, after),
    }
}

fn layout_of(node: &Node) -> Option<Layout> {
    match &node.form {
        Form::Map { layout, .. } | Form::List { layout, .. } => Some(*layout),
        _ => None,
    }
}

/// One more entry at the end of a list, or the list itself where there is none.
fn appended(
    locator: &Locator<'_>,
    path: &[Segment],
    new: &str,
    layer: Option<usize>,
) -> Option<(usize, Range<usize>, String)> {
    let Some((index, tree, spot)) = locator.spot(path, layer) else {
        let (Segment::Key(key), around) = path.split_last()? else { return None };
        let (index, tree, spot) = locator.spot(around, layer)?;
        let text = source(locator, index)?;
        let Form::Map { entries, layout, .. } = &tree.followed(spot.value)?.form else { return None };
        let (first_key, first_value) = entries.first()?;
        let (first_key, first_value) = (tree.node(*first_key), tree.node(*first_value));
        let at = first_value.span.end.max(first_key.span.end);
        let text = match layout {
            Layout::Flow => format!(", {key}: [{new}]"),
            Layout::Block => format!("\n{}{key}: [{new}]", layout::indentation(text, first_key.span.start)),
        };
        return Some((index, at..at, text));
    };
    let text = source(locator, index)?;
    match &tree.followed(spot.value)?.form {
        Form::List { items, layout } => match items.last().map(|last| tree.node(*last)) {
            None => Some((index, spot.value.span.clone(), format!("[{new}]"))),
            Some(last) => {
                let end = last.span.end;
                let text = match layout {
                    Layout::Flow => format!(", {new}"),
                    Layout::Block => format!("\n{}- {new}", layout::dash_indentation(text, last.span.start)?),
                };
                Some((index, end..end, text))
            }
        },
        Form::Plain(_) => {
            let (span, text) = replaced(text, spot, &format!("[{new}]"))?;
            Some((index, span, text))
        }
        _ => None,
    }
}
