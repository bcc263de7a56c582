//! Code that harms its process: it blocks its thread, panics or aborts, as it is told to.

use std::hint::black_box;

use nat::{Builder, CloseReason, Context, Function, register_function, register_per_user_function};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Harm {
    /// What to do; anything else than the kinds below answers at once
    #[serde(default)]
    kind: String,
    /// The text of a panic
    #[serde(default)]
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct HarmfulConfig {
    /// The kind of harm that its close does
    #[serde(default)]
    close: String,
    /// The kind of harm that its build does
    #[serde(default)]
    build: String,
}

/// Does harm for all.
#[register_function(input_type = Harm, single_output_type = String)]
async fn conf_harmful(config: HarmfulConfig, _builder: &Builder) -> nat::Result<Harmful> {
    harm(&config.build, "while it is built");
    Ok(Harmful { close: config.close })
}

/// Does harm for one user.
#[register_per_user_function(input_type = Harm, single_output_type = String)]
async fn conf_per_user_harmful(config: HarmfulConfig, _builder: &Builder) -> nat::Result<Harmful> {
    harm(&config.build, "while it is built");
    Ok(Harmful { close: config.close })
}

struct Harmful {
    close: String,
}

impl Function for Harmful {
    type Input = Harm;
    type Output = String;

    async fn call(&self, _ctx: &Context, Harm { kind, text }: Harm) -> nat::Result<String> {
        harm(&kind, &text);
        Ok("no harm".to_owned())
    }

    async fn close(self, _reason: CloseReason) -> nat::Result<()> {
        harm(&self.close, "while it closes");
        Ok(())
    }
}

fn harm(kind: &str, text: &str) {
    match kind {
        "block" => block(),
        "panic" => panic!("{text}"),
        "panic in a thread" => drop(std::thread::spawn({
            let text = text.to_owned();
            move || panic!("{text}")
        })),
        "panic twice" => {
            let _second = PanicsWhenDropped;
            panic!("{text}");
        }
        "overflow" => drop(black_box(overflow(1))),
        "allocate" => std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u64; 1 << 20]>()),
        "abort" => std::process::abort(),
        _ => {}
    }
}

/// Holds its thread to the end of the process, and says when it has begun.
#[allow(clippy::print_stderr)]
fn block() {
    eprintln!("a thread is blocked");
    loop {
        std::thread::park();
    }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("once more");
    }
}

#[allow(unconditional_recursion)]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + frame[(depth % 64) as usize]
}
