//! Links on the way to a text.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::document::load;

/// `home/flow.yml` beside texts and links, and `outside/` with what is not its business.
fn tree() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    for folder in ["home/prompts/deep", "home/bases", "outside", "shared"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    for (name, text) in [
        ("home/code.py", "print(1)"),
        ("home/plain.txt", "plain"),
        ("home/bases/base.txt", "of the base"),
        ("home/prompts/deep/a.md", "deep"),
        ("outside/secret.txt", "secret"),
        ("outside/id_rsa", "secret"),
        ("shared/s.txt", "shared"),
    ] {
        fs::write(at(name), text).unwrap();
    }
    for (link, target) in [
        ("home/code.txt", "code.py"),
        ("home/again.txt", "code.txt"),
        ("home/odd.py", "plain.txt"),
        ("home/other.txt", "plain.txt"),
        ("home/inner.md", "prompts/deep/a.md"),
        ("home/out.txt", "../outside/secret.txt"),
        ("home/far.txt", "out.txt"),
        ("home/key.txt", "../outside/id_rsa"),
        ("home/folder", "../outside"),
        ("home/inside", "prompts"),
        ("home/folder.txt", "prompts"),
        ("home/dangling.txt", "nothing.txt"),
        ("home/circle.txt", "circle.txt"),
        ("home/null.txt", "/dev/null"),
        ("home/bases/up.txt", "../plain.txt"),
        ("shared/link.txt", "../outside/secret.txt"),
        ("shared/door", "../outside"),
        ("shared/near.txt", "s.txt"),
        ("elsewhere", "home"),
    ] {
        symlink(target, at(link)).unwrap();
    }
    root
}

/// The text that stands for `file://NAMED` in a file, or what is wrong with it.
fn read(file: &Path, named: &str) -> Result<String, String> {
    fs::write(file, format!("a: {{text: 'file://{named}'}}\n")).unwrap();
    let read = load::file(file, &|_| None, None).map_err(|failed| failed.errors().to_string())?;
    match read.problems.first() {
        Some(problem) => Err(problem.message.clone()),
        None => Ok(read.content()["a"]["text"].as_str().unwrap().to_owned()),
    }
}

#[test]
fn what_a_link_leads_to_is_what_counts() {
    let root = tree();
    let at = |name: &str| root.path().join(name);
    let absolute = |name: &str| at(name).display().to_string();
    let (out, extension) = ("is not in", "Unsupported file extension");
    for (named, expected) in [
        ("plain.txt", Ok("plain")),
        ("other.txt", Ok("plain")),
        ("inner.md", Ok("deep")),
        ("inside/deep/a.md", Ok("deep")),
        ("./prompts/../plain.txt", Ok("plain")),
        ("../shared/s.txt", Ok("shared")),
        ("../shared/near.txt", Ok("shared")),
        (&absolute("home/plain.txt"), Ok("plain")),
        (&absolute("outside/secret.txt"), Ok("secret")),
        ("code.txt", Err(extension)),
        ("again.txt", Err(extension)),
        ("odd.py", Err(extension)),
        ("code.py", Err(extension)),
        ("out.txt", Err(out)),
        ("far.txt", Err(out)),
        ("key.txt", Err(out)),
        ("folder/secret.txt", Err(out)),
        ("inside/../folder/secret.txt", Err(out)),
        ("null.txt", Err(out)),
        (&absolute("home/out.txt"), Err(out)),
        (&absolute("home/folder/secret.txt"), Err(out)),
        (&absolute("shared/link.txt"), Err(out)),
        ("../shared/link.txt", Err(out)),
        ("../shared/door/secret.txt", Err(out)),
        ("../home/out.txt", Err(out)),
        ("folder.txt", Err("it is a folder")),
        ("dangling.txt", Err("Referenced file not found")),
        ("circle.txt", Err("Referenced file not found")),
    ] {
        let seen = read(&at("home/flow.yml"), named);
        match expected {
            Ok(text) => assert_eq!(seen.as_deref(), Ok(text), "{named}"),
            Err(reason) => assert!(seen.as_ref().is_err_and(|error| error.contains(reason)), "{named}: {seen:?}"),
        }
    }
}

#[test]
fn a_link_is_named_with_where_it_leads() {
    let root = tree();
    let at = |name: &str| root.path().canonicalize().unwrap().join(name);
    let refused = read(&at("home/flow.yml"), "code.txt").unwrap_err();
    let link =
        format!("extension '.py' for file reference: file://code.txt, a link to {}", at("home/code.py").display());
    assert!(refused.contains(&link), "{refused}");
    let refused = read(&at("home/flow.yml"), "out.txt").unwrap_err();
    let (target, home) = (at("outside/secret.txt"), at("home"));
    let link = format!("file://out.txt is a link to {}, which is not in {}", target.display(), home.display());
    assert!(refused.contains(&link), "{refused}");
}

/// The folder is that of the file that names the text, by whatever path that was found.
#[test]
fn the_folder_is_that_of_the_file_that_names_it() {
    let root = tree();
    let at = |name: &str| root.path().join(name);
    assert_eq!(read(&at("elsewhere/flow.yml"), "other.txt").as_deref(), Ok("plain"));
    assert!(read(&at("elsewhere/flow.yml"), "out.txt").is_err());
    let base = |named: &str| {
        fs::write(at("home/bases/base.yml"), format!("a: {{text: 'file://{named}'}}\n")).unwrap();
        fs::write(at("home/flow.yml"), "base: bases/base.yml\n").unwrap();
        let read =
            load::file(&at("home/flow.yml"), &|_| None, None).map_err(|failed| failed.errors().to_string()).unwrap();
        let text = read.problems.first().map(|problem| problem.message.clone());
        text.unwrap_or_else(|| read.content()["a"]["text"].as_str().unwrap().to_owned())
    };
    assert_eq!(base("base.txt"), "of the base");
    assert!(base("up.txt").contains("is not in"), "a link out of the base's folder");
    assert_eq!(base("../plain.txt"), "plain");
}
