//! The difference between two texts, as `diff -u` shows it, without secrets.

use std::fmt::Write as _;
use std::ops::Range;

use super::EditedFile;
use crate::document::{masked_text, secret_spans};
use crate::secrets::Secrets;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// Lines that may differ before the texts are shown as one change: the search takes the square of it.
const MOST_DIFFERENCES: usize = 1000;

/// A stretch of lines that was replaced by another one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Change {
    old: Range<usize>,
    new: Range<usize>,
}

/// The changes of a file. Lines are compared as they are, and shown with stars over what looks secret in either text:
/// a key may be recognised as a secret's only once it is spelled right.
pub(super) fn unified(file: &EditedFile) -> String {
    let mut secrets = Secrets::default();
    for text in [&file.original, &file.text] {
        for span in secret_spans(text) {
            let covered = text.get(span).unwrap_or_default();
            covered.lines().map(str::trim).filter(|part| part.len() > 3).for_each(|part| secrets.add(part, "***"));
            let inside = covered.trim().trim_matches(['"', '\'']);
            if inside.len() > 3 {
                secrets.add(inside, "***");
            }
        }
    }
    let (old, new) = (lines(&file.original), lines(&file.text));
    let (old_masked, new_masked) = (masked_text(&file.original), masked_text(&file.text));
    let (old_shown, new_shown) = (lines(&old_masked), lines(&new_masked));
    let name = printable(&file.path.display().to_string());
    let mut output = format!("--- {name}\n+++ {name}\n");
    let put = |output: &mut String, sign: char, line: Option<&&str>| {
        let line = line.copied().unwrap_or_default();
        let written = line.strip_suffix('\n').unwrap_or(line);
        let written = written.strip_suffix('\r').unwrap_or(written);
        let _ = writeln!(output, "{sign}{}", printable(&secrets.cleared(written)));
        if !line.ends_with('\n') {
            output.push_str("\\ No newline at end of file\n");
        }
    };
    for hunk in hunks(&changes(&old, &new)) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let before = first.old.start.min(CONTEXT);
        let after = (old.len() - last.old.end).min(CONTEXT);
        let old_range = first.old.start - before..last.old.end + after;
        let new_range = first.new.start - before..last.new.end + after;
        let _ = writeln!(output, "@@ -{} +{} @@", position(&old_range), position(&new_range));
        let mut at = old_range.start;
        for change in hunk {
            (at..change.old.start).for_each(|line| put(&mut output, ' ', old_shown.get(line)));
            change.old.clone().for_each(|line| put(&mut output, '-', old_shown.get(line)));
            change.new.clone().for_each(|line| put(&mut output, '+', new_shown.get(line)));
            at = change.old.end;
        }
        (at..old_range.end).for_each(|line| put(&mut output, ' ', old_shown.get(line)));
    }
    output
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// `FIRST,COUNT`, counted from 1; of no lines, the one before.
fn position(range: &Range<usize>) -> String {
    let first = if range.is_empty() { range.start } else { range.start + 1 };
    format!("{first},{}", range.len())
}

fn printable(text: &str) -> String {
    let shown = |letter: char| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter };
    text.chars().map(shown).collect()
}

/// Changes whose context would touch, together.
fn hunks(changes: &[Change]) -> Vec<&[Change]> {
    changes.chunk_by(|one, next| next.old.start - one.old.end <= 2 * CONTEXT).collect()
}

/// The fewest changes that make one text into the other, found as Myers describes it ("An O(ND) Difference Algorithm
/// and Its Variations"); of texts that differ widely, one change for all.
fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let start = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let rest = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = rest.take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let whole = || vec![Change { old: 0..old.len(), new: 0..new.len() }];
    let mut found = match steps(old, new) {
        _ if old.is_empty() && new.is_empty() => return Vec::new(),
        Some(steps) => steps,
        None => whole(),
    };
    for change in &mut found {
        change.old = change.old.start + start..change.old.end + start;
        change.new = change.new.start + start..change.new.end + start;
    }
    found
}

/// The shortest path through the grid of both texts; nothing if it is longer than the search may be.
fn steps(old: &[&str], new: &[&str]) -> Option<Vec<Change>> {
    let (width, height) = (isize::try_from(old.len()).ok()?, isize::try_from(new.len()).ok()?);
    // The furthest line of the old text on each diagonal, for each number of differences: diagonal `k` of `depth`
    // is at `k + depth`.
    let mut rounds: Vec<Vec<isize>> = Vec::new();
    let furthest = |rounds: &[Vec<isize>], depth: isize, diagonal: isize| -> Option<isize> {
        let round = rounds.get(usize::try_from(depth).ok()?)?;
        round.get(usize::try_from(diagonal + depth).ok()?).copied()
    };
    // Whether a step on a diagonal inserts a line of the new text, and the line of the old text at which it begins.
    let step = |rounds: &[Vec<isize>], depth: isize, diagonal: isize| -> (bool, isize) {
        if depth == 0 {
            return (false, 0);
        }
        let above = furthest(rounds, depth - 1, diagonal + 1);
        let left = furthest(rounds, depth - 1, diagonal - 1);
        match (above, left) {
            (Some(above), Some(left)) if above > left => (true, above),
            (Some(above), None) => (true, above),
            (_, left) => (false, left.map_or(0, |left| left + 1)),
        }
    };
    let mut depth = 0;
    let (mut x, mut y) = 'search: loop {
        if usize::try_from(depth).ok()? > MOST_DIFFERENCES {
            return None;
        }
        let mut round = Vec::new();
        for diagonal in -depth..=depth {
            // Every second diagonal cannot be reached with so many steps.
            if (diagonal + depth) % 2 != 0 {
                round.push(isize::MIN / 2);
                continue;
            }
            let (_, mut x) = step(&rounds, depth, diagonal);
            let mut y = x - diagonal;
            let same = |x: isize, y: isize| match (usize::try_from(x), usize::try_from(y)) {
                (Ok(x), Ok(y)) => old.get(x).is_some_and(|line| new.get(y) == Some(line)),
                _ => false,
            };
            while same(x, y) {
                (x, y) = (x + 1, y + 1);
            }
            round.push(x);
            if x >= width && y >= height {
                rounds.push(round);
                break 'search (width, height);
            }
        }
        rounds.push(round);
        depth += 1;
    };
    let mut found: Vec<Change> = Vec::new();
    while depth > 0 {
        let (inserts, began) = step(&rounds, depth, x - y);
        let diagonal = x - y;
        let (before_x, before_y) = if inserts { (began, began - diagonal - 1) } else { (began - 1, began - diagonal) };
        let old = usize::try_from(before_x).ok()?..usize::try_from(before_x).ok()? + usize::from(!inserts);
        let new = usize::try_from(before_y).ok()?..usize::try_from(before_y).ok()? + usize::from(inserts);
        match found.last_mut().filter(|next| next.old.start == old.end && next.new.start == new.end) {
            Some(next) => (next.old.start, next.new.start) = (old.start, new.start),
            None => found.push(Change { old, new }),
        }
        (x, y, depth) = (before_x, before_y, depth - 1);
    }
    found.reverse();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(original: &str, text: &str) -> String {
        let (original, text) = (original.to_owned(), text.to_owned());
        unified(&EditedFile { path: "file.yml".into(), original, text })
    }

    #[test]
    fn a_diff_is_minimal_and_numbered_as_diff_numbers_it() {
        let old: String = (1..=20).map(|line| format!("line {line}\n")).collect();
        let new = old.replace("line 3\n", "line three\n").replace("line 19\n", "line 19\nline 19b\n");
        let expected = "\
--- file.yml
+++ file.yml
@@ -1,6 +1,6 @@
 line 1
 line 2
-line 3
+line three
 line 4
 line 5
 line 6
@@ -17,4 +17,5 @@
 line 17
 line 18
 line 19
+line 19b
 line 20
";
        assert_eq!(shown(&old, &new), expected);
    }

    #[test]
    fn every_pair_of_short_texts_differs_by_its_changes() {
        let texts: Vec<String> = (0..3_u32.pow(5))
            .map(|number| (0..5).map(|digit| ["", "a\n", "b\n"][(number / 3_u32.pow(digit) % 3) as usize]).collect())
            .collect();
        for one in texts.iter().step_by(3) {
            for other in texts.iter().step_by(7) {
                let (old, new) = (lines(one), lines(other));
                let (mut made, mut at) = (Vec::new(), 0);
                for change in changes(&old, &new) {
                    made.extend_from_slice(&old[at..change.old.start]);
                    assert_eq!(made.len(), change.new.start, "{one:?} {other:?}");
                    made.extend_from_slice(&new[change.new.clone()]);
                    at = change.old.end;
                }
                made.extend_from_slice(&old[at..]);
                assert_eq!(made, new, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn texts_that_differ_widely_are_one_change() {
        let old: String = (0..3000).map(|line| format!("old {line}\n")).collect();
        let new: String = (0..3000).map(|line| format!("new {line}\n")).collect();
        assert_eq!(changes(&lines(&old), &lines(&new)), [Change { old: 0..3000, new: 0..3000 }]);
    }

    #[test]
    fn ends_of_lines_and_of_the_file_are_told_apart() {
        assert_eq!(
            shown("a: 1\r\nb: 2", "a: 3\r\nb: 2"),
            "--- file.yml\n+++ file.yml\n@@ -1,2 +1,2 @@\n-a: 1\n+a: 3\n b: 2\n\\ No newline at end of file\n"
        );
        assert!(shown("a: \u{1b}[2J\n", "b: \u{1b}[2J\n").contains("-a: \u{fffd}[2J\n"));
    }

    #[test]
    fn a_secret_is_hidden_in_both_texts_once_its_key_is_known() {
        let diff = shown("settings:\n  zpi_kez: hunter2\n  x: 1\n", "settings:\n  api_key: hunter2\n  x: 1\n");
        assert!(!diff.contains("hunter2") && diff.contains("-  zpi_kez: ***"), "{diff}");
    }
}
