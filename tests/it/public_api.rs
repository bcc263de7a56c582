//! The public items of `nat`, compared with a list: a change of what users can name is seen in review.
//!
//! The list is made from the sources: the re-exports of the facade are followed into the crates that define the items, and
//! types are listed with their public fields, variants and methods. Signatures are not part of it. `UPDATE_EXPECT=1`
//! renews the list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use syn::{Attribute, Fields, ImplItem, Item, TraitItem, Type, UseTree, Visibility};

/// Crates of ours by the names under which they are used.
fn folder_of(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the workspace");
    let folder = root.join("crates").join(name.replace('_', "-")).join("src");
    folder.join("lib.rs").is_file().then_some(folder)
}

fn parsed(path: &Path) -> syn::File {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the public definitions of one crate are, by their names.
#[derive(Default)]
struct Definitions {
    kinds: BTreeMap<String, BTreeSet<&'static str>>,
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Definitions {
    fn of(folder: &Path) -> Self {
        let mut found = Self::default();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("it is there") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "rs") {
                    found.add(&parsed(&path).items);
                }
            }
        }
        found
    }

    fn add(&mut self, items: &[Item]) {
        for item in items.iter().filter(|item| !is_for_tests(attributes(item))) {
            if let Some((name, kind)) = definition(item) {
                self.kinds.entry(name.clone()).or_default().insert(kind);
                self.members.entry(name).or_default().extend(members(item));
            }
            match item {
                Item::Mod(module) => {
                    self.add(module.content.as_ref().map_or(&[][..], |(_, items)| items));
                }
                Item::Impl(block) if block.trait_.is_none() => {
                    let Type::Path(path) = &*block.self_ty else { continue };
                    let Some(name) = path.path.segments.last().map(|last| last.ident.to_string()) else { continue };
                    let members = block.items.iter().filter_map(|item| match item {
                        ImplItem::Fn(function) if is_public(&function.vis) && !is_hidden(&function.attrs) => {
                            Some(format!("fn {}", function.sig.ident))
                        }
                        ImplItem::Const(constant) if is_public(&constant.vis) => {
                            Some(format!("const {}", constant.ident))
                        }
                        _ => None,
                    });
                    self.members.entry(name).or_default().extend(members);
                }
                _ => {}
            }
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn has(attributes: &[Attribute], name: &str, word: &str) -> bool {
    let is_it = |attribute: &&Attribute| {
        attribute.path().is_ident(name)
            && (word.is_empty()
                || attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string().contains(word)))
    };
    attributes.iter().any(|attribute| is_it(&attribute))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    has(attributes, "doc", "hidden")
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name and the kind of a public definition.
fn definition(item: &Item) -> Option<(String, &'static str)> {
    let (visibility, name, kind) = match item {
        Item::Const(item) => (&item.vis, &item.ident, "const"),
        Item::Enum(item) => (&item.vis, &item.ident, "enum"),
        Item::Fn(item) => {
            let is_attribute = has(&item.attrs, "proc_macro_attribute", "");
            let is_macro = has(&item.attrs, "proc_macro", "");
            let kind = if is_attribute {
                "attribute"
            } else if is_macro {
                "macro"
            } else {
                "fn"
            };
            (&item.vis, &item.sig.ident, kind)
        }
        Item::Macro(item) if has(&item.attrs, "macro_export", "") => {
            return Some((item.ident.as_ref()?.to_string(), "macro"));
        }
        Item::Static(item) => (&item.vis, &item.ident, "static"),
        Item::Struct(item) => (&item.vis, &item.ident, "struct"),
        Item::Trait(item) => (&item.vis, &item.ident, "trait"),
        Item::Type(item) => (&item.vis, &item.ident, "type"),
        _ => return None,
    };
    (is_public(visibility) && !is_hidden(attributes(item))).then(|| (name.to_string(), kind))
}

/// Public fields, variants, and the items of a trait.
fn members(item: &Item) -> Vec<String> {
    match item {
        Item::Struct(item) => match &item.fields {
            Fields::Named(fields) => {
                let public = fields.named.iter().filter(|field| is_public(&field.vis));
                public.filter_map(|field| Some(format!("field {}", field.ident.as_ref()?))).collect()
            }
            Fields::Unnamed(fields) => {
                let public = fields.unnamed.iter().enumerate().filter(|(_, field)| is_public(&field.vis));
                public.map(|(index, _)| format!("field {index}")).collect()
            }
            Fields::Unit => Vec::new(),
        },
        Item::Enum(item) => item.variants.iter().map(|variant| format!("variant {}", variant.ident)).collect(),
        Item::Trait(item) => {
            let name = |item: &TraitItem| match item {
                TraitItem::Fn(function) if !is_hidden(&function.attrs) => Some(format!("fn {}", function.sig.ident)),
                TraitItem::Const(constant) => Some(format!("const {}", constant.ident)),
                TraitItem::Type(associated) => Some(format!("type {}", associated.ident)),
                _ => None,
            };
            item.items.iter().filter_map(name).collect()
        }
        _ => Vec::new(),
    }
}

/// The list, line by line.
#[derive(Default)]
struct Listing {
    crates: BTreeMap<PathBuf, Definitions>,
    lines: BTreeSet<String>,
}

impl Listing {
    /// All public items of a module, whose submodules are in `folder`.
    fn module(&mut self, prefix: &str, source: &Path, folder: &Path, krate: &Path) {
        for item in &parsed(source).items {
            if is_hidden(attributes(item)) || is_for_tests(attributes(item)) {
                continue;
            }
            match item {
                Item::Mod(module) if is_public(&module.vis) => {
                    let name = module.ident.to_string();
                    assert!(module.content.is_none(), "{prefix}::{name}: a public module has a file of its own");
                    self.lines.insert(format!("{prefix}::{name} mod"));
                    self.file(&format!("{prefix}::{name}"), &name, folder, krate);
                }
                Item::Use(import) if is_public(&import.vis) => {
                    self.import(prefix, &[], &import.tree, folder, krate);
                }
                item => {
                    if let Some((name, _)) = definition(item) {
                        self.item(prefix, &name, &name, krate);
                    }
                }
            }
        }
    }

    fn file(&mut self, prefix: &str, name: &str, folder: &Path, krate: &Path) {
        let inside = folder.join(name);
        let beside = folder.join(format!("{name}.rs"));
        let source = if beside.is_file() { beside } else { inside.join("mod.rs") };
        self.module(prefix, &source, &inside, krate);
    }

    fn import(&mut self, prefix: &str, path: &[String], tree: &UseTree, folder: &Path, krate: &Path) {
        // The crate that a path leads to: another one of ours, or this one.
        let target = path.first().and_then(|first| folder_of(first));
        let defined_in = target.as_deref().unwrap_or(krate);
        match tree {
            UseTree::Path(tree) => {
                let path = [path, &[tree.ident.to_string()]].concat();
                self.import(prefix, &path, &tree.tree, folder, krate);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(prefix, path, tree, folder, krate));
            }
            UseTree::Glob(_) => match (&target, path) {
                (Some(target), [_]) => self.module(prefix, &target.join("lib.rs"), target, target),
                (None, [module]) => self.file(prefix, module, folder, krate),
                _ => panic!("{prefix}: a glob import of {path:?} is not followed"),
            },
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.name(prefix, path, &name, &name, defined_in);
            }
            UseTree::Rename(rename) => {
                self.name(prefix, path, &rename.ident.to_string(), &rename.rename.to_string(), defined_in);
            }
        }
    }

    fn name(&mut self, prefix: &str, path: &[String], name: &str, shown: &str, krate: &Path) {
        match folder_of(name).filter(|_| path.is_empty()) {
            Some(folder) => {
                self.lines.insert(format!("{prefix}::{shown} mod"));
                self.module(&format!("{prefix}::{shown}"), &folder.join("lib.rs"), &folder, &folder);
            }
            None => self.item(prefix, name, shown, krate),
        }
    }

    fn item(&mut self, prefix: &str, name: &str, shown: &str, krate: &Path) {
        let definitions = self.crates.entry(krate.to_owned()).or_insert_with(|| Definitions::of(krate));
        let kinds = definitions.kinds.get(name);
        let kind = kinds.map_or("re-export".to_owned(), |kinds| kinds.iter().copied().collect::<Vec<_>>().join(", "));
        self.lines.insert(format!("{prefix}::{shown} {kind}"));
        // Of what is defined elsewhere, this crate has no members.
        for member in kinds.and(definitions.members.get(name)).into_iter().flatten() {
            let (kind, member) = member.split_once(' ').unwrap_or_default();
            self.lines.insert(format!("{prefix}::{shown}::{member} {kind}"));
        }
    }
}

#[test]
fn the_public_items_of_nat_are_those_of_the_list() {
    let folder = folder_of("nat").expect("the facade is there");
    let mut listing = Listing::default();
    listing.module("nat", &folder.join("lib.rs"), &folder, &folder);
    let text: String = listing.lines.iter().map(|line| format!("{line}\n")).collect();
    assert!(text.contains("nat::Context::user_id fn\n") || text.contains("nat::Context struct\n"), "{text}");
    expect_file!["snapshots/public_api.txt"].assert_eq(&text);
}
