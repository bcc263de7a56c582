//! What a request pays for steps that nobody is told of: nothing. The allocator counts, so that no
//! clock decides.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nat_core::__private::{
    BuildFn, Component, ConfigType, FunctionTypes, Heading, NoSettings, Registration, Settings, Site, StreamingTypes,
};
use nat_core::{
    Builder, CancellationToken, Config, Context, EntryName, Event, Function, FunctionHandle, Registry, Result, Runtime,
    Scope, Session, Stream, StreamingFunction, Workflow, stream,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait; this one only counts and passes on")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const CALLS: u32 = 500;

/// Adds one, within a span.
struct Step;

impl Function for Step {
    type Input = u32;
    type Output = u32;

    async fn call(&self, ctx: &Context, number: u32) -> Result<u32> {
        let span = ctx.span("add", &number);
        span.finish("done");
        Ok(number + 1)
    }
}

/// Calls that many times, as one output and as a stream.
struct Climb(FunctionHandle<u32, u32>);

impl Function for Climb {
    type Input = u32;
    type Output = u32;

    async fn call(&self, ctx: &Context, calls: u32) -> Result<u32> {
        let mut height = 0;
        for _ in 0..calls {
            height = self.0.call(ctx, height).await?;
        }
        Ok(height)
    }
}

impl StreamingFunction for Climb {
    type Input = u32;
    type Chunk = u32;

    fn stream(&self, _ctx: &Context, calls: u32) -> impl Stream<Item = Result<u32>> + Send {
        stream! {
            for height in 0..calls {
                yield height;
            }
        }
    }
}

const fn heading(type_name: &'static str) -> Heading {
    let site = Site { package: "nat-core", version: "0", file: "untold.rs", line: 1 };
    Heading { type_name, description: "", scope: Scope::Shared, site }
}

const BUILD_STEP: BuildFn =
    |_settings: Settings, builder: &Builder| Box::pin(async move { Ok(Component::function(builder, Step)) });
const BUILD_CLIMB: BuildFn = |_settings: Settings, builder: &Builder| {
    Box::pin(async move {
        let climb = Climb(builder.get_function("step").await?);
        Ok(Component::single_and_streaming_function(builder, climb))
    })
};
static STEP: Registration = Registration::function(
    heading("step"),
    "value",
    ConfigType::of::<NoSettings>(),
    FunctionTypes::of::<Step>(),
    BUILD_STEP,
);
static CLIMB: Registration = Registration::function(
    heading("climb"),
    "value",
    ConfigType::of::<NoSettings>(),
    FunctionTypes::of::<Climb>().and_streams(StreamingTypes::of::<Climb>()),
    BUILD_CLIMB,
);

async fn workflow() -> Workflow {
    let registry = Registry::new([&STEP, &CLIMB]).expect("they have names of their own");
    let file = "{functions: {step: {_type: step}}, workflow: {_type: climb}}";
    let config = Config::parse(file, None, &registry).expect("the file is right");
    let runtime = Runtime::start(&config, &registry, CancellationToken::new()).await.expect("it starts");
    runtime.workflow(&EntryName::Workflow).expect("the file has one")
}

async fn session(workflow: &Workflow) -> Session {
    workflow.open(None).await.expect("there is room")
}

async fn counted(work: impl Future<Output = ()>) -> u64 {
    let before = ALLOCATIONS.get();
    work.await;
    ALLOCATIONS.get() - before
}

async fn called(workflow: &Workflow, calls: u32) -> u64 {
    let input = workflow.decode(format!("{{\"value\":{calls}}}").as_bytes()).expect("a number");
    let mut session = session(workflow).await;
    counted(async {
        session.call(None, input).await.expect("it counts");
    })
    .await
}

async fn streamed(workflow: &Workflow, chunks: u32) -> u64 {
    let input = workflow.decode(format!("{{\"value\":{chunks}}}").as_bytes()).expect("a number");
    let mut stream = session(workflow).await.stream(None, input);
    counted(async { while stream.next().await.is_some() {} }).await
}

async fn told(workflow: &Workflow, calls: u32) -> u64 {
    let input = workflow.decode(format!("{{\"value\":{calls}}}").as_bytes()).expect("a number");
    let mut events = session(workflow).await.call_with_steps(None, input);
    counted(async {
        while let Some(event) = events.next().await {
            assert!(matches!(event, Ok(Event::Step(_) | Event::Output(_))));
        }
    })
    .await
}

#[tokio::test]
async fn an_untold_step_allocates_nothing() {
    let workflow = workflow().await;
    let (none, some) = (called(&workflow, 0).await, called(&workflow, CALLS).await);
    // The input, the call's future and the output: each a box, because the caller knows no types.
    assert_eq!(some - none, 3 * u64::from(CALLS));
    let (none, some) = (streamed(&workflow, 0).await, streamed(&workflow, CALLS).await);
    // A stream that goes on after its first poll is known to its cell from there on.
    assert_eq!(some - none, u64::from(CALLS) + 1, "each chunk is a box, and the stream has a place of its own");
    let (none, some) = (told(&workflow, 0).await, told(&workflow, CALLS).await);
    assert!(some - none > 10 * u64::from(CALLS), "told ones do: {}", some - none);
}
