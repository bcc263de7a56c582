//! The architecture, as far as a machine can see it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of the workspace").to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// All files below `folder` with this ending, as paths from the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(ending) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The dependencies of a manifest that are ours, without those for tests.
fn ours(manifest: &str) -> BTreeSet<String> {
    let text = read(root().join(manifest));
    let normal = text.split("\n[").find(|section| section.starts_with("dependencies]")).unwrap_or_default();
    let names = normal.lines().skip(1).filter_map(|line| line.split(['.', ' ', '=']).next());
    names.filter(|name| name.starts_with("nat") || *name == "per_user_workflow").map(str::to_owned).collect()
}

#[test]
fn crates_use_only_what_they_may() {
    let may: &[(&str, &[&str])] = &[
        ("crates/nat-macros", &[]),
        ("crates/nat-chat", &[]),
        ("crates/nat-schema", &[]),
        ("crates/nat-config", &["nat-schema"]),
        ("crates/nat-core", &["nat-chat", "nat-config", "nat-schema"]),
        ("crates/nat", &["nat-chat", "nat-config", "nat-core", "nat-macros", "nat-schema", "nat-testing"]),
        ("crates/nat-server", &["nat-chat", "nat-config", "nat-core", "nat-schema"]),
        ("crates/nat-testing", &["nat-chat", "nat-config", "nat-core", "nat-schema", "nat-server"]),
        ("crates/nat-cli", &["nat-config", "nat-core", "nat-server"]),
        ("examples/front_ends/per_user_workflow", &["nat", "nat-cli"]),
        ("examples/per_user_database", &["nat", "nat-cli"]),
        ("examples/streaming_words", &["nat", "nat-cli"]),
        ("examples/testing_functions", &["nat", "nat-cli"]),
    ];
    for (place, allowed) in may {
        let used = ours(&format!("{place}/Cargo.toml"));
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        assert!(used.is_subset(&allowed), "{place} uses {used:?} and may use {allowed:?}");
    }
    for source in files("examples", ".rs").iter().filter(|path| !path.ends_with("main.rs")) {
        assert!(!read(root().join(source)).contains("nat_cli"), "{source}: nat_cli belongs into main.rs");
    }
}

#[test]
fn libraries_are_named_in_one_place() {
    let only: &[(&str, &[&str])] = &[
        ("moka::", &["crates/nat-core/src/instances/cache.rs", "crates/nat-core/src/instances/stress.rs"]),
        ("serde_yaml::", &["crates/nat-config/src/yaml.rs"]),
        ("saphyr_parser::", &["crates/nat-config/src/marked.rs"]),
        ("hyper::", &["crates/nat-server/", "crates/nat-testing/src/server/"]),
        ("axum::", &["crates/nat-server/"]),
        ("http::", &["crates/nat-server/", "crates/nat-testing/src/server/"]),
        ("clap::", &["crates/nat-cli/"]),
        (
            "inventory::",
            &[
                "crates/nat-core/src/config/front_end/linked.rs",
                "crates/nat-core/src/kind.rs",
                "crates/nat-core/src/registration.rs",
                "crates/nat-core/src/registry.rs",
                "crates/nat-macros/",
            ],
        ),
    ];
    for source in files("crates", ".rs") {
        // Only code counts, and fixtures are a person's code.
        if source.contains("/tests/") {
            continue;
        }
        for line in read(root().join(&source)).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for (library, places) in only {
                let named = line.match_indices(library).any(|(at, _)| {
                    !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
                });
                let allowed = places.iter().any(|place| source.starts_with(place));
                assert!(!named || allowed, "{source} names {library} which belongs into {places:?}: {line}");
            }
        }
    }
}

/// Paths, headers, cookies and file names of HTTP are texts of the server alone.
#[test]
fn http_is_spoken_in_the_server_only() {
    const TEXTS: [&str; 20] = [
        "/health",
        "/monitor",
        "/openapi",
        "/docs",
        "/redoc",
        "/mcp/",
        "/generate",
        "/chat",
        "/v1/",
        "/websocket",
        "/auth/",
        "/evaluate",
        "swagger",
        "nat-session",
        "x-api-key",
        "authorization: ",
        "content-type",
        "cookie: ",
        "x-forwarded",
        "set-cookie",
    ];
    // The example in the template of a new workflow, and names that the log hides, are not spoken.
    // The kit for tests has clients and requests of its own.
    const OTHERS: [&str; 3] =
        ["crates/nat-cli/src/commands/workflow/", "crates/nat-config/src/", "crates/nat-testing/src/"];
    for source in files("crates", ".rs") {
        let is_test = source.contains("/tests/") || source.ends_with("tests.rs") || source.contains("/testing");
        if is_test || source.starts_with("crates/nat-server/") || OTHERS.iter().any(|other| source.starts_with(other)) {
            continue;
        }
        let text = read(root().join(&source));
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let in_quotes: String = line.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("\n").to_lowercase();
            let spoken = TEXTS.iter().find(|text| in_quotes.contains(**text));
            assert_eq!(spoken, None, "{source}: {line}");
        }
    }
}

/// Idle time and deadlines are measured by clocks that only go forward.
#[test]
fn time_is_monotonic() {
    for source in files("crates/nat-core/src", ".rs") {
        let shown_only = source.ends_with("metrics.rs") || source.ends_with("moment.rs");
        assert!(shown_only || !read(root().join(&source)).contains("SystemTime"), "{source} reads the wall clock");
    }
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let architecture = read(root().join("docs/architecture.md"));
    let invariants = architecture.split("\n## ").find(|part| part.starts_with("Invariants")).unwrap();
    let numbered = invariants.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).count();
    assert_eq!(numbered, 12);
    let sources: String =
        files("crates", ".rs").iter().chain(&files("tests", ".rs")).map(|path| read(root().join(path))).collect();
    let names: BTreeSet<&str> = architecture.split('`').skip(1).step_by(2).filter(|name| is_test_name(name)).collect();
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let defined = sources.contains(&format!("fn {name}("));
        assert!(defined, "docs/architecture.md names the test `{name}`, which does not exist");
    }
}

/// Test names are sentences.
fn is_test_name(name: &str) -> bool {
    name.matches('_').count() >= 3 && name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in files(".", ".md") {
        let folder = root().join(&document).parent().unwrap().to_owned();
        for link in read(root().join(&document)).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(folder.join(target).exists(), "{document} links to {link}, which is not there");
        }
    }
}

/// Each dependency of the workspace has its reason above it.
#[test]
fn every_dependency_has_a_reason() {
    let manifest = read(root().join("Cargo.toml"));
    let section = manifest.split("\n[").find(|section| section.starts_with("workspace.dependencies]")).unwrap();
    let mut before = "";
    for line in section.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let ours = line.contains("path = ");
        let dependency = line.starts_with(|first: char| first.is_ascii_lowercase());
        assert!(!dependency || ours || before.starts_with('#'), "no reason above: {line}");
        before = line;
    }
}

/// `rust-version` promises a compiler, and only the pinned one is tested.
#[test]
fn the_oldest_compiler_is_the_pinned_one() {
    let value = |file: &str, key: &str| {
        let text = read(root().join(file));
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{file} has no {key}")).to_owned()
    };
    let oldest = value("Cargo.toml", "rust-version");
    let pinned = value("rust-toolchain.toml", "channel");
    assert!(pinned == oldest || pinned.starts_with(&format!("{oldest}.")), "{pinned} is pinned, {oldest} promised");
    for page in ["README.md", "CONTRIBUTING.md"] {
        assert!(read(root().join(page)).contains(&format!("Rust {oldest}")), "{page} does not say Rust {oldest}");
    }
    assert_eq!(value("docs/guide/writing-functions.md", "rust-version"), oldest);
}
