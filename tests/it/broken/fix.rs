//! `nat validate --fix` over the corpus: what it changes stays readable, its mistakes are gone, and nothing else is changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;

/// Fewer files than this that are changed are a step back.
const CHANGED: usize = 60;

/// Files with mistakes that are hidden by another one: in settings of a component whose type is misspelled, or between
/// components.
const HIDDEN: [&str; 3] = ["env_shifts_columns.yml", "exclude_not_text.yml", "several_quoted.yml"];

/// The corpus in a folder of its own, with the files that this case reads.
fn copied(case: &Case) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder for the copy");
    fs::create_dir(copy.path().join("parts")).expect("the copy is made");
    for part in fs::read_dir(corpus().join("parts")).expect("the parts are there") {
        let part = part.expect("the copy is made");
        fs::copy(part.path(), copy.path().join("parts").join(part.file_name())).expect("the copy is made");
    }
    fs::copy(corpus().join(&case.name), copy.path().join(&case.name)).expect("the copy is made");
    copy
}

/// All files of a folder, with their bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in [folder.to_owned(), folder.join("parts")] {
        for entry in fs::read_dir(&folder).expect("it is there").map(|entry| entry.expect("an entry").path()) {
            if entry.is_file() {
                found.insert(entry.display().to_string(), fs::read(&entry).expect("it is read"));
            }
        }
    }
    found
}

fn run(case: &Case, folder: &Path, further: &[&str]) -> Ran {
    let mut command = Command::new(binary());
    command.args(["validate", "--config_file", &case.name]).args(&case.arguments).args(further);
    command.envs(case.variables.iter().cloned()).env("NO_COLOR", "1").current_dir(folder).stdin(Stdio::null());
    let ended = command.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&*folder.to_string_lossy(), "$CORPUS");
    Ran { code: ended.status.code(), stdout: text(&ended.stdout), stderr: text(&ended.stderr) }
}

/// What is wrong with the changes, and whether there were any.
fn problems(case: &Case) -> (bool, Vec<String>) {
    let copy = copied(case);
    let folder = copy.path();
    let mut problems = Vec::new();
    let original = contents(folder);
    let fixed = run(case, folder, &["--fix", "--format", "json"]);
    let changed = contents(folder);
    let after = errors(&fixed.stdout);
    let answer: Value = serde_json::from_str(&fixed.stdout).unwrap_or_default();
    let applied = answer["fixes"]["applied"].as_array().cloned().unwrap_or_default();
    if (changed != original) == applied.is_empty() {
        problems.push(format!("what is told is not what is done: {applied:?}"));
    }
    if fixed.code != Some(i32::from(!after.is_empty())) {
        problems.push(format!("exit code {:?} with {} errors", fixed.code, after.len()));
    }
    if applied.is_empty() {
        return (false, problems);
    }
    if changed.len() != original.len() {
        problems.push("a file is left beside".to_owned());
    }
    // What was told is what is found in the files, and nothing is left to do.
    let again = run(case, folder, &["--fix", "--format", "json"]);
    if contents(folder) != changed || errors(&again.stdout) != after {
        problems.push("a further run finds something else".to_owned());
    }
    if after.iter().any(|error| text_of(&error["message"]).contains("Error loading YAML: ")) {
        problems.push("it is unreadable".to_owned());
    }
    // A mistake that is not marked was none before.
    for error in &after {
        let said = [&error["message"], &error["expected"], &error["help"]["text"]].map(text_of).join("\n");
        let said = said.to_lowercase();
        let is_marked = |expected: &Expected| expected.texts.iter().all(|text| said.contains(text));
        if !case.expected.iter().any(is_marked) && !HIDDEN.contains(&case.name.as_str()) {
            problems.push(format!("NEW {}", shown(error)));
        }
    }
    for (name, text) in &original {
        let now = changed.get(name).map(Vec::as_slice).unwrap_or_default();
        problems.extend(lost(text, now).into_iter().map(|lost| format!("{name}: {lost}")));
    }
    for (name, text) in &original {
        fs::write(name, text).expect("it is as before");
    }
    let dry = run(case, folder, &["--fix", "--dry-run"]);
    if contents(folder) != original || dry.code != fixed.code || !dry.stdout.contains("\n@@ ") {
        problems.push(format!("--dry-run has written, or does not show it: {:?} {}", dry.code, dry.stdout));
    }
    for said in [&dry.stdout, &dry.stderr] {
        if said.contains(SECRET) {
            problems.push(format!("--dry-run shows the secret: {said}"));
        }
        if let Some(odd) = said.chars().find(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            problems.push(format!("--dry-run prints the control character {odd:?}"));
        }
    }
    (true, problems)
}

/// What of a text must be there still, and is not: its comments, its line ends, its mark at the beginning.
fn lost(before: &[u8], now: &[u8]) -> Vec<String> {
    let mut lost = Vec::new();
    let (before, now) = (String::from_utf8_lossy(before), String::from_utf8_lossy(now));
    if before.starts_with('\u{feff}') != now.starts_with('\u{feff}') {
        lost.push("the byte order mark".to_owned());
    }
    let lone = |text: &str| text.matches('\n').count() - text.matches("\r\n").count();
    if lone(&before) == 0 && lone(&now) > 0 || before.matches("\r\n").count() > now.matches("\r\n").count() {
        lost.push("line ends".to_owned());
    }
    for line in before.lines() {
        if let Some((_, comment)) = line.split_once(" # ")
            && !now.contains(comment)
        {
            lost.push(format!("the comment {comment:?}"));
        }
    }
    lost
}

#[test]
fn fixed_files_are_readable_and_lose_nothing() {
    let _ = binary();
    let cases = cases();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get() + 1);
    let found: Vec<(String, bool, Vec<String>)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (changed, problems) = problems(case);
                done.push((case.name.clone(), changed, problems));
            }
            done
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    let mut report = String::new();
    for (name, _, problems) in &found {
        for problem in problems {
            let _ = writeln!(report, "{name}: {problem}");
        }
    }
    let changed = found.iter().filter(|(_, changed, _)| *changed).count();
    println!("{changed} of {} files are changed", found.len());
    assert!(report.is_empty(), "{report}");
    assert!(changed >= CHANGED, "{changed} files are changed");
}
