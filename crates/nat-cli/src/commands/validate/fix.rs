//! `nat validate --fix`: suggestions applied to the file and its bases.
//!
//! All changes are made in memory first, and checked there. The files are written once, when no suggestion is left, so that
//! nothing is half done on the disk and `--dry-run` is the same but for the writing.

use std::ffi::OsString;

use nat_config::diagnostic::{Applicability, Report};
use nat_config::fix::{Applied, Checked, EditedFiles};
use serde_json::{Value, json};

use super::write;
use crate::args::ValidateOptions;
use crate::console;
use crate::failure::Failure;
use crate::project::Project;

/// The changes that were made.
pub(super) struct Changes {
    applied: Vec<Applied>,
    is_complete: bool,
    /// The difference to the files, where it was not written.
    preview: Option<String>,
    /// Suggestions that remove something.
    left: usize,
}

/// Applies suggestions, writes the files unless that is not wanted, and reads what they hold then.
///
/// # Errors
/// The command line does not fit the file, a file cannot be written, or the program itself is at fault. No file is changed
/// then.
pub(super) fn fix(
    options: &ValidateOptions,
    typed: &[OsString],
) -> Result<(Result<Project, Failure>, Changes), Failure> {
    let mut files = EditedFiles::default();
    let fixed = nat_config::fix::fix(&mut files, |files| check(options, typed, files))?;
    let preview = options.dry_run.then(|| files.preview());
    if !options.dry_run {
        write::replace(&files.changed())?;
    }
    let project = Project::load_edited(&options.file, typed, &files).and_then(|checked| checked);
    let left = match &project {
        Ok(project) => removing(&project.report),
        Err(Failure::Report(report)) => removing(report),
        Err(_) => 0,
    };
    Ok((project, Changes { applied: fixed.applied, is_complete: fixed.is_complete, preview, left }))
}

fn check(options: &ValidateOptions, typed: &[OsString], files: &EditedFiles) -> Result<Checked, Failure> {
    let (checked, is_readable) = match Project::load_edited(&options.file, typed, files) {
        Ok(checked) => (checked, true),
        Err(failure) => (Err(failure), false),
    };
    match checked {
        Ok(project) => Ok(Checked { report: project.report, is_readable }),
        Err(Failure::Report(report)) => Ok(Checked { report: *report, is_readable }),
        Err(other) => Err(other),
    }
}

fn removing(report: &Report) -> usize {
    let replacements = report.diagnostics.iter().filter_map(|one| one.mend.as_ref()?.replacement.as_ref());
    replacements.filter(|change| change.applicability == Applicability::Removes).count()
}

impl Changes {
    /// The changes in words, or as a difference where they were not written.
    pub(super) fn text(&self) -> String {
        if self.applied.is_empty() {
            return "No suggestion was applied.\n".to_owned();
        }
        match &self.preview {
            Some(preview) => format!("{preview}Nothing was written (--dry-run). With these changes:\n"),
            None => self.applied.iter().map(line).collect(),
        }
    }

    /// Notes on suggestions that were not applied; empty if there is nothing to say.
    pub(super) fn notes(&self) -> String {
        let mut notes = String::new();
        match self.left {
            0 => {}
            1 => notes.push_str("note: 1 suggestion removes something, which --fix leaves to you\n"),
            left => notes.push_str(&format!("note: {left} suggestions remove something, which --fix leaves to you\n")),
        }
        if !self.is_complete {
            notes.push_str("note: there may be more to fix: run it again\n");
        }
        notes
    }

    pub(super) fn json(&self) -> Value {
        let applied = self.applied.iter().map(|one| {
            json!({ "file": one.file, "line": one.line, "column": one.column, "path": one.location, "help": one.help })
        });
        json!({
            "written": self.preview.is_none() && !self.applied.is_empty(),
            "applied": applied.collect::<Vec<_>>(),
            "diff": self.preview,
            "left": self.left,
            "complete": self.is_complete,
        })
    }
}

/// `Fixed FILE:LINE:COLUMN: LOCATION: HELP`
fn line(one: &Applied) -> String {
    let colon = if one.location.is_empty() { "" } else { ": " };
    let line = format!("Fixed {}:{}:{}: {}{colon}{}", one.file, one.line, one.column, one.location, one.help);
    format!("{}\n", console::plain(&line.replace('\n', " ")))
}
