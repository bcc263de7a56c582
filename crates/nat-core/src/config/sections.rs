//! The top-level keys that a configuration may have.

use crate::kind::ComponentKind;

/// Sections that are read.
pub(super) const GENERAL: &str = "general";
pub(super) const FUNCTIONS: &str = "functions";
pub(super) const FUNCTION_GROUPS: &str = "function_groups";
pub(super) const WORKFLOW: &str = "workflow";
/// Guards around functions: an error when filled, because a guard that is silently dropped is no guard.
pub(super) const MIDDLEWARE: &str = "middleware";
/// Another file that this one builds on.
pub(super) const BASE: &str = "base";

/// Sections of the Python toolkit that mean nothing here yet.
pub(super) const UNUSED: [&str; 13] = [
    "llms",
    "embedders",
    "memory",
    "object_stores",
    "optimizer",
    "retrievers",
    "ttc_strategies",
    "authentication",
    "eval",
    "trainers",
    "trainer_adapters",
    "trajectory_builders",
    "finetuning",
];

/// All of them, with those of `kinds`.
pub(super) fn all(kinds: &[ComponentKind]) -> impl Iterator<Item = &'static str> {
    let own = [GENERAL, FUNCTIONS, FUNCTION_GROUPS, WORKFLOW, MIDDLEWARE, BASE];
    let of_kinds = kinds.iter().map(|kind| kind.section()).filter(move |section| !own.contains(section));
    let of_kinds: Vec<&'static str> = of_kinds.collect();
    let unused = UNUSED.into_iter().filter({
        let taken = of_kinds.clone();
        move |section| !taken.contains(section)
    });
    own.into_iter().chain(of_kinds).chain(unused)
}
