//! From a file to what it and its bases say.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Document, Lacks, Layer, reported, syntax, texts};
use crate::BASE;
use crate::diagnostic::Report;
use crate::environment;
use crate::error::{Aim, ConfigError, ConfigErrors, Edit, Point, keys};
use crate::fix::EditedFiles;
use crate::yaml::{self, Problem, ProblemKind};

/// Bytes of a configuration with all it builds on, before and after its variables are replaced.
pub(super) const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Bases of bases.
const MAX_BASES: usize = 32;

/// Why there is no document: what was read so far, and what is wrong.
pub(crate) struct Failed {
    document: Box<Document>,
    errors: Vec<ConfigError>,
}

impl Failed {
    pub(super) fn report(self) -> Report {
        reported::report(&self.document, &self.errors, std::iter::empty())
    }

    pub(super) fn errors(self) -> ConfigErrors {
        let file = self.document.layers.into_iter().next().and_then(|layer| layer.path);
        ConfigErrors { file, errors: self.errors }
    }
}

type Variables<'v> = &'v dyn Fn(&str) -> Option<String>;

pub(super) fn file(path: &Path, variable: Variables<'_>, edited: Option<&EditedFiles>) -> Result<Document, Failed> {
    let mut loading = Loading { edited, ..Loading::new(variable) };
    let loaded = match loading.read(path) {
        Ok(text) => loading.layers(text, Some(path.to_owned())),
        Err(error) => {
            let (error, text) = *error;
            loading.document.layers.push(Layer::written(text, Some(path.to_owned())));
            Err(vec![error.layer(0)])
        }
    };
    loading.finish(loaded)
}

pub(super) fn text(text: &str, file: Option<&Path>, variable: Variables<'_>) -> Result<Document, Failed> {
    let mut loading = Loading::new(variable);
    let loaded = loading.layers(text.to_owned(), file.map(Path::to_owned));
    loading.finish(loaded)
}

struct Loading<'v> {
    variable: Variables<'v>,
    /// Texts that stand in for those of files.
    edited: Option<&'v EditedFiles>,
    document: Document,
    /// Paths of the files that build on each other so far, without links.
    chain: Vec<PathBuf>,
    bytes: usize,
}

impl Layer {
    fn written(written: String, path: Option<PathBuf>) -> Self {
        Self {
            name: path.as_ref().map_or_else(|| "<configuration>".to_owned(), |path| path.display().to_string()),
            path,
            written,
            expanded: environment::Expanded::default(),
            value: Value::Null,
            texts: Vec::new(),
        }
    }
}

impl<'v> Loading<'v> {
    fn new(variable: Variables<'v>) -> Self {
        let document = Document {
            content: Map::new(),
            layers: Vec::new(),
            given: Vec::new(),
            files: Vec::new(),
            problems: Vec::new(),
            lacks: Lacks::default(),
        };
        Self { variable, edited: None, document, chain: Vec::new(), bytes: 0 }
    }

    fn finish(mut self, loaded: Result<(), Vec<ConfigError>>) -> Result<Document, Failed> {
        match loaded {
            Ok(()) => {
                for layer in self.document.layers.iter().rev() {
                    if let Value::Object(own) = &layer.value {
                        merge(&mut self.document.content, own);
                    }
                }
                self.document.content.shift_remove(BASE);
                Ok(self.document)
            }
            Err(mut errors) => {
                errors.append(&mut self.document.problems);
                Err(Failed { document: Box::new(self.document), errors })
            }
        }
    }

    /// The text of a file, as edited if it is one of the edited files.
    fn read(&self, path: &Path) -> Result<String, Box<(ConfigError, String)>> {
        let Some(edited) = self.edited else { return read(path) };
        match edited.text(path) {
            Some(text) => Ok(text),
            None => read(path).inspect(|text| edited.add(path, text)),
        }
    }

    /// Reads a text, and then the base that it names. What the text itself says can be checked without one.
    fn layers(&mut self, text: String, path: Option<PathBuf>) -> Result<(), Vec<ConfigError>> {
        self.layer(text, path)?;
        loop {
            let read = match self.base() {
                Ok(None) => return Ok(()),
                Ok(Some((text, path))) => self.layer(text, path),
                Err(errors) => Err(errors),
            };
            if let Err(errors) = read {
                self.document.problems.extend(errors);
                self.document.lacks.base = true;
                return Ok(());
            }
        }
    }

    /// Reads one text as the last layer.
    fn layer(&mut self, text: String, path: Option<PathBuf>) -> Result<(), Vec<ConfigError>> {
        let at = self.document.layers.len();
        if let Some(path) = &path {
            self.document.files.push(path.clone());
            self.chain.push(path.canonicalize().unwrap_or_else(|_| path.clone()));
        }
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            self.document.layers.push(Layer::written(String::new(), path));
            return Err(vec![too_large().layer(at)]);
        }
        self.document.layers.push(Layer::written(text, path));
        let layer = &mut self.document.layers[at];
        let (expanded, missing) = environment::expand(&layer.written, self.variable);
        layer.expanded = expanded;
        self.document.lacks.variables.extend(missing.iter().map(|missing| missing.name.clone()));
        let missing = syntax::missing_variables(missing, at);
        if layer.expanded.text.len() > MAX_BYTES {
            return Err(vec![too_large().layer(at)]);
        }
        let parsed = match yaml::parse(&layer.expanded.text) {
            Ok(parsed) => parsed,
            // It may be because of these.
            Err(_) if !missing.is_empty() => return Err(missing),
            Err(failure) => return Err(vec![syntax::error(layer, failure, at)]),
        };
        if !missing.is_empty() && !parsed.value.is_object() {
            return Err(missing);
        }
        self.document.problems.extend(missing);
        if !parsed.value.is_object() {
            let mut error = not_a_mapping(&parsed.value).layer(at);
            let blank = layer.written.len() - layer.written.trim_start().len();
            let first = layer.written[blank..].lines().next().unwrap_or_default();
            let first = first.find(" #").map_or(first, |comment| &first[..comment]).trim_end().len();
            error.detail.point = Some(Point::Written(if first == 0 { 0..0 } else { blank..blank + first }));
            return Err(vec![error]);
        }
        layer.value = parsed.value;
        let problems = parsed.problems.into_iter().map(|problem| told(problem, at));
        self.document.problems.extend(problems);
        let found = texts::replace(layer, at);
        self.document.files.extend(found.files);
        self.document.problems.extend(found.errors);
        Ok(())
    }

    /// The text that the last layer builds on, if it names one.
    fn base(&mut self) -> Result<Option<(String, Option<PathBuf>)>, Vec<ConfigError>> {
        let at = self.document.layers.len() - 1;
        let layer = &self.document.layers[at];
        let refuse = |message: String, mend: &str| {
            let error = ConfigError::section(BASE, message).mend(mend).expected("the path of another file");
            Err(vec![error.layer(at)])
        };
        let named = match layer.value.get(BASE) {
            None => return Ok(None),
            Some(Value::String(named)) => named,
            Some(other) => {
                let message = format!("Configuration 'base' key must be a string, got {}", python_type(other));
                return refuse(message, "write the path of a file, or remove the key");
            }
        };
        let folder = layer.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let path = folder.join(named);
        let Ok(real) = path.canonicalize() else {
            let message = format!("Base configuration file not found: {}", path.display());
            let error = ConfigError::section(BASE, message).expected("the path of a file, relative to this one");
            return Err(vec![syntax::nearest_file(error, &path, named).layer(at)]);
        };
        if self.chain.contains(&real) {
            let message = format!(
                "Circular dependency detected in configuration inheritance: {} is already in the inheritance chain",
                path.display()
            );
            let error = ConfigError::section(BASE, message).mend("remove the key from one of the files");
            return Err(vec![error.aim(Aim::Value).edit(Edit::Remove(keys([BASE]))).layer(at)]);
        }
        if self.chain.len() >= MAX_BASES {
            let message = format!("Value error, more than {MAX_BASES} files build on each other");
            return refuse(message, "put some of them together");
        }
        // Opening a pipe or a device would wait for somebody who writes.
        if !real.is_file() && !real.is_dir() {
            return refuse(format!("Value error, {} is no regular file", path.display()), "name a YAML file");
        }
        match self.read(&path) {
            Ok(text) => Ok(Some((text, Some(path)))),
            Err(error) => refuse(error.0.message, "check the path"),
        }
    }
}

/// Lays what a file says over what its base says: maps deeply, everything else whole.
fn merge(base: &mut Map<String, Value>, own: &Map<String, Value>) {
    for (key, value) in own {
        match (base.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => merge(below, above),
            (Some(below), _) => *below = value.clone(),
            (None, _) => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A mistake of the text as one of the configuration.
fn told(problem: Problem, layer: usize) -> ConfigError {
    let mut error = ConfigError::whole(format!("Error loading YAML: {}", problem.message)).layer(layer);
    error.detail.at = Some(problem.path.clone());
    match problem.kind {
        ProblemKind::Repeated(times) => error
            .aim(Aim::Repeated(times))
            .related(problem.path.clone(), Aim::Key, "it stands here first")
            .mend("remove one of the two, or give it another name")
            .expected("each key once")
            .edit(Edit::RemoveRepeated(problem.path, times)),
        ProblemKind::Key => {
            error.aim(Aim::OddKey).expected("a text").mend("write a text in front of the colon, in quotes if need be")
        }
        ProblemKind::Merge => {
            let error = error.aim(Aim::Repeated(0)).expected("a mapping (`*anchor`), or a list of mappings");
            error.mend("merge a mapping, or remove the merge key").edit(Edit::RemoveRepeated(problem.path, 0))
        }
        ProblemKind::TooLarge => error.mend("write a smaller number; if a text is meant, put it in quotes"),
        ProblemKind::Unquoted => error.mend("write another number; if a text is meant, put it in quotes"),
        ProblemKind::Value => error.mend("write a plain text, number, list or mapping"),
    }
}

/// The text of a file; or why there is none, with what can be shown of it.
fn read(path: &Path) -> Result<String, Box<(ConfigError, String)>> {
    let nothing = |error| Box::new((error, String::new()));
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    let shown = path.display();
    if let Err(error) = read {
        let (reason, mend) = match error.kind() {
            ErrorKind::NotFound => ("it does not exist".to_owned(), "check the path and the working directory"),
            ErrorKind::IsADirectory => ("it is a folder".to_owned(), "name the file in it, such as config.yml"),
            ErrorKind::PermissionDenied => ("permission denied".to_owned(), "let this user read it"),
            _ => (error.to_string(), "check the path"),
        };
        return Err(nothing(ConfigError::whole(format!("Cannot read `{shown}`: {reason}")).mend(mend)));
    }
    if bytes.len() > MAX_BYTES {
        return Err(nothing(too_large()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("Error loading YAML: `{shown}` is no UTF-8 text (byte {at})");
        let mut refused = ConfigError::whole(message).mend("save it as UTF-8; a configuration is a text file");
        // What is no character is shown as one that stands for it.
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        refused.detail.point = Some(Point::Written(at..at + char::REPLACEMENT_CHARACTER.len_utf8()));
        Box::new((refused, text))
    })
}

fn too_large() -> ConfigError {
    ConfigError::whole("Error loading YAML: the configuration is larger than 10 MiB")
        .mend("split it; a prompt can stand in a file of its own (`file://…`)")
}

fn not_a_mapping(value: &Value) -> ConfigError {
    let found = match value {
        Value::Null => "the file is empty",
        Value::Array(_) => "the file holds a list",
        _ => "the file holds a single value",
    };
    let message = format!("The configuration must be a mapping of sections such as `workflow`; {found}");
    let error = ConfigError::whole(message).expected("a mapping of sections");
    error.mend("begin with `workflow:` and, indented below it, `_type: NAME`")
}

/// What the Python toolkit calls the type of a value.
pub(crate) fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}
