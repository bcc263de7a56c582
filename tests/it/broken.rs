//! Files that are broken as people break them, and what `nat validate` says about each.
//!
//! `tests/broken` holds them, written by someone who had not read the checks. What is expected stands in the files:
//!
//! - `# ~ [word] text` at the end of a line: a mistake on this line, with carets under `word` (optional), and `text` somewhere in
//!   what is said about it. `~& text` adds a further text for it, a further `~` a further mistake on the line.
//! - `# ~? text` on several lines: one mistake, on any of them.
//! - `# args: …`, `# env: NAME=text`, `# also: FILE`: further arguments, a variable, a base whose marks count as well.
//! - `NAME.expect`, where a comment would change the file: lines of `LINE|LINE… marks` or `FILE:LINE marks`, where
//!   `command-line` is a file too.
//!
//! Nothing may be reported that is not marked, and `hunter2` is a secret.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::expect_file;
use serde_json::Value;

use crate::kit::binary;

mod fix;

const SECRET: &str = "hunter2";

/// Longer lines are no help to anyone.
const WIDEST: usize = 400;

/// Fewer files than this are a step back.
const FILES: usize = 120;

struct Case {
    name: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    expected: Vec<Expected>,
}

/// One mistake as the corpus marks it.
struct Expected {
    file: String,
    /// Any of these.
    lines: Vec<u64>,
    word: Option<String>,
    texts: Vec<String>,
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

struct Outcome {
    json: Ran,
    text: Ran,
    mends: Vec<Mend>,
    /// Whether the file is valid once all mends are applied together.
    whole: bool,
}

/// What became of one machine-applicable mend.
struct Mend {
    message: String,
    removed: bool,
    /// Mistakes that are left in the file.
    left: usize,
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("broken")
}

fn cases() -> Vec<Case> {
    let mut names: Vec<String> = fs::read_dir(corpus())
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .filter(|name| name.ends_with(".yml") || name.ends_with(".json"))
        .collect();
    names.sort();
    names.into_iter().map(Case::read).collect()
}

impl Case {
    fn read(name: String) -> Self {
        let folder = corpus();
        let text = read(&folder.join(&name));
        let mut case = Self { name: name.clone(), arguments: Vec::new(), variables: Vec::new(), expected: Vec::new() };
        case.marks(&name, &text);
        for line in text.lines() {
            if let Some(arguments) = line.strip_prefix("# args: ") {
                case.arguments.extend(arguments.split(' ').map(str::to_owned));
            } else if let Some((variable, value)) = line.strip_prefix("# env: ").and_then(|line| line.split_once('=')) {
                case.variables.push((variable.to_owned(), value.replace("\\n", "\n")));
            } else if let Some(base) = line.strip_prefix("# also: ") {
                case.marks(base, &read(&folder.join(base)));
            }
        }
        let beside = folder.join(format!("{name}.expect"));
        if beside.exists() {
            for line in read(&beside).lines() {
                let (place, marks) = line.split_once(' ').expect("a place and marks");
                let (file, lines) = place.split_once(':').unwrap_or((&name, place));
                let file = if file == "command-line" { "command line" } else { file };
                let lines: Vec<u64> = lines.split('|').filter_map(|line| line.parse().ok()).collect();
                case.expected.extend(Expected::parse(file, &lines, marks));
            }
        }
        assert!(!case.expected.is_empty(), "{name}: nothing is marked");
        case
    }

    fn marks(&mut self, file: &str, text: &str) {
        let mut any: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        // A lone carriage return ends a line as well.
        for (number, line) in (1..).zip(text.split('\n')) {
            if let Some((_, marks)) = line.split_once("# ~? ") {
                any.entry(marks.trim()).or_default().push(number);
            } else if let Some((_, marks)) = line.split_once("# ~ ") {
                self.expected.extend(Expected::parse(file, &[number], marks));
            }
        }
        for (marks, lines) in any {
            self.expected.extend(Expected::parse(file, &lines, marks));
        }
    }

    fn run(&self, folder: &Path, json: bool) -> Ran {
        let mut command = Command::new(binary());
        command.args(["validate", "--config_file", &self.name]).args(&self.arguments);
        if json {
            command.args(["--format", "json"]);
        }
        command.envs(self.variables.iter().cloned()).env("NO_COLOR", "1").current_dir(folder).stdin(Stdio::null());
        let ended = command.output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*folder.to_string_lossy(), "$CORPUS");
        Ran { code: ended.status.code(), stdout: text(&ended.stdout), stderr: text(&ended.stderr) }
    }

    fn outcome(&self) -> Outcome {
        let folder = corpus();
        let json = self.run(&folder, true);
        let text = self.run(&folder, false);
        let before = errors(&json.stdout);
        let replacements: Vec<&Value> = before.iter().map(|error| &error["help"]["replacement"]).collect();
        let mut mends = Vec::new();
        for (error, replacement) in before.iter().zip(&replacements).filter(|(_, replacement)| !replacement.is_null()) {
            let after = self.mended(&[replacement]);
            // A mended type may bring to light what is wrong below it: then nothing may be left at its own place.
            let here = |others: &[Value]| others.iter().filter(|other| same(other, error)).count();
            let loads = !after.iter().any(|error| text_of(&error["message"]).contains("loading YAML"));
            let removed = loads && (after.len() < before.len() || here(&after) < here(&before));
            let message = format!("{}: {}", text_of(&error["help"]["text"]), text_of(&error["message"]));
            mends.push(Mend { message, removed, left: after.len() });
        }
        let applicable: Vec<&Value> = replacements.into_iter().filter(|replacement| !replacement.is_null()).collect();
        let whole = match &*mends {
            [] => false,
            // What one mend leaves is known already.
            [mend] => mend.removed && before.len() == 1 && mend.left == 0,
            _ => self.mended(&applicable).is_empty(),
        };
        Outcome { json, text, mends, whole }
    }

    /// The mistakes that are left once these have been applied to a copy.
    fn mended(&self, replacements: &[&Value]) -> Vec<Value> {
        let copy = tempfile::tempdir().expect("a folder for the copy");
        fs::create_dir(copy.path().join("parts")).expect("the copy is made");
        for part in fs::read_dir(corpus().join("parts")).expect("the parts are there") {
            let part = part.expect("the copy is made");
            fs::copy(part.path(), copy.path().join("parts").join(part.file_name())).expect("the copy is made");
        }
        fs::copy(corpus().join(&self.name), copy.path().join(&self.name)).expect("the copy is made");
        let mut replacements = replacements.to_vec();
        replacements.sort_by_key(|replacement| (text_of(&replacement["file"]), replacement["start_byte"].as_u64()));
        replacements.dedup();
        for replacement in replacements.iter().rev() {
            let path = copy.path().join(text_of(&replacement["file"]).trim_start_matches("$CORPUS/"));
            let mut bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let at = |key: &str| usize::try_from(replacement[key].as_u64().expect("a byte")).expect("a small file");
            bytes.splice(at("start_byte")..at("end_byte"), text_of(&replacement["text"]).bytes());
            fs::write(&path, bytes).expect("the copy is made");
        }
        let ran = self.run(copy.path(), true);
        if ran.stdout.is_empty() { vec![Value::String(ran.stderr)] } else { errors(&ran.stdout) }
    }

    /// Everything that is wrong with what was said.
    fn problems(&self, outcome: &Outcome) -> Vec<String> {
        let mut problems = Vec::new();
        let Outcome { json, text, .. } = outcome;
        for (ran, kind) in [(json, "json"), (text, "text")] {
            if ran.code != Some(1) {
                problems.push(format!("{kind}: exit code {:?}: {}{}", ran.code, ran.stdout, ran.stderr));
            }
            let said = format!("{}{}", ran.stdout, ran.stderr);
            if said.contains(SECRET) {
                let line = said.lines().find(|line| line.contains(SECRET)).unwrap_or_default();
                problems.push(format!("{kind}: the secret is shown: {}", line.trim()));
            }
            if said.contains("panicked") {
                problems.push(format!("{kind}: panicked: {said}"));
            }
            if let Some(odd) = said.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
                problems.push(format!("{kind}: the control character {odd:?} is printed"));
            }
        }
        let mut left = errors(&json.stdout);
        let mut misplaced = Vec::new();
        for expected in &self.expected {
            // Where a line has several mistakes, the one with the right word comes first.
            let found = left.iter().position(|error| expected.found_in(error) && self.has_word(expected, error));
            match found.or_else(|| left.iter().position(|error| expected.found_in(error))) {
                Some(found) => {
                    let error = left.remove(found);
                    self.look_at(expected, &error, text, &mut problems);
                }
                None => misplaced.push(expected),
            }
        }
        for expected in misplaced {
            problems.push(format!(
                "MISSING {}:{:?} {:?} {:?}",
                expected.file, expected.lines, expected.word, expected.texts
            ));
        }
        for error in left {
            problems.push(format!("UNEXPECTED {}", shown(&error)));
        }
        let wide =
            text.stderr.lines().filter(|line| !line.starts_with("Error: ")).map(|line| line.chars().count()).max();
        if wide > Some(WIDEST) {
            problems.push(format!("text: a line of {} columns", wide.unwrap_or_default()));
        }
        problems
    }

    fn has_word(&self, expected: &Expected, error: &Value) -> bool {
        let Some(word) = &expected.word else { return true };
        let location = &error["location"];
        let (Some(start), Some(end)) = (location["start_byte"].as_u64(), location["end_byte"].as_u64()) else {
            return false;
        };
        let Ok(bytes) = fs::read(corpus().join(text_of(&location["file"]).trim_start_matches("$CORPUS/"))) else {
            return false;
        };
        let at = |byte| usize::try_from(byte).expect("a small file");
        let range = at(start)..at(end);
        bytes.get(range).is_some_and(|bytes| bytes == word.as_bytes())
    }

    fn look_at(&self, expected: &Expected, error: &Value, text: &Ran, problems: &mut Vec<String>) {
        let location = &error["location"];
        let number = |key: &str| location[key].as_u64().unwrap_or_default();
        if number("line") == 0 || number("column") == 0 {
            problems.push(format!("NO POSITION {}", shown(error)));
            return;
        }
        if !self.has_word(expected, error) {
            problems.push(format!(
                "CARET not under {:?}: {} {location}",
                expected.word.as_deref().unwrap_or_default(),
                shown(error)
            ));
        }
        if error["help"].is_null() {
            problems.push(format!("NO HELP {}", shown(error)));
        }
        // The text says the same: its own paragraph, with place, carets and help.
        let place = format!("--> {}:{}:{}", text_of(&location["file"]), number("line"), number("column"));
        let paragraphs = paragraphs(&text.stderr);
        let Some(paragraph) = paragraphs.iter().find(|paragraph| paragraph.lines().any(|line| line.trim() == place))
        else {
            problems.push(format!("TEXT has no {place:?}"));
            return;
        };
        // A first or last line of a longer mistake is drawn as `| |____^`, and beside a related place the carets are not alone.
        let under = |line: &str| line.trim_start().starts_with('|') && line.contains('^');
        if !paragraph.lines().any(under) {
            problems.push(format!("TEXT has no caret at {place:?}:\n{paragraph}"));
        }
        if !paragraph.contains("help: ") {
            problems.push(format!("TEXT has no help at {place:?}:\n{paragraph}"));
        }
    }
}

impl Expected {
    fn parse(file: &str, lines: &[u64], marks: &str) -> Vec<Self> {
        let mark = |mark: &str| {
            let mark = mark.trim();
            let word = mark.strip_prefix('[').and_then(|rest| rest.split_once("] "));
            // `[[1]] text`: the word has brackets of its own, and ends at the last of them before the blank.
            let (word, texts) = word.map_or((None, mark), |(word, texts)| (Some(word.to_owned()), texts));
            let texts = texts.split("~&").map(|text| text.trim().to_lowercase()).collect();
            Self { file: file.to_owned(), lines: lines.to_owned(), word, texts }
        };
        marks.split(" ~ ").map(mark).collect()
    }

    fn found_in(&self, error: &Value) -> bool {
        let location = &error["location"];
        let file = text_of(&location["file"]).trim_start_matches("$CORPUS/").trim_start_matches("./");
        let line = location["line"].as_u64().unwrap_or_default();
        let here = location.is_null() || file == self.file && self.lines.contains(&line);
        let said = [&error["message"], &error["expected"], &error["help"]["text"], &error["origin"]["name"]]
            .map(text_of)
            .join("\n");
        let said = said.to_lowercase();
        here && self.texts.iter().all(|text| said.contains(text))
    }
}

fn read(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn errors(json: &str) -> Vec<Value> {
    let Ok(answer) = serde_json::from_str::<Value>(json) else { return Vec::new() };
    let diagnostics = answer["diagnostics"].as_array().cloned().unwrap_or_default();
    diagnostics.into_iter().filter(|diagnostic| diagnostic["severity"] == "error").collect()
}

fn same(one: &Value, other: &Value) -> bool {
    one["path"] == other["path"] && one["message"] == other["message"]
}

fn shown(error: &Value) -> String {
    let location = &error["location"];
    let place = format!("{}:{}:{}", text_of(&location["file"]), location["line"], location["column"]);
    let message: String = text_of(&error["message"]).chars().take(160).collect();
    let help: String = text_of(&error["help"]["text"]).chars().take(160).collect();
    format!("{place} {} {message:?} help {help:?}", text_of(&error["path"]))
}

/// Each begins with its `error: ` or `warning: `.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        if line.starts_with("error") || line.starts_with("warning") {
            paragraphs.push(String::new());
        }
        let _ = writeln!(paragraphs.last_mut().expect("never empty"), "{line}");
    }
    paragraphs
}

/// All of the corpus, run once for all tests.
fn outcomes() -> &'static [(Case, Outcome)] {
    static OUTCOMES: OnceLock<Vec<(Case, Outcome)>> = OnceLock::new();
    OUTCOMES.get_or_init(|| {
        // Before the threads, so that a failed build is reported once and by itself.
        let _ = binary();
        let cases = cases();
        let next = AtomicUsize::new(0);
        let threads = std::thread::available_parallelism().map_or(2, |count| count.get() + 1);
        let mut ran = std::thread::scope(|scope| {
            let work = || {
                let mut done = Vec::new();
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    done.push((case.name.clone(), case.outcome()));
                }
                done
            };
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect::<BTreeMap<_, _>>()
        });
        let outcome = |case: Case| {
            let outcome = ran.remove(&case.name).expect("all have run");
            (case, outcome)
        };
        cases.into_iter().map(outcome).collect()
    })
}

#[test]
fn every_mistake_has_its_place_caret_and_mend_and_nothing_else_is_said() {
    let outcomes = outcomes();
    assert!(outcomes.len() >= FILES, "{} files", outcomes.len());
    let mut report = String::new();
    let mut wrong = 0;
    for (case, outcome) in outcomes {
        let problems = case.problems(outcome);
        wrong += usize::from(!problems.is_empty());
        for problem in problems {
            let _ = writeln!(report, "{}: {problem}", case.name);
        }
    }
    let mistakes: usize = outcomes.iter().map(|(case, _)| case.expected.len()).sum();
    println!("{} broken files with {mistakes} mistakes, {wrong} of them not as they should be", outcomes.len());
    assert!(report.is_empty(), "{wrong} of {} files:\n{report}", outcomes.len());
}

#[test]
fn mends_applied_by_a_script_mend() {
    let outcomes = outcomes();
    let mends = || outcomes.iter().flat_map(|(case, outcome)| outcome.mends.iter().map(move |mend| (case, mend)));
    let (all, removed) = (mends().count(), mends().filter(|(_, mend)| mend.removed).count());
    let failed: Vec<String> = mends()
        .filter(|(_, mend)| !mend.removed)
        .map(|(case, mend)| format!("{}: {}", case.name, mend.message))
        .collect();
    let with = outcomes.iter().filter(|(_, outcome)| !outcome.mends.is_empty()).count();
    let whole = outcomes.iter().filter(|(_, outcome)| outcome.whole).count();
    println!("{all} mends in {with} files: {removed} remove their mistake; {whole} files are valid with all of theirs");
    for failed in &failed {
        println!("  does not mend: {failed}");
    }
    assert!(all > 0 && removed * 10 >= all * 9, "{removed} of {all} mends mend:\n{}", failed.join("\n"));
}

#[test]
fn texts_are_as_they_were() {
    let mut texts = String::new();
    for (case, outcome) in outcomes() {
        // The first line, which is a contract's and may be long, is checked elsewhere.
        let said = outcome.text.stderr.split_once("\n\n").map_or(&*outcome.text.stderr, |(_, said)| said);
        let arguments = case.arguments.iter().fold(String::new(), |all, argument| all + " " + argument);
        let _ = write!(texts, "=== {}{arguments}\n\n{}\n\n", case.name, said.trim_end());
    }
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/broken/snapshot.txt")].assert_eq(&texts);
}
