//! Trouble on purpose: for some users, known by their names (`build-slow`, `build-hangs`, `close-hangs`), and for
//! the start of a server.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use nat::{Builder, CloseReason, Context, Function, UserId, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::Deserialize;

/// Is slow, or hangs, for users of certain names.
#[register_per_user_function(input_type = String, single_output_type = String)]
async fn conf_per_user_troubled(_settings: (), builder: &Builder) -> nat::Result<Troubled> {
    let user = builder.user_id();
    let is = |name: &str| user.is_some_and(|user| [UserId::derived(name), UserId::named(name)].contains(user));
    if is("build-slow") {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    if is("build-hangs") {
        std::future::pending::<()>().await;
    }
    Ok(Troubled { close_hangs: is("close-hangs") })
}

struct Troubled {
    close_hangs: bool,
}

impl Function for Troubled {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, input: String) -> nat::Result<String> {
        Ok(input)
    }

    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        if self.close_hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[derive(Deserialize, JsonSchema)]
struct SlowStartConfig {
    /// Where `open` and `close` are written
    journal: PathBuf,
    #[serde(default)]
    build_ms: u64,
}

/// Takes its time while the server starts.
#[register_function(input_type = String, single_output_type = String)]
async fn conf_slow_start(config: SlowStartConfig, _builder: &Builder) -> nat::Result<SlowStart> {
    tokio::time::sleep(Duration::from_millis(config.build_ms)).await;
    let started = SlowStart { journal: config.journal };
    started.record("open")?;
    Ok(started)
}

struct SlowStart {
    journal: PathBuf,
}

impl SlowStart {
    fn record(&self, event: &str) -> nat::Result<()> {
        let mut journal = OpenOptions::new().create(true).append(true).open(&self.journal)?;
        Ok(writeln!(journal, "{event}")?)
    }
}

impl Function for SlowStart {
    type Input = String;
    type Output = String;

    async fn call(&self, _ctx: &Context, input: String) -> nat::Result<String> {
        Ok(input)
    }

    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        self.record("close")
    }
}
