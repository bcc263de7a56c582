//! Archives: a kind of components with a section, a trait, two component types and functions that use them.

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use nat::{
    Builder, CloseReason, Context, Function, Tool, ToolRef, register_component, register_function,
    register_per_user_function, register_per_user_function_group,
};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Keeps texts.
pub trait Archive: Send + Sync + 'static {
    /// Adds one, and says how many there are.
    fn store(&self, text: String) -> usize;

    /// Called once, after everything that was built with the archive has been closed.
    fn closed(&self, reason: CloseReason) -> Pin<Box<dyn Future<Output = nat::Result<()>> + Send + '_>> {
        let _ = reason;
        Box::pin(ready(Ok(())))
    }
}

nat::component_kind! {
    /// The name of an archive under `archives:`.
    pub struct ArchiveRef for dyn Archive;
    section = "archives";
    noun = "archive";
    reference = "archive";
    close = closed;
}

/// Settings of the archives of this crate.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ArchiveConfig {
    /// The texts that it begins with.
    #[serde(default)]
    texts: Vec<String>,
    /// Another archive, in which everything is kept as well.
    copy_to: Option<ArchiveRef>,
    /// The line that is written to the journal when it is closed.
    #[serde(default)]
    farewell: String,
}

/// What was closed, in order: for tests.
pub static JOURNAL: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps texts in memory.
pub struct MemoryArchive {
    texts: Mutex<Vec<String>>,
    copy: Option<Arc<dyn Archive>>,
    farewell: String,
}

impl fmt::Debug for MemoryArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryArchive")
    }
}

impl Archive for MemoryArchive {
    fn store(&self, text: String) -> usize {
        if let Some(copy) = &self.copy {
            copy.store(text.clone());
        }
        let mut texts = self.texts.lock();
        texts.push(text);
        texts.len()
    }

    fn closed(&self, reason: CloseReason) -> Pin<Box<dyn Future<Output = nat::Result<()>> + Send + '_>> {
        JOURNAL.lock().push(format!("{} ({reason})", self.farewell));
        Box::pin(ready(Ok(())))
    }
}

async fn archive(config: ArchiveConfig, builder: &Builder) -> nat::Result<MemoryArchive> {
    let copy = match &config.copy_to {
        Some(other) => Some(builder.get_component(other).await?),
        None => None,
    };
    Ok(MemoryArchive { texts: Mutex::new(config.texts), copy, farewell: config.farewell })
}

/// Keeps texts for everybody.
#[register_component(kind = ArchiveRef)]
async fn common_archive(config: ArchiveConfig, builder: &Builder) -> nat::Result<MemoryArchive> {
    archive(config, builder).await
}

/// Keeps texts for each user.
#[register_component(kind = ArchiveRef, scope = per_user)]
async fn own_archive(config: ArchiveConfig, builder: &Builder) -> nat::Result<MemoryArchive> {
    archive(config, builder).await
}

/// Settings of a function that keeps what it hears.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct KeeperConfig {
    /// Where.
    archive: ArchiveRef,
}

struct Keeper(Arc<dyn Archive>);

impl Function for Keeper {
    type Input = String;
    type Output = usize;

    async fn call(&self, _ctx: &Context, text: String) -> nat::Result<usize> {
        Ok(self.0.store(text))
    }
}

/// Keeps texts in an archive, and says how many there are.
#[register_per_user_function(input_type = String, single_output_type = usize)]
async fn keeper(config: KeeperConfig, builder: &Builder) -> nat::Result<impl Function<Input = String, Output = usize>> {
    Ok(Keeper(builder.get_component(&config.archive).await?))
}

/// The same, shared.
#[register_function(name = "shared_keeper")]
async fn shared_keeper(
    config: KeeperConfig,
    builder: &Builder,
) -> nat::Result<impl Function<Input = String, Output = usize>> {
    Ok(Keeper(builder.get_component(&config.archive).await?))
}

struct Seeker;

impl Function for Seeker {
    type Input = String;
    type Output = usize;

    async fn call(&self, ctx: &Context, text: String) -> nat::Result<usize> {
        Ok(ctx.get_component(&ArchiveRef::new("notes"))?.store(text))
    }
}

/// Keeps texts in the archive called `notes`, which it looks up at each call.
#[register_per_user_function(input_type = String, single_output_type = usize)]
async fn seeker(_config: (), _builder: &Builder) -> nat::Result<Seeker> {
    Ok(Seeker)
}

/// Settings of a function that calls others by name, as an agent does.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CallerConfig {
    /// Functions and groups.
    tools: Vec<ToolRef>,
}

/// A call as a language model writes it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ToolCall {
    /// The name of the tool; without one the tools are listed.
    #[serde(default)]
    tool: String,
    /// Its arguments.
    #[serde(default)]
    arguments: Value,
}

struct Caller(Vec<Tool>);

impl Function for Caller {
    type Input = ToolCall;
    type Output = Value;

    async fn call(&self, ctx: &Context, call: ToolCall) -> nat::Result<Value> {
        if call.tool.is_empty() {
            let described = self.0.iter().map(|tool| {
                json!({ "name": tool.name(), "description": tool.description(), "parameters": tool.parameters() })
            });
            return Ok(described.collect());
        }
        let tool = self.0.iter().find(|tool| tool.name() == call.tool);
        let tool = tool.ok_or_else(|| nat::Error::value(format!("there is no tool `{}`", call.tool)))?;
        tool.call(ctx, call.arguments).await
    }
}

/// Calls tools by name.
#[register_per_user_function(input_type = ToolCall, single_output_type = Value)]
async fn caller(config: CallerConfig, builder: &Builder) -> nat::Result<Caller> {
    Ok(Caller(builder.get_tools(&config.tools).await?))
}

/// The same, shared.
#[register_function]
async fn shared_caller(config: CallerConfig, builder: &Builder) -> nat::Result<Caller> {
    Ok(Caller(builder.get_tools(&config.tools).await?))
}

struct Sums(Mutex<i64>);

/// Adds numbers up.
#[register_per_user_function_group]
async fn sums(_config: (), _builder: &Builder) -> nat::Result<Sums> {
    Ok(Sums(Mutex::new(0)))
}

#[nat::functions]
impl Sums {
    /// Adds a number, and says the sum.
    #[function]
    async fn add(&self, _ctx: &Context, number: i64) -> nat::Result<i64> {
        let mut sum = self.0.lock();
        *sum += number;
        Ok(*sum)
    }

    /// Begins anew.
    #[function]
    async fn clear(&self, _ctx: &Context, _input: ToolCall) -> nat::Result<i64> {
        Ok(std::mem::take(&mut *self.0.lock()))
    }
}
