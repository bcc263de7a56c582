//! `file://PATH`: a text of a mapping that stands in a file of its own.
//!
//! A path may name a link, and the link anything: a key, a program, a file of another user. So it is the file at the end
//! of all links that has to have one of the extensions, and to lie where the path says: below the folder of the
//! configuration, or below the folder that a path which leads out of it names. That file is opened by its own path, so
//! that a link which changes after the check leads nowhere else.

mod place;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Layer, load, syntax};
use crate::error::ConfigError;
use nat_schema::Segment;

const PREFIX: &str = "file://";
const EXTENSIONS: [&str; 8] = [".j2", ".jinja", ".jinja2", ".md", ".prompt", ".template", ".tpl", ".txt"];

/// What was read on the way.
pub(super) struct Found {
    pub(super) files: Vec<PathBuf>,
    pub(super) errors: Vec<ConfigError>,
}

/// Replaces each such text of a layer by the content of its file, relative to the layer's own file.
pub(super) fn replace(layer: &mut Layer, index: usize) -> Found {
    let folder = layer.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
    let mut replacing = Replacing {
        folder,
        index,
        path: Vec::new(),
        texts: Vec::new(),
        bytes: 0,
        files: Vec::new(),
        errors: Vec::new(),
    };
    replacing.inside(&mut layer.value);
    layer.texts = replacing.texts;
    Found { files: replacing.files, errors: replacing.errors }
}

struct Replacing {
    folder: PathBuf,
    index: usize,
    path: Vec<Segment>,
    texts: Vec<Vec<Segment>>,
    bytes: usize,
    files: Vec<PathBuf>,
    errors: Vec<ConfigError>,
}

impl Replacing {
    fn inside(&mut self, value: &mut Value) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    self.path.push(Segment::Key(key.clone()));
                    match value {
                        Value::String(text) if text.starts_with(PREFIX) => self.text(text),
                        other => self.inside(other),
                    }
                    self.path.pop();
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter_mut().enumerate() {
                    self.path.push(Segment::Index(at));
                    self.inside(item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &mut String) {
        let named = &text[PREFIX.len()..];
        let path = self.folder.join(named);
        match self.read(&path, text, named) {
            Ok(content) => {
                *text = content;
                self.texts.push(self.path.clone());
                self.files.push(path);
            }
            Err(error) => self.errors.push(*error),
        }
    }

    fn read(&mut self, path: &Path, text: &str, named: &str) -> Result<String, Box<ConfigError>> {
        let Some((Segment::Key(section), rest)) = self.path.split_first() else {
            return Err(Box::new(ConfigError::whole("Value error, a text of no section")));
        };
        let refuse = |message: String| {
            let error = ConfigError::section(section, message).at(rest.iter().cloned());
            error.expected("the path of a text file, relative to this one").layer(self.index)
        };
        let unsupported = |extension: &str, of: String| {
            let allowed = EXTENSIONS.join(", ");
            let error = refuse(format!(
                "Unsupported file extension '{extension}' for file reference: {text}{of}; the extensions are: {allowed}"
            ));
            Box::new(error.mend("give the file one of these extensions, such as `.txt`"))
        };
        if let Err(extension) = supported(path) {
            return Err(unsupported(&extension, String::new()));
        }
        let Ok(real) = path.canonicalize() else {
            let error = refuse(format!("Referenced file not found: {}", path.display()));
            return Err(Box::new(syntax::nearest_text(error, path, named)));
        };
        if let Some(around) = place::left(&self.folder, named, &real) {
            let (real, around) = (real.display(), around.display());
            let error = refuse(format!("Value error, {text} is a link to {real}, which is not in {around}"));
            let suggestion = format!("copy the file, or name it without the link: `{PREFIX}{real}`");
            return Err(Box::new(error.expected(format!("a file in {around}")).mend(suggestion)));
        }
        if let Err(extension) = supported(&real) {
            // A folder of that name has no file's extension.
            if !real.is_dir() {
                return Err(unsupported(&extension, format!(", a link to {}", real.display())));
            }
        }
        if real.is_dir() {
            let error = refuse(format!("Referenced file cannot be read: {}: it is a folder", path.display()));
            return Err(Box::new(error.mend("name a file in it")));
        }
        // Opening a pipe or a device would wait for somebody who writes.
        if !real.is_file() {
            let error = refuse(format!("Referenced file cannot be read: {}: it is no regular file", path.display()));
            return Err(Box::new(error.mend("name a text file")));
        }
        let mut bytes = Vec::new();
        let read = File::open(&real).and_then(|file| file.take(load::MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
        // What is refused by itself leaves room for the others.
        let is_too_large = bytes.len() > load::MAX_BYTES;
        self.bytes += if is_too_large { 0 } else { bytes.len() };
        match read {
            Err(reason) => Err(Box::new(
                refuse(format!("Referenced file cannot be read: {}: {reason}", path.display()))
                    .mend("let this user read it"),
            )),
            Ok(_) if is_too_large => Err(Box::new(
                refuse(format!("Value error, {} is larger than 10 MiB", path.display())).mend("shorten it"),
            )),
            Ok(_) if self.bytes > load::MAX_BYTES => Err(Box::new(
                refuse("Value error, the referenced files are larger than 10 MiB together".to_owned())
                    .mend("shorten them"),
            )),
            Ok(_) => String::from_utf8(bytes).map_err(|_| {
                let error = refuse(format!("Referenced file is no UTF-8 text: {}", path.display()));
                Box::new(error.mend("save it as UTF-8"))
            }),
        }
    }
}

/// Whether a file has one of the extensions; or the one it has, with its dot.
fn supported(path: &Path) -> Result<(), String> {
    let extension = path.extension().map(|extension| format!(".{}", extension.to_string_lossy())).unwrap_or_default();
    if EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) { Ok(()) } else { Err(extension) }
}

#[cfg(test)]
mod tests;
