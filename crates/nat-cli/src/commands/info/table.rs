//! A table that fits the terminal: the last column is wrapped.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Row;

const HEADINGS: [&str; 5] = ["package", "version", "component_type", "component_name", "description"];
const GAP: usize = 2;
/// Less than this for the description is no column.
const LEAST: usize = 24;

/// The rows under their headings, with no line longer than `width` where that is possible.
pub(super) fn table(rows: &[Row], width: usize) -> String {
    let cells: Vec<[&str; 5]> = rows.iter().map(Row::cells).collect();
    let mut widths = HEADINGS.map(UnicodeWidthStr::width);
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let before: usize = widths[..4].iter().map(|width| width + GAP).sum();
    widths[4] = widths[4].min(width.saturating_sub(before).max(LEAST));
    let mut text = String::new();
    line(&mut text, &HEADINGS, &widths);
    let rules = widths.map(|width| "─".repeat(width));
    line(&mut text, &rules.each_ref().map(String::as_str), &widths);
    for row in &cells {
        let described = wrapped(row[4], widths[4]);
        let first = described.first().map_or("", String::as_str);
        line(&mut text, &[row[0], row[1], row[2], row[3], first], &widths);
        for further in described.iter().skip(1) {
            line(&mut text, &["", "", "", "", further], &widths);
        }
    }
    text
}

fn line(text: &mut String, cells: &[&str; 5], widths: &[usize; 5]) {
    let mut written = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        written.push_str(cell);
        written.push_str(&" ".repeat((width + GAP).saturating_sub(cell.width())));
    }
    text.push_str(written.trim_end());
    text.push('\n');
}

/// Broken between words, and within a word that is longer than a line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        if used > 0 && used + 1 + word.width() > width {
            lines.push(String::new());
            used = 0;
        }
        let gap = usize::from(used > 0);
        for letter in std::iter::repeat_n(' ', gap).chain(word.chars()) {
            let letter_width = letter.width().unwrap_or(0);
            if used + letter_width > width {
                lines.push(String::new());
                used = 0;
            }
            used += letter_width;
            if let Some(line) = lines.last_mut() {
                line.push(letter);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn descriptions_are_wrapped_under_their_heading() {
        let row = |name: &str, description: &str| Row::own("function", name, description);
        let rows = [row("per_user_notepad", "A notepad with notes of its own for each user."), row("メモ", "x")];
        expect![[r#"
            package  version  component_type  component_name    description
            ───────  ───────  ──────────────  ────────────────  ────────────────────────────
            nat      0.1.0    function        per_user_notepad  A notepad with notes of its
                                                                own for each user.
            nat      0.1.0    function        メモ              x
        "#]]
        .assert_eq(&table(&rows, 80));
    }

    #[test]
    fn a_long_word_is_broken() {
        assert_eq!(wrapped("a bcdefg", 3), ["a", "bcd", "efg"]);
        assert_eq!(wrapped("", 3), [""]);
    }
}
