use super::*;
use crate::diagnostic::{Mend, Origin, Place, Source};

const PATH: &str = "file.yml";

/// One mistake of a made-up check: each word that is wrong, and what it should be.
type Rule = (&'static str, &'static str, Applicability);

fn files(text: &str) -> EditedFiles {
    let files = EditedFiles::default();
    files.add(Path::new(PATH), text);
    files
}

fn text(files: &EditedFiles) -> String {
    files.text(Path::new(PATH)).expect("it was read")
}

/// Every word that a rule names is a mistake; a text with `unreadable` in it cannot be read.
fn check(files: &EditedFiles, rules: &[Rule]) -> Checked {
    let text = text(files);
    let source = Source { name: PATH.to_owned(), path: Some(PATH.into()), text: text.clone() };
    let mut report = Report { sources: vec![source], diagnostics: Vec::new() };
    for (wrong, right, applicability) in rules {
        for (at, _) in text.match_indices(wrong) {
            let span = at..at + wrong.len();
            let place = Some(Place { source: 0, span: span.clone(), line: 1, column: 1 });
            let replacement =
                Some(Replacement { source: 0, span, text: (*right).to_owned(), applicability: *applicability });
            report.diagnostics.push(Diagnostic {
                severity: if wrong.starts_with("warn") { Severity::Warning } else { Severity::Error },
                section: format!("section{at}"),
                path: Vec::new(),
                message: format!("`{wrong}` is wrong"),
                expected: None,
                mend: Some(Mend { text: format!("write {right}"), replacement }),
                place,
                origin: Origin::File,
                related: Vec::new(),
            });
        }
    }
    Checked { report, is_readable: !text.contains("unreadable") }
}

fn fixed(text_before: &str, rules: &[Rule]) -> (String, Fixed) {
    let mut files = files(text_before);
    let fixed = fix(&mut files, |files| Ok::<_, ()>(check(files, rules))).expect("the check does not fail");
    (text(&files), fixed)
}

#[test]
fn what_a_change_brings_to_light_is_fixed_as_well() {
    use Applicability::Automatic;
    let (text, fixed) = fixed("one twq", &[("one", "first", Automatic), ("twq", "two", Automatic)]);
    assert_eq!(text, "first two");
    assert_eq!(fixed.applied.len(), 2);
    assert!(fixed.is_complete);
    assert_eq!((fixed.applied[0].line, fixed.applied[0].column, &*fixed.applied[0].help), (1, 1, "write first"));
}

#[test]
fn changes_that_remove_are_left_alone() {
    let (text, fixed) = fixed("keep this", &[("keep", "", Applicability::Removes)]);
    assert_eq!(text, "keep this");
    assert!(fixed.applied.is_empty() && fixed.is_complete);
}

#[test]
fn changes_that_overlap_are_made_one_after_the_other() {
    use Applicability::Automatic;
    let (text, fixed) = fixed("abcd", &[("ab", "xb", Automatic), ("bc", "y", Automatic)]);
    assert_eq!(text, "xyd");
    assert_eq!(fixed.applied.len(), 2);
}

#[test]
fn one_mistake_is_not_exchanged_for_another_in_its_place() {
    use Applicability::{Automatic, Removes};
    let (text, fixed) = fixed("a1 a2", &[("a1", "b1", Automatic), ("b1", "", Removes), ("a2", "b2", Automatic)]);
    assert_eq!(text, "a1 b2");
    assert!(fixed.is_complete);
}

#[test]
fn a_change_that_makes_the_text_unreadable_is_taken_back_and_the_others_are_made() {
    use Applicability::Automatic;
    let rules = [("a1", "b1", Automatic), ("a2", "unreadable", Automatic), ("a3", "b3", Automatic)];
    let (text, fixed) = fixed("a1 a2 a3", &rules);
    assert_eq!(text, "b1 a2 b3");
    assert!(fixed.is_complete);
}

#[test]
fn a_warning_is_not_exchanged_for_errors() {
    use Applicability::Automatic;
    let (text, _) = fixed("warn1 warn2", &[("warn1", "error", Automatic), ("error", "error!", Automatic)]);
    assert_eq!(text, "warn1 warn2");
}

#[test]
fn the_number_of_passes_is_bounded() {
    let mut files = files(&"x".repeat(MOST_PASSES + 10));
    let one_at_a_time = |files: &EditedFiles| {
        let mut checked = check(files, &[("x", "-", Applicability::Automatic)]);
        checked.report.diagnostics.truncate(1);
        Ok::<_, ()>(checked)
    };
    let fixed = fix(&mut files, one_at_a_time).expect("the check does not fail");
    assert_eq!((fixed.is_complete, fixed.applied.len()), (false, MOST_PASSES));
    assert!(fix(&mut files, one_at_a_time).expect("the check does not fail").is_complete);
    assert_eq!(text(&files), "-".repeat(MOST_PASSES + 10));
}

#[test]
fn a_failed_check_leaves_the_texts_of_the_pass_before() {
    let mut files = files("one two");
    let rules = [("one", "1", Applicability::Automatic)];
    let mut passes = 0;
    let failed = fix(&mut files, |files| {
        passes += 1;
        if passes > 1 { Err("no") } else { Ok(check(files, &rules)) }
    });
    assert_eq!(failed.err(), Some("no"));
    assert_eq!(text(&files), "one two");
}
