//! `--reload`: noticing that the file, or one that it was read from, is another one now.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nat_server::Server;
use tokio::time::sleep;
use tracing::{error, info};

use super::bind;
use crate::args::FileOption;
use crate::console;
use crate::failure::Failure;
use crate::project::{Project, Setting};
use crate::report;

/// Between two looks, each of which asks the system for the size and time of a few files.
const INTERVAL: Duration = Duration::from_millis(300);

/// The files of one start.
pub(super) struct Watch<'o> {
    file: &'o FileOption,
    front_end: &'o [Setting],
    seen: Vec<Seen>,
    start: Start,
}

/// Which start a watch follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    First,
    Further,
}

/// What runs while a file is watched.
#[derive(Clone, Copy)]
pub(super) enum Now {
    /// A server with this port.
    Served(Option<u16>),
    Nothing,
}

/// A file that can be used, and its server where that could be bound already.
pub(super) struct Changed {
    pub(super) project: Box<Project>,
    pub(super) server: Option<Box<Server>>,
}

/// How a file was when it was last looked at.
struct Seen {
    path: PathBuf,
    stamp: Option<(SystemTime, u64)>,
    content: Option<u64>,
}

impl Seen {
    fn now(path: PathBuf) -> Self {
        Self { stamp: stamp(&path), content: content(&path), path }
    }

    /// Whether the content is another one. A file that was only touched is the same.
    fn is_new(&mut self) -> bool {
        let stamp = stamp(&self.path);
        if stamp == self.stamp {
            return false;
        }
        self.stamp = stamp;
        let content = content(&self.path);
        std::mem::replace(&mut self.content, content) != content
    }
}

impl<'o> Watch<'o> {
    /// Watches the files that `project` was read from.
    pub(super) fn new(file: &'o FileOption, front_end: &'o [Setting], project: &Project, start: Start) -> Self {
        let mut paths: Vec<PathBuf> = std::iter::once(&file.config_file).chain(&project.files).cloned().collect();
        paths.sort();
        paths.dedup();
        Self { file, front_end, seen: paths.into_iter().map(Seen::now).collect(), start }
    }

    /// Whether this is not the first start: somebody is at work on the file.
    pub(super) fn is_further(&self) -> bool {
        self.start == Start::Further
    }

    /// Waits for a change after which the file can be used. Diagnostics of one that cannot are shown.
    ///
    /// # Cancellation
    ///
    /// Dropping the future loses nothing but the wait.
    pub(super) async fn changed(&mut self, now: Now) -> Changed {
        loop {
            sleep(INTERVAL).await;
            // Every file is looked at, or the others would be news the next time.
            let changed: Vec<bool> = self.seen.iter_mut().map(Seen::is_new).collect();
            if !changed.contains(&true) {
                continue;
            }
            let project = match Project::reload(self.file, self.front_end) {
                Ok(project) => project,
                Err(failure) => {
                    self.refuse(&failure, now);
                    continue;
                }
            };
            match bind::trial(&project.config, now).await {
                Ok(server) => return Changed { project: Box::new(project), server },
                Err(reason) => self.refuse(&reason.into(), now),
            }
        }
    }

    fn refuse(&self, failure: &Failure, now: Now) {
        let why = format!("{}: the file has changed and cannot be used: {failure}", self.file.config_file.display());
        why.lines().for_each(|line| error!("{line}"));
        if let Failure::Report(found) = failure {
            console::tell(&format!("\n{}", report::text(found, console::colour(), console::width())));
        }
        match now {
            Now::Served(_) => info!("the workflow that runs goes on as it is"),
            Now::Nothing => info!("nothing is served until the file changes again"),
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn content(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(path).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}
