//! Large files, and files that nobody would write: in time, without a panic, and without a secret in the output.
//!
//! `FUZZ_SECONDS=600 cargo test --release -p nat-core mutated -- --nocapture` goes on for as long as that.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nat_config::Document;

use super::Validation;
use crate::testing::parts as registry;
use nat_config::diagnostic::{Place, Report};

const FROM_ENVIRONMENT: &str = "Env1ronment+Marker";
const UNDER_A_KEY: &str = "Un3erAKeyMarker";

fn variable(name: &str) -> Option<String> {
    match name {
        "SECRET" => Some(FROM_ENVIRONMENT.to_owned()),
        "MANY" => Some(format!("[{FROM_ENVIRONMENT}, {{a: {FROM_ENVIRONMENT}}}]")),
        "LINES" => Some(format!("{FROM_ENVIRONMENT}: \"x\ny: {FROM_ENVIRONMENT}\"")),
        _ => None,
    }
}

fn report_of(text: &str) -> Report {
    match Document::parse_with(text, Some(Path::new("/nonexistent/flow.yml")), &variable) {
        Ok(mut document) => {
            let _ = document.override_value("workflow.lab", "5");
            document.set_option("--port", &["general", "front_end", "port"], 70000.into());
            document.set_default(&["general", "front_end", "_type"], "fastapi".into());
            let redacted = document.redacted().to_string();
            assert!(!redacted.contains(FROM_ENVIRONMENT), "{redacted}\n{text}");
            Validation::of(&document, &registry()).report
        }
        Err(report) => report,
    }
}

fn large(components: usize, setting: &str) -> String {
    let mut text = String::from("general: {front_end: {_type: fastapi}}\nfunctions:\n");
    for index in 0..components {
        let needs = if index == 0 { String::new() } else { format!("function_{}", index - 1) };
        writeln!(text, "  function_{index}:\n    _type: user_part\n    {setting}: {index}\n    needs: [{needs}]")
            .unwrap();
    }
    text.push_str("workflow:\n  _type: user_part\n  lab: 0\n  needs: [function_0]\n");
    text
}

fn timed<T>(what: &str, work: impl Fn() -> T) -> (Duration, T) {
    let mut best: Option<(Duration, T)> = None;
    for _ in 0..RUNS {
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        if best.as_ref().is_none_or(|(least, _)| took < *least) {
            best = Some((took, result));
        }
    }
    let best = best.expect("it ran");
    println!("{what}: {:?}", best.0);
    best
}

/// Debug builds are some twenty times slower, and so is a machine that others use too.
const RUNS: usize = if cfg!(debug_assertions) { 1 } else { 5 };
const COMPONENTS: usize = if cfg!(debug_assertions) { 1000 } else { 10_000 };

fn allowed(release: Duration) -> Duration {
    if cfg!(debug_assertions) { release * 60 } else { release }
}

#[test]
fn ten_thousand_components_are_checked_in_a_tenth_of_a_second() {
    let types = registry();
    types.types(crate::ComponentKind::FUNCTION).for_each(|one| drop(one.settings_schema().as_value().clone()));
    let text = large(COMPONENTS, "lab");
    println!("{COMPONENTS} components");
    timed("only read", || Document::parse_with(&text, None, &variable).is_ok());
    let (took, validation) = timed("all right", || {
        Document::parse_with(&text, None, &variable)
            .map(|document| Validation::of(&document, &types))
            .expect("it can be read")
    });
    assert!(validation.config.is_some(), "{}", validation.report);
    assert!(took <= allowed(Duration::from_millis(100)), "{took:?}");
    for (what, text) in [
        ("all with an unknown key and one missing", large(COMPONENTS, "lba")),
        ("all with a wrong name", large(COMPONENTS, "lab").replace("[function_", "[functoin_")),
        ("all of an unknown type", large(COMPONENTS, "lab").replace("user_part", "usr_part")),
        (
            "all in one circle",
            large(COMPONENTS, "lab").replacen("needs: []", &format!("needs: [function_{}]", COMPONENTS - 1), 1),
        ),
    ] {
        let (took, report) = timed(what, || report_of(&text));
        assert!(report.has_errors());
        assert!(took <= allowed(Duration::from_secs(1)), "{what}: {took:?}");
    }
}

const GOOD: [&str; 5] = [
    "general:\n  per_user_workflow_timeout: 30m\n  front_end:\n    _type: fastapi\n    port: ${PORT:-8000}\n    endpoints:\n      - path: /x\n        method: POST\n        description: ${SECRET}\n        function_name: first\nfunctions:\n  first: {_type: user_part, lab: 7}\nworkflow:\n  _type: user_part\n  lab: 7\n  needs: [first]\n  api_key: Un3erAKeyMarker\n",
    "functions:\n  one: &one\n    _type: shared_part\n    lab: 7\n  two:\n    <<: *one\n    needs: [one, \"${SECRET}\"]\nfunction_groups:\n  things:\n    _type: shared_group\n    include: [push, items]\nworkflow: {_type: shared_part, lab: '7', asks: [\"${SECRET}\"], group: things}\n",
    "{\"general\": {\"max_users\": 5, \"telemetry\": {\"logging\": {\"a\": {\"_type\": \"file\", \"path\": \"${SECRET}\"}}}}, \"workflow\": {\"_type\": \"shared_part\", \"lab\": 7, \"needs\": ${MANY}}}",
    "# a comment\nworkflow:\n  _type: user_part\n  lab: 7\n  asks:\n    - |\n      long\n      text ${SECRET}\n    - >-\n      folded\n    - 'it''s \u{e9}'\n    - \"\\u00e9 ${SECRET}\"\n  text: file://prompt.txt\n  password: Un3erAKeyMarker\n",
    "${LINES}\nworkflow: {_type: \"${SECRET}\", lab: ${SECRET}}\nllms: {nim: {api_key: \"Un3erAKeyMarker\", model: x}}\n",
];
const BITS: [&str; 40] = [
    ":",
    ": ",
    "- ",
    "\n",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *one",
    "|",
    ">-",
    "#",
    "!x ",
    "---\n",
    "${SECRET}",
    "${MANY}",
    "${GONE:-x}",
    "${GONE:?set}",
    "null",
    "~",
    "99999999999999999999",
    ".nan",
    "\u{e9}",
    "\u{1F600}",
    "\\",
    "base: x\n",
    "api_key: Un3erAKeyMarker",
    "first",
    "_type",
    "type",
    "needs",
    "\r\n",
    "\u{feff}",
];

/// The same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).expect("a small number")
    }

    fn boundary(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

fn mutated(dice: &mut Dice) -> String {
    let mut text = GOOD[dice.below(GOOD.len())].to_owned();
    for _ in 0..=dice.below(4) {
        let (one, other) = (dice.boundary(&text), dice.boundary(&text));
        let (start, end) = (one.min(other), one.max(other));
        match dice.below(7) {
            0 => text.insert_str(start, BITS[dice.below(BITS.len())]),
            1 => {
                let near = text[start..].char_indices().nth(1 + dice.below(3)).map_or(text.len(), |(at, _)| start + at);
                text.replace_range(start..near, "");
            }
            2 => {
                let near = text[start..].char_indices().nth(1).map_or(text.len(), |(at, _)| start + at);
                text.replace_range(start..near, BITS[dice.below(BITS.len())]);
            }
            3 => {
                let copy = text[start..end].to_owned();
                text.insert_str(end, &copy);
            }
            4 => text.replace_range(start..end, ""),
            5 if !text.is_empty() => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
                lines.swap(from, to);
                text = lines.concat();
            }
            _ => {
                let other = GOOD[dice.below(GOOD.len())];
                let at = dice.boundary(other);
                text.push_str(&other[at..]);
            }
        }
    }
    text
}

fn is_right(report: &Report, place: &Place) {
    let text = &report.sources[place.source].text;
    assert!(text.get(place.span.clone()).is_some(), "{place:?}");
    let line = text[..place.span.start].matches('\n').count() + 1;
    assert_eq!(line, place.line);
}

#[test]
fn mutated_files_never_panic_hang_or_tell() {
    let wanted = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (time, most) = match wanted {
        Some(seconds) => (Duration::from_secs(seconds), u64::MAX),
        None => (Duration::from_secs(4), 1000),
    };
    let (started, mut cases) = (Instant::now(), 0);
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut diagnostics, mut placed, mut changes) = (0, 0, 0);
    while cases < most && started.elapsed() < time {
        cases += 1;
        let text = mutated(&mut dice);
        let begun = Instant::now();
        let report = report_of(&text);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}\n{text}", begun.elapsed());
        let said = format!("{report:?}\n{report}\n{}", report.headline());
        assert!(!said.contains(FROM_ENVIRONMENT), "{text}\n{said}");
        let is_kept = |key: &str| text.split(UNDER_A_KEY).count() == text.split(&format!("{key}{UNDER_A_KEY}")).count();
        if ["\n  api_key: ", "\n  password: ", "{api_key: \""].iter().any(|key| is_kept(key)) {
            assert!(!said.contains(UNDER_A_KEY), "{text}\n{said}");
        }
        for one in &report.diagnostics {
            diagnostics += 1;
            one.place
                .iter()
                .chain(one.related.iter().map(|related| &related.place))
                .for_each(|place| is_right(&report, place));
            placed += usize::from(one.place.is_some());
            if let Some(replacement) = one.mend.as_ref().and_then(|mend| mend.replacement.as_ref()) {
                changes += 1;
                let source = &report.sources[replacement.source].text;
                assert!(source.get(replacement.span.clone()).is_some(), "{replacement:?}\n{text}");
            }
        }
    }
    println!("{cases} files: {diagnostics} diagnostics, {placed} with a place, {changes} with a change");
}
