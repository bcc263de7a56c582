use expect_test::{Expect, expect};
use nat_config::diagnostic::{
    Applicability, Diagnostic, Mend, Origin, Place, Related, Replacement, Report, Severity, Source,
};

use super::*;

const FILE: &str = "\
functions:
  notepad:
    _type: per_user_notepad
    max_notes: many
  relay: {_type: relay, target: notepad}
workflow:
  _type: greter
";

/// A diagnostic that points at the `which`-th `word` of the file.
fn pointing(word: &str, message: &str) -> Diagnostic {
    let place = place(word);
    Diagnostic {
        severity: Severity::Error,
        section: "functions".to_owned(),
        path: Vec::new(),
        message: message.to_owned(),
        expected: None,
        mend: None,
        place: Some(place),
        origin: Origin::File,
        related: Vec::new(),
    }
}

fn place(word: &str) -> Place {
    let start = FILE.find(word).expect("the word is in the file");
    let line = FILE[..start].matches('\n').count() + 1;
    Place { source: 0, span: start..start + word.len(), line, column: 1 }
}

fn report(diagnostics: Vec<Diagnostic>) -> Report {
    let source = Source { name: "flow.yml".to_owned(), path: None, text: FILE.to_owned() };
    Report { sources: vec![source], diagnostics }
}

fn check(diagnostic: Diagnostic, expected: &Expect) {
    expected.assert_eq(&text(&report(vec![diagnostic]), Colour::Unwanted, 100));
}

#[test]
fn a_caret_stands_under_the_word_with_what_was_expected() {
    let one = pointing("many", "Input should be a valid integer");
    check(
        Diagnostic { expected: Some("a whole number".to_owned()), ..one },
        &expect![[r#"
        error: functions: Input should be a valid integer
         --> flow.yml:4:16
          |
        4 |     max_notes: many
          |                ^^^^ expected a whole number

    "#]],
    );
}

#[test]
fn a_mend_shows_the_line_as_it_would_be() {
    let span = place("greter").span;
    let replacement =
        Some(Replacement { source: 0, span, text: "greeter".to_owned(), applicability: Applicability::Automatic });
    let mend = Some(Mend { text: "did you mean `greeter`?".to_owned(), replacement });
    check(
        Diagnostic { mend, ..pointing("greter", "there is no type `greter`") },
        &expect![[r#"
        error: functions: there is no type `greter`
         --> flow.yml:7:10
          |
        7 |   _type: greter
          |          ^^^^^^
          |
        help: did you mean `greeter`?
          |
        7 |   _type: greeter
          |             +

    "#]],
    );
}

#[test]
fn a_mend_in_words_is_a_help_line() {
    let mend = Some(Mend { text: "register `relay` with #[register_per_user_function]".to_owned(), replacement: None });
    let related = vec![Related { place: place("per_user_notepad"), label: "this type is per user".to_owned() }];
    let one = pointing("notepad}", "Function `relay` depends on per-user function `notepad`");
    check(
        Diagnostic { mend, related, ..one },
        &expect![[r#"
        error: functions: Function `relay` depends on per-user function `notepad`
         --> flow.yml:5:33
          |
        3 |     _type: per_user_notepad
          |            ---------------- this type is per user
        4 |     max_notes: many
        5 |   relay: {_type: relay, target: notepad}
          |                                 ^^^^^^^^
          |
          = help: register `relay` with #[register_per_user_function]

    "#]],
    );
}

#[test]
fn without_a_place_the_file_and_the_origin_are_named() {
    let one = pointing("many", "Input should be less than or equal to 65535");
    let origin = Origin::CommandLine("--port".to_owned());
    let expected = Some("a port".to_owned());
    check(
        Diagnostic { place: None, origin, expected, severity: Severity::Warning, ..one },
        &expect![[r#"
        warning: functions: Input should be less than or equal to 65535
        --> flow.yml
         = note: expected a port
         = note: the value comes from the option --port

    "#]],
    );
}

#[test]
fn nothing_of_a_file_moves_the_cursor() {
    let mut report = report(vec![Diagnostic {
        expected: Some("\u{1b}[2Jnothing".to_owned()),
        mend: Some(Mend { text: "\u{1b}[31mred".to_owned(), replacement: None }),
        ..pointing("many", "\u{1b}]0;title\u{7}")
    }]);
    report.sources[0].text = FILE.replace("many", "\u{1b}[2J");
    assert!(!text(&report, Colour::Unwanted, 100).contains('\u{1b}'));
}

#[test]
fn many_mistakes_are_counted() {
    let all = (0..MOST + 5).map(|_| pointing("many", "no")).collect();
    assert!(text(&report(all), Colour::Unwanted, 100).ends_with("… and 5 more\n\n"));
}

#[test]
fn long_lines_are_cut_around_a_change() {
    let line = format!("functions: {{{} z: {{_type: ecko}} {}}}", "a: 1, ".repeat(2000), "b: 1, ".repeat(2000));
    let start = line.find("ecko").expect("it is there");
    let place = Place { source: 0, span: start..start + 4, line: 1, column: start + 1 };
    let replacement = Some(Replacement {
        source: 0,
        span: place.span.clone(),
        text: "echo".to_owned(),
        applicability: Applicability::Automatic,
    });
    let mend = Some(Mend { text: "did you mean `echo`?".to_owned(), replacement });
    let one = Diagnostic { mend, place: Some(place), ..pointing("many", "no such type") };
    let source = Source { name: "flow.yml".to_owned(), path: None, text: line };
    let drawn = text(&Report { sources: vec![source], diagnostics: vec![one] }, Colour::Unwanted, 100);
    assert!(drawn.contains("-") && drawn.contains("{_type: echo}"), "{drawn}");
    assert!(drawn.len() < 2000, "{} bytes", drawn.len());
}

/// A list of names may come cut short, and is cut again: all that is left out is counted.
#[test]
fn what_is_cut_twice_is_counted_once() {
    let names: Vec<String> = (0..20).map(|number| format!("`a_name_of_some_length_{number}`")).collect();
    let listed = format!("expected one of {} and 26 more", names.join(", "));
    let shown = shortened(&listed);
    let left = shown.matches('`').count() / 2;
    assert!(shown.ends_with(&format!(" and {} more", 20 - left + 26)), "{shown}");
    let whole = format!("expected one of {} and `last`", names.join(", "));
    let shown = shortened(&whole);
    assert!(shown.ends_with(&format!(" and {} more", 21 - shown.matches('`').count() / 2)), "{shown}");
}
