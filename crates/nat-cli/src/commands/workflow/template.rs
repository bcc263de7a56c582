//! The files of a new workflow crate.

use std::path::Path;

use super::name::Name;

/// The line by which a crate that `create` made is known.
pub(super) const MARK: &str = "[package.metadata.nat-workflow]";

const FILES: [(&str, &str); 7] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.txt")),
    ("README.md", include_str!("template/README.md.txt")),
    (".gitignore", "/target\n"),
    ("configs/config.yml", include_str!("template/config.yml.txt")),
    ("src/main.rs", include_str!("template/main.rs.txt")),
    ("src/lib.rs", include_str!("template/lib.rs.txt")),
    ("tests/workflow.rs", include_str!("template/workflow.rs.txt")),
];

/// Paths in the crate's folder, with what to write there.
pub(super) fn files(name: &Name<'_>, description: &str, sources: &Path) -> Vec<(String, String)> {
    // Both end up inside of quotes and comments.
    let one_line = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let crates = sources.join("crates");
    let filled = |text: &str| {
        text.replace("{{name}}", name.typed)
            .replace("{{module}}", &name.module)
            .replace("{{crate}}", &name.typed.replace('-', "_"))
            .replace("{{type}}", &name.as_type())
            .replace("{{rust_version}}", env!("CARGO_PKG_RUST_VERSION"))
            .replace("{{crates}}", &toml_text(&crates.to_string_lossy()))
            .replace("{{description_toml}}", &toml_text(&one_line))
            .replace("{{description}}", &one_line)
    };
    let component = (format!("src/{}.rs", name.module), filled(include_str!("template/component.rs.txt")));
    let others = FILES.into_iter().map(|(path, text)| (path.to_owned(), filled(text)));
    others.chain([component]).collect()
}

/// The inside of a TOML basic string.
fn toml_text(text: &str) -> String {
    crate::console::plain(text).replace('\\', "\\\\").replace('"', "\\\"")
}
