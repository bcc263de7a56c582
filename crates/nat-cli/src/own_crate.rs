//! A file of one's own crate: where it names types that this program does not have, the crate that the
//! file lies in is built, and its binary takes this process over.
//!
//! Building runs code of that crate, so it must be the caller's own: its manifest is an ancestor of the
//! file as it was typed, belongs to the caller (or root), and depends on `nat` or `nat-cli`.

mod cargo;
mod manifest;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nat_core::ComponentKind;
use nat_core::Registry;
use serde_json::{Map, Value};

use crate::console;
use crate::failure::Failure;

pub(crate) use cargo::build;

/// Names the manifest in the process that was built from it, which must not build again.
const GUARD: &str = "NAT_OWN_CRATE";

/// Builds the crate that `file` lies in and becomes its binary, if that is what is missing. Returns if it
/// is not: then the file's own check says what is wrong.
///
/// # Errors
///
/// The crate does not build, or belongs to somebody else.
pub(crate) fn take_over(
    file: &Path,
    content: &Map<String, Value>,
    registry: &Registry,
    typed: &[OsString],
) -> Result<(), Failure> {
    if std::env::var_os(GUARD).is_some() {
        return Ok(());
    }
    let missing = missing_types(content, registry);
    let Some(first) = missing.first() else { return Ok(()) };
    let Some(manifest) = manifest::nearest(file) else { return Ok(()) };
    manifest::check_owner(&manifest)?;
    let Some(package) = cargo::describe(&manifest)? else { return Ok(()) };
    if is_linked(registry, &package.name) {
        return Ok(());
    }
    let named = match missing.len() - 1 {
        0 => format!("`{first}` is not a type"),
        more => format!("`{first}` and {more} more are not types"),
    };
    console::err(&format!(
        "{named} of this program: building {} (binary `{}`, release; --no-build refuses)\n",
        manifest.display(),
        package.binary
    ));
    let binary = cargo::build(&manifest, &package.binary)?;
    if std::env::current_exe().is_ok_and(|this| this == binary) {
        return Ok(());
    }
    console::drain();
    let error = Command::new(&binary).args(typed.iter().skip(1)).env(GUARD, &manifest).exec();
    Err(Failure::Message(format!("`{}` cannot be started: {error}", binary.display())))
}

/// The types that the file names and nobody registered, in the order of their names.
fn missing_types(content: &Map<String, Value>, registry: &Registry) -> Vec<String> {
    let kinds = registry.kinds();
    let kind_of = |section: &str| kinds.iter().find(|kind| kind.section() == section).copied();
    let listed = content.iter().filter(|(section, _)| *section != ComponentKind::WORKFLOW.section());
    let listed = listed.flat_map(|(section, components)| {
        let components = components.as_object().into_iter().flat_map(Map::values);
        components.filter_map(move |component| Some((kind_of(section)?, component)))
    });
    let workflow = content.get("workflow").map(|workflow| (ComponentKind::WORKFLOW, workflow));
    let named = listed.chain(workflow).filter_map(|(kind, component)| {
        let type_name = component.get("_type").or_else(|| component.get("type"))?.as_str()?;
        registry.find(kind, type_name).is_none().then(|| console::plain(type_name))
    });
    named.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A program that holds the crate's components has nothing to gain from building it.
fn is_linked(registry: &Registry, package: &str) -> bool {
    let mut types = registry.kinds().into_iter().flat_map(|kind| registry.types(kind));
    types.any(|registered| registered.registration().site().package == package)
}
