//! Archives: a kind of components with a section, a trait, two component types and functions that use them.

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use nat::{Builder, CloseReason, Context, Function, register_component, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::Deserialize;

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
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.push(text);
        texts.len()
    }

    fn closed(&self, reason: CloseReason) -> Pin<Box<dyn Future<Output = nat::Result<()>> + Send + '_>> {
        JOURNAL.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{} ({reason})", self.farewell));
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
