//! The top-level keys that a configuration may have.

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

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    [GENERAL, FUNCTIONS, FUNCTION_GROUPS, WORKFLOW, MIDDLEWARE, BASE].into_iter().chain(UNUSED)
}
