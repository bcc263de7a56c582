//! What a running file gives can be named, and so can what its settings hold.
#![allow(dead_code)]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use nat::TimeSpan;
use nat::runtime::{
    CompiledSchema, ComponentKind, InstanceTotals, Interface, Registered, Registry, Runtime, UserPage, UserReport,
};
use schemars::JsonSchema;
use serde::Deserialize;

fn totals(runtime: &Runtime) -> InstanceTotals {
    runtime.totals()
}

fn page(runtime: &Runtime) -> UserPage {
    runtime.users_page(0, NonZeroUsize::MIN)
}

fn users(runtime: &Runtime) -> Vec<UserReport> {
    runtime.users(None)
}

fn found(registry: &Registry) -> Option<&Arc<Registered>> {
    registry.find(ComponentKind::FUNCTION, "echo")
}

fn schema(interface: &Interface) -> &CompiledSchema {
    interface.input_schema()
}

#[derive(Deserialize, JsonSchema)]
struct Config {
    pause: TimeSpan,
}

fn pause(config: &Config) -> Duration {
    config.pause.get()
}

fn main() {}
